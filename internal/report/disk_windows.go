package report

import (
	"errors"
	"os"
)

// syncFolder does nothing: Windows cannot flush a folder, and NTFS journals its names.
func syncFolder(string) error { return nil }

// link fails: on Windows a symbolic link takes a right that a batch job does not have.
func link(string, string) error { return errors.ErrUnsupported }

// replaceFile writes a file beside its place and moves it there.
func replaceFile(name string, data []byte) error {
	temporary := name + ".tmp"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
