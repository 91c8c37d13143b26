package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Publish moves a finished file to path. It does not replace a file: if path exists, the error is
// fs.ErrExist. Only on a file system that cannot rename so and has no hard links, a file that
// another program makes at the same moment may be replaced.
func Publish(partial, path string) error {
	err := renameNew(partial, path)
	if errors.Is(err, errors.ErrUnsupported) {
		err = linkNew(partial, path)
	}
	if errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	}
	if err != nil {
		return err
	}
	_ = SyncFolder(filepath.Dir(path)) // some file systems cannot; the file is valid without it
	return nil
}

// linkNew moves a file through a second name. A process that is killed in between leaves both.
func linkNew(partial, path string) error {
	err := os.Link(partial, path)
	if err == nil {
		return os.Remove(partial)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no hard links.
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, fs.ErrExist)
	}
	return os.Rename(partial, path)
}
