//go:build !windows

// Package durable writes files so that, even after a power loss, a file has its complete new
// content or is as it was before.
package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/google/renameio/v2"
)

// WriteFile replaces a file atomically: if it fails, the file stays as it was. What root replaces
// keeps its owner, and a new file of root gets the owner of its folder, see TakeOwner.
func WriteFile(name string, data []byte, mode fs.FileMode) error {
	f, err := renameio.NewPendingFile(name, renameio.WithPermissions(mode), renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }() // does nothing after the file was replaced
	owner, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		owner, err = os.Stat(filepath.Dir(name))
	}
	if err != nil {
		return err
	}
	if uid, gid, ok := otherOwner(owner); ok {
		if err := f.Chown(uid, gid); err != nil {
			return err
		}
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// TakeOwner changes the owner of a file, or of a folder and what is in it, to the owner of the
// folder that it is in, if this process is root's and the folder is not. What root makes in the
// folder of a service must stay readable for the service. A file system that has its own rules for
// owners keeps them.
func TakeOwner(path string) error {
	info, err := os.Stat(filepath.Dir(filepath.Clean(path)))
	if err != nil {
		return err
	}
	uid, gid, ok := otherOwner(info)
	if !ok {
		return nil
	}
	var paths []string
	err = filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	// The folder changes last: until then only root can put something else into it.
	for _, path := range slices.Backward(paths) {
		err = cmp.Or(err, os.Lchown(path, uid, gid))
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// otherOwner returns the owner of a file if this process is root's and the file is not.
func otherOwner(info fs.FileInfo) (uid, gid int, ok bool) {
	system, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || system.Uid == 0 {
		return 0, 0, false
	}
	return int(system.Uid), int(system.Gid), true
}

// Symlink makes name a symbolic link to target. It replaces an existing link atomically.
func Symlink(target, name string) error {
	return cmp.Or(renameio.Symlink(target, name), TakeOwner(name))
}

// MkdirAll makes a folder and those above it that do not exist, each as TakeOwner says.
func MkdirAll(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	path = filepath.Clean(path) // without a separator at the end
	if above := filepath.Dir(path); above != path {
		if err := MkdirAll(above, mode); err != nil {
			return err
		}
	}
	return cmp.Or(os.MkdirAll(path, mode), TakeOwner(path))
}

// SyncFolder flushes the names in a folder to the disk.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
