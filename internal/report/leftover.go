package report

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

// folderLock is locked by everybody who writes a report into the folder it is in: shared while one is written, and alone to remove what
// a process left there that was killed. It ends with the process, however that ends.
const folderLock = ".lock"

// beginWriting holds the lock of a folder of reports until done is called. It removes leftovers first if nobody else is writing.
func beginWriting(dir string) (done func() error, err error) {
	lock := flock.New(filepath.Join(dir, folderLock), flock.SetPermissions(0o600))
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
	// Any other error is of a file system without locks. There nobody is ever alone, so nothing is removed.
	return lock.Close, nil
}

// leftover is the name of a temporary folder of writeFolder, or of an earlier report that replaceFolder moved aside, with that of the report.
var leftover = regexp.MustCompile(`^\.(` + folderRunForm + `|` + folderPeriodForm + `)-[0-9]+(\.old)?$`)

// removeLeftovers removes what nobody will finish. An earlier report that was moved aside goes back where no new one has taken its place. What
// cannot be removed stays for the next time: the report does not depend on it.
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
		if _, err := os.Lstat(place); strings.HasSuffix(e.Name(), ".old") && errors.Is(err, fs.ErrNotExist) {
			_ = os.Rename(path, place)
			continue
		}
		_ = os.RemoveAll(path)
	}
}
