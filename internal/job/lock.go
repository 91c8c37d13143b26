package job

import (
	"errors"
	"fmt"

	"github.com/gofrs/flock"
)

// ErrLocked says that another run holds the lock.
var ErrLocked = errors.New("another run of auditor is using this database")

// Lock keeps a second run away from a database, through an advisory lock on the file beside it that ends with the process. The file itself
// stays and means nothing.
func Lock(database string) (unlock func() error, err error) {
	path := database + ".lock"
	lock := flock.New(path, flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("%w (lock file %s)", ErrLocked, path)
	}
	return lock.Close, nil
}
