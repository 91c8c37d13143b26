//go:build !windows

// Package durable puts files and names on the disk so that they are there whole or not at all, also after a loss of power.
package durable

import (
	"errors"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"
)

// WriteFile replaces a file with one of this content and mode; it appears whole or stays as it was.
func WriteFile(name string, data []byte, mode fs.FileMode) error {
	return renameio.WriteFile(name, data, mode)
}

// Symlink makes name a symbolic link to target, in the place of a link that is there.
func Symlink(target, name string) error { return renameio.Symlink(target, name) }

// SyncFolder makes the names in a folder last through a loss of power.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
