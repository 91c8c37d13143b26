package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/gofrs/flock"
)

// WriteNew creates a file of mode 0600 that appears complete or not at all. Write gets the path of
// an empty file in a folder of its own, where it may make others; the folder is removed at the end.
// WriteNew never replaces a file: if path exists, the error is fs.ErrExist. It first removes the
// folders that killed processes left of the same file.
func WriteNew(path string, write func(partial string) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, fs.ErrExist)
	}
	dir, name := filepath.Dir(path), filepath.Base(path)
	removePartial(dir, name)
	folder, err := os.MkdirTemp(dir, "."+name+"-") // mode 0700
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(folder, partialLock), flock.SetPermissions(0o600))
	defer func() { err = errors.Join(err, lock.Close(), os.RemoveAll(folder)) }()
	if _, err := lock.TryLock(); err != nil {
		_ = os.Remove(lock.Path()) // a file system without locks: no process may take the folder for a leftover
	}
	partial := filepath.Join(folder, name)
	if err := os.WriteFile(partial, nil, 0o600); err != nil {
		return err
	}
	if err := cmp.Or(write(partial), syncFile(partial), TakeOwner(folder)); err != nil { // also of the file
		return err
	}
	return Publish(partial, path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// partialLock is held in the folder of a file while it is written.
const partialLock = "lock"

// removePartial removes the folders of a file that no process will finish. It ignores errors: the
// next file tries again.
func removePartial(dir, name string) {
	leftover := regexp.MustCompile(`^\.` + regexp.QuoteMeta(name) + `-[0-9]+$`)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !leftover.MatchString(e.Name()) || !e.IsDir() {
			continue
		}
		folder := filepath.Join(dir, e.Name())
		if _, err := os.Lstat(filepath.Join(folder, partialLock)); err != nil {
			continue // it is being made
		}
		lock := flock.New(filepath.Join(folder, partialLock))
		if alone, err := lock.TryLock(); alone && err == nil {
			_ = errors.Join(lock.Close(), os.RemoveAll(folder))
		}
	}
}
