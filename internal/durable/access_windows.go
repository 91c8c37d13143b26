package durable

import (
	"io/fs"
	"os"
)

// Readable returns an error unless this user may read the file or folder.
func Readable(path string) error { return open(path, os.O_RDONLY) }

// Writable returns an error unless this user may write to the file, or the folder is read-only.
func Writable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if info.Mode().Perm()&0o200 == 0 {
			return &fs.PathError{Op: "access", Path: path, Err: fs.ErrPermission}
		}
		return nil
	}
	return open(path, os.O_RDWR)
}

// open opens and closes a file. On Windows this ends no lock of another handle.
func open(path string, flags int) error {
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Names returns 1: Windows does not say how many names a file has without opening it.
func Names(fs.FileInfo) int { return 1 }
