//go:build linux || darwin

package check

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// FreeSpace returns the number of bytes that this user may still write on the disk of path.
func FreeSpace(path string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, fmt.Errorf("asking for the space left at %s: %w", path, err)
	}
	return s.Bavail * uint64(max(s.Bsize, 0)), nil
}

// writable asks the system whether this user may write a file or into a folder, without doing it.
func writable(path string) error {
	if err := unix.Access(path, unix.W_OK); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}
