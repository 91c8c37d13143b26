// Package durable writes files so that, even after a power loss, a file has its complete new
// content or is as it was before.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces a file atomically: if it fails, the file stays as it was.
func WriteFile(name string, data []byte, mode fs.FileMode) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+"-")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if err := errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close()); err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), name)
}

// Symlink fails: on Windows a symbolic link needs a privilege that a batch job does not have.
func Symlink(string, string) error { return errors.ErrUnsupported }

// SyncFolder does nothing: Windows cannot flush a folder, but NTFS journals file names.
func SyncFolder(string) error { return nil }

// TakeOwner does nothing: on Windows a new file inherits the rights of its folder.
func TakeOwner(string) error { return nil }

// MkdirAll makes a folder and those above it that do not exist.
func MkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }
