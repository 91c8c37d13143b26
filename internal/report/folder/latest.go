package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"scim-auditor/internal/durable"
)

// The names under which the newest report is found: a symbolic link, or where there can be none a
// text file with the folder's name.
const (
	latestLink = "latest"
	latestText = "latest.txt"
)

// SetLatest makes the newest report of a run in dir be found under one name. It never moves back to
// an older run, unless the newer is gone.
func SetLatest(dir, name string) error {
	if err := setLatest(dir, name); err != nil {
		const text = "the report %s is written, but not named as the latest: %w"
		return fmt.Errorf(text, filepath.Join(dir, name), err)
	}
	return nil
}

func setLatest(dir, name string) error {
	current, err := readLatest(dir)
	if err != nil {
		return err
	}
	if newer(current, name) {
		if _, err := os.Stat(filepath.Join(dir, current)); err == nil {
			return nil
		}
	}
	text := filepath.Join(dir, latestText)
	if durable.Symlink(name, filepath.Join(dir, latestLink)) != nil {
		return durable.WriteFile(text, []byte(name+"\n"), 0o600)
	}
	// A text file is of an earlier time, when there could be no link.
	if err := os.Remove(text); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readLatest is the name of the folder that counts as the newest so far, empty when there is none.
func readLatest(dir string) (string, error) {
	if target, err := os.Readlink(filepath.Join(dir, latestLink)); err == nil {
		return filepath.Base(target), nil
	}
	text, err := os.ReadFile(filepath.Join(dir, latestText))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// newer reports whether the folder a is of a later run than b. Names that are not of a run's folder
// are older than all.
func newer(a, b string) bool {
	aTime, aRun := splitRun(a)
	bTime, bRun := splitRun(b)
	return cmp.Or(strings.Compare(aTime, bTime), cmp.Compare(aRun, bRun)) > 0
}
