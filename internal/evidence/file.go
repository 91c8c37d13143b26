package evidence

import (
	"fmt"
	"io/fs"
	"os"
)

// ReadFile reads a regular file. It refuses a pipe or a device, which could block or never end.
func ReadFile(path string) ([]byte, error) {
	if err := Regular(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Regular returns an error if a file does not exist or is not a regular file.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return regular(path, info)
}

// ReadFileIn is like ReadFile for a file in a folder.
func ReadFileIn(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := regular(name, info); err != nil {
		return nil, err
	}
	return root.ReadFile(name)
}

func regular(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file (its mode is %s)", path, info.Mode())
	}
	return nil
}
