package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Publish gives a finished file the name path. It does not replace a file: if path exists, the error
// is fs.ErrExist. Only on a file system without hard links, a file that another program makes at the
// same moment may be replaced.
func Publish(partial, path string) error {
	if err := os.Link(partial, path); errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	} else if err != nil {
		// The file system has no hard links.
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return cmp.Or(err, fs.ErrExist)
		}
		if err := os.Rename(partial, path); err != nil {
			return err
		}
	}
	_ = SyncFolder(filepath.Dir(path)) // some file systems cannot; the file is valid without it
	return nil
}
