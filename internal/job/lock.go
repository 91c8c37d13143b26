package job

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"scim-auditor/internal/durable"
)

// ErrLocked means that another run holds the lock.
var ErrLocked = errors.New("another run of auditor is using this database")

// Lock keeps a second run away from a database. It takes an advisory lock on the file beside
// it, which ends with the process in every case. The file itself stays and locks nothing; it
// names the last holder of the lock, for the error of the next run.
func Lock(database string, now time.Time) (unlock func() error, err error) {
	path := database + ".lock"
	lock := flock.New(path, flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("%w%s (lock file %s)", ErrLocked, holder(path), path)
	}
	// An error does not matter: the name is only a help, and some systems refuse writes to a locked
	// file. The next run may be another user's.
	_, _ = sign(path, now), durable.TakeOwner(path)
	return lock.Close, nil
}

// sign overwrites what the last holder wrote. To empty the file first takes some file systems
// as long as a sync.
func sign(path string, now time.Time) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	n, err := fmt.Fprintf(f, "process %d since %s\n", os.Getpid(), now.UTC().Format(time.RFC3339))
	return errors.Join(err, f.Truncate(int64(n)), f.Close())
}

// holder returns what the holder of the lock wrote about itself, or "".
func holder(path string) string {
	text, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || !strings.HasPrefix(line, "process ") {
		return ""
	}
	return ": " + line
}
