package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Publish gives a finished file the name path. It never replaces a file: if path exists, the error
// is fs.ErrExist.
func Publish(partial, path string) error {
	if err := os.Link(partial, path); errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	} else if err != nil {
		// The file system has no hard links.
		if err := os.Rename(partial, path); err != nil {
			return err
		}
	}
	_ = SyncFolder(filepath.Dir(path)) // some file systems cannot; the file is valid without it
	return nil
}
