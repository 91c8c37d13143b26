//go:build !windows

package report

import (
	"errors"
	"os"

	"github.com/google/renameio/v2"
)

// syncFolder makes the names in a folder last through a loss of power.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// link makes name a symbolic link to target, in the place of a link that is there.
func link(target, name string) error { return renameio.Symlink(target, name) }

// replaceFile writes a file that appears whole or not at all.
func replaceFile(name string, data []byte) error { return renameio.WriteFile(name, data, 0o600) }
