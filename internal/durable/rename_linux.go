package durable

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// renameNew renames a file unless the new name exists. It returns errors.ErrUnsupported where the
// system or the file system cannot: https://man7.org/linux/man-pages/man2/rename.2.html
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS) {
		return errors.ErrUnsupported
	}
	if err != nil {
		return fmt.Errorf("renaming %s to %s: %w", from, to, err)
	}
	return nil
}
