//go:build !windows

// Package durable writes files so that, even after a power loss, a file has its complete new
// content or is as it was before.
package durable

import (
	"errors"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
)

// WriteFile replaces a file atomically: if it fails, the file stays as it was.
func WriteFile(name string, data []byte, mode fs.FileMode) error {
	return renameio.WriteFile(name, data, mode)
}

// Symlink makes name a symbolic link to target. It replaces an existing link atomically.
func Symlink(target, name string) error { return renameio.Symlink(target, name) }

// SyncFolder flushes the names in a folder to the disk.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
