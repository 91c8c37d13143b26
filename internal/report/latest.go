package report

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"scim-auditor/internal/durable"
)

// The names under which the newest report is found: a symbolic link, or where there can be none a text file with the folder's name.
const (
	latestLink = "latest"
	latestText = "latest.txt"
)

// setLatest makes the newest report of dir be found under one name. It never moves back to an older run, unless the newer is gone.
func setLatest(dir, folder string) error {
	current, err := readLatest(dir)
	if err != nil {
		return err
	}
	if newer(current, folder) {
		if _, err := os.Stat(filepath.Join(dir, current)); err == nil {
			return nil
		}
	}
	if durable.Symlink(folder, filepath.Join(dir, latestLink)) == nil {
		return removeIfThere(filepath.Join(dir, latestText)) // of an earlier time when there could be no link
	}
	return durable.WriteFile(filepath.Join(dir, latestText), []byte(folder+"\n"), 0o600)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
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

// newer says whether the folder a is of a later run than b. Names that are no report folder's are older than all.
func newer(a, b string) bool {
	aTime, aRun := splitFolder(a)
	bTime, bRun := splitFolder(b)
	return cmp.Or(strings.Compare(aTime, bTime), cmp.Compare(aRun, bRun)) > 0
}

func splitFolder(name string) (started string, run int64) {
	started, id, found := strings.Cut(name, folderRun)
	run, err := strconv.ParseInt(id, 10, 64)
	if !found || err != nil {
		return "", 0
	}
	return started, run
}
