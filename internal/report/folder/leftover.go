package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gofrs/flock"
)

// lockFile is locked by each process that writes a report into the folder it is in: shared while a
// report is written, exclusively to remove what a killed process left there. The lock ends with the
// process, however that ends.
const lockFile = ".lock"

// lockShared holds the lock of a folder of reports until done is called. It removes leftovers first
// if no other process is writing.
func lockShared(dir string) (done func() error, err error) {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	alone, err := lock.TryLock()
	if alone {
		removeLeftovers(dir)
		err = lock.Unlock()
	}
	if err == nil {
		err = lock.RLock() // waits no longer than for another to remove leftovers
	}
	if opening := (*fs.PathError)(nil); errors.As(err, &opening) {
		return nil, fmt.Errorf("opening the lock of the folder: %w", err)
	}
	// Any other error is of a file system without locks. There no process ever has the exclusive lock,
	// so nothing is removed.
	return lock.Close, nil
}

// asideSuffix ends the name of an earlier report that is moved aside until the new one is in place.
const asideSuffix = ".old"

// leftover is the name of a temporary folder, or of an earlier report moved aside.
var leftover = regexp.MustCompile(`^\.` + anyPattern + `-[0-9]+(\.old)?$`)

// removeLeftovers removes folders that no process will finish. An earlier report that was moved
// aside goes back where no new one has taken its place. What cannot be removed stays for the next
// time: the report does not depend on it.
func removeLeftovers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		parts := leftover.FindStringSubmatch(e.Name())
		if parts == nil || !e.IsDir() {
			continue
		}
		path, place := filepath.Join(dir, e.Name()), filepath.Join(dir, parts[1])
		_, err := os.Lstat(place)
		if strings.HasSuffix(e.Name(), asideSuffix) && errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(path, place)
			continue
		}
		_ = os.RemoveAll(path)
	}
}
