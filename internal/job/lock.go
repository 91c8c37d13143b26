package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// ErrLocked means that another run, or a command that took longer than lockPatience, holds the
// lock.
var ErrLocked = errors.New("another run of auditor is using this database")

// ErrLockLost means that the lock file was removed or replaced, so that another run may have begun.
var ErrLockLost = errors.New("the lock file was removed or replaced while the lock was held")

// lockPatience is how long Lock waits for a command that is not a run, and lockRetry how long it
// waits between two attempts.
const (
	lockPatience = time.Minute
	lockRetry    = 50 * time.Millisecond
)

// Held is the lock of a database, held.
type Held struct {
	lock *flock.Flock
	file fs.FileInfo
}

// Lock keeps a second run away from a database. It takes an advisory lock on the file beside the
// real path of the database (snapshot.Locate), which ends with the process in every case. The file
// itself stays and locks nothing; it names the last holder of the lock, for the error of the next
// run. Command is the name of a command that holds the lock briefly, such as prune, and empty for a
// run. Lock waits for such a command up to a minute, for a run not at all.
func Lock(ctx context.Context, database, command string, now time.Time) (*Held, error) {
	database, err := snapshot.Locate(database)
	if err != nil {
		return nil, err
	}
	path := database + ".lock"
	if err := evidence.Regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("locking the database: %w", err)
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	if err := wait(ctx, lock); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	h := &Held{lock: lock}
	// An error does not matter: the name is only a help, and some systems refuse writes to a locked
	// file. The next run may be another user's.
	_, _ = sign(path, command, now), durable.TakeOwner(path)
	if h.file, err = lock.Stat(); err == nil {
		err = h.Check()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the database: %w", err), lock.Close())
	}
	return h, nil
}

// CheckLock returns why a run could not lock the database, as far as its lock file shows without
// the lock. It creates nothing.
func CheckLock(database string) error {
	database, err := snapshot.Locate(database)
	if err != nil {
		return nil //nolint:nilerr // opening the database says it
	}
	if err := evidence.Regular(database + ".lock"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("locking the database: %w", err)
	}
	return nil
}

// wait takes the lock. It returns ErrLocked if a run holds it.
func wait(ctx context.Context, lock *flock.Flock) error {
	for waited := time.Duration(0); ; waited += lockRetry {
		locked, err := lock.TryLock()
		if locked {
			return nil
		}
		if err != nil {
			return fmt.Errorf("locking %s: %w", lock.Path(), err)
		}
		who, command := holder(lock.Path())
		// The first reading may be of the holder before: who takes the lock signs it afterwards.
		if waited > 0 && command == "" {
			return fmt.Errorf("%w%s (lock file %s)", ErrLocked, who, lock.Path())
		}
		if waited >= lockPatience {
			return lockedBy(fmt.Sprintf("auditor %s is using this database%s (lock file %s)", command, who, lock.Path()))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the lock %s: %w", lock.Path(), ctx.Err())
		case <-time.After(lockRetry):
		}
	}
}

// lockedBy is ErrLocked with another text.
type lockedBy string

func (l lockedBy) Error() string { return string(l) }

// Is reports whether target is ErrLocked.
func (l lockedBy) Is(target error) bool { return target == ErrLocked }

// Check returns ErrLockLost if the lock file is no longer the one that is locked.
func (h *Held) Check() error {
	if now, err := os.Stat(h.lock.Path()); err != nil || !os.SameFile(now, h.file) {
		return fmt.Errorf("%s: %w", h.lock.Path(), ErrLockLost)
	}
	return nil
}

// Close releases the lock.
func (h *Held) Close() error { return h.lock.Close() }

// commandMark precedes the command in the text of a holder that is not a run.
const commandMark = " for auditor "

// sign overwrites what the last holder wrote. To empty the file first takes some file systems
// as long as a sync.
func sign(path, command string, now time.Time) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if command != "" {
		command = commandMark + command
	}
	n, err := fmt.Fprintf(f, "process %d since %s%s\n", os.Getpid(), now.UTC().Format(time.RFC3339), command)
	return errors.Join(err, f.Truncate(int64(n)), f.Close())
}

// holder returns what the holder of the lock wrote about itself, or "", and its command, empty for
// a run.
func holder(path string) (who, command string) {
	text, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || !strings.HasPrefix(line, "process ") {
		return "", ""
	}
	line, command, _ = strings.Cut(line, commandMark)
	return ": " + line, command
}
