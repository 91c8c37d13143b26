//go:build !linux && !darwin

package check

import (
	"errors"
	"fmt"
	"os"
)

// FreeSpace is not known on this system.
func FreeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }

// writable goes by the file's mode: the system has no question that changes nothing.
func writable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o200 == 0 {
		return fmt.Errorf("%s is read-only", path)
	}
	return nil
}
