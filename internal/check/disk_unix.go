//go:build linux || darwin

package check

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"scim-auditor/internal/durable"
)

// FreeSpace returns the number of bytes that this user can still write to the disk of path.
func FreeSpace(path string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, fmt.Errorf("reading the free space at %s: %w", path, err)
	}
	return s.Bavail * uint64(max(s.Bsize, 0)), nil
}

// writable returns an error unless this user may write to the file or folder. It does not
// write.
func writable(path string) error {
	if err := durable.Writable(path); err != nil {
		return fmt.Errorf("%s is not writable: %w", path, errors.Unwrap(err))
	}
	return nil
}
