//go:build !linux && !darwin

package check

import (
	"errors"
	"fmt"
	"os"
)

// FreeSpace returns errors.ErrUnsupported on this system.
func FreeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }

// writable checks the file mode: this system has no call that checks access without writing.
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
