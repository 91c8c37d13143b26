package job

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked says that another run holds the lock.
var ErrLocked = errors.New("another run of auditor is using this database")

// Lock keeps a second run away from a database, through an advisory lock on the file beside it that
// ends with the process, however it ends. The file itself stays and keeps nobody out; it says who
// held the lock last, and since when, for the error that the next one gets.
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
	// Who holds the lock is a help and no more: where the system lets nobody write to a locked file,
	// it stays unknown.
	_ = sign(path, now)
	return lock.Close, nil
}

// sign writes over what the holder before has written: to make a file empty first takes some file
// systems as long as syncing it.
func sign(path string, now time.Time) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	n, err := fmt.Fprintf(f, "process %d since %s\n", os.Getpid(), now.UTC().Format(time.RFC3339))
	return errors.Join(err, f.Truncate(int64(n)), f.Close())
}

// holder is what the one that holds the lock wrote about itself.
func holder(path string) string {
	text, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || !strings.HasPrefix(line, "process ") {
		return ""
	}
	return ": " + line
}
