//go:build !windows

// Package durable writes files that exist whole or not at all, even after a loss of power.
package durable

import (
	"errors"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
)

// WriteFile replaces a file in one step: it has the new content and mode, or stays as it was.
func WriteFile(name string, data []byte, mode fs.FileMode) error {
	return renameio.WriteFile(name, data, mode)
}

// Symlink makes name a symbolic link to target and replaces an existing link in one step.
func Symlink(target, name string) error { return renameio.Symlink(target, name) }

// SyncFolder flushes the names in a folder to the disk.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
