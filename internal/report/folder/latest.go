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
	"scim-auditor/internal/evidence"
)

// latestLink is the name of the link to the newest report: a symbolic link, or a text file with the
// folder's name if the file system has no links. While a folder has the reports of several
// databases, each also has a link of its own: latest-3f0c9b7d.
const (
	latestLink = "latest"
	textSuffix = ".txt"
)

// SetLatest makes the link in dir point to the report of a run of a database, or of a night over
// several databases if databaseID is empty. It keeps a link to the report of a newer run or night
// if that report still exists. older says that an older copy of the database is in use: then the
// ids of runs begin again, and their starts say which is newer.
func SetLatest(dir, name, databaseID string, older bool) (err error) {
	defer func() {
		if err != nil {
			const text = "the report %s is written, but the link to the latest report is not updated: %w"
			err = fmt.Errorf(text, filepath.Join(dir, name), err)
		}
	}()
	current, err := readLatest(dir, latestLink)
	if err != nil {
		return err
	}
	if databaseID == "" { // a report over several databases
		return setLink(dir, latestLink, name, older)
	}
	own := Suffixed(latestLink, databaseID)
	before, err := readLatest(dir, own)
	if err != nil {
		return err
	}
	if other := DatabaseOf(filepath.Join(dir, current)); current != "" && other != "" && other != databaseID {
		if err := setLink(dir, Suffixed(latestLink, other), current, older); err != nil {
			return err
		}
		before = name
	}
	if before != "" {
		if err := setLink(dir, own, name, older); err != nil {
			return err
		}
	}
	return setLink(dir, latestLink, name, older)
}

// recordedLater reports whether folder a in dir belongs to a later run than b: by the order of
// recording if both are from one database, because the clock may have been wrong, unless an older
// copy of the database is in use.
func recordedLater(dir, a, b string, older bool) bool {
	if a == "" {
		return false
	}
	if older {
		return newer(a, b)
	}
	database := DatabaseOf(filepath.Join(dir, a))
	if _, aRun := splitRun(a); aRun != 0 && database != "" && database == DatabaseOf(filepath.Join(dir, b)) {
		_, bRun := splitRun(b)
		return aRun > bRun
	}
	return newer(a, b)
}

// setLink makes a link point to the report with this name, unless it points to that of a newer run.
func setLink(dir, link, name string, older bool) error {
	current, err := readLatest(dir, link)
	if err != nil {
		return err
	}
	if recordedLater(dir, current, name, older) {
		if _, err := os.Stat(filepath.Join(dir, current)); err == nil {
			return nil
		}
	}
	text := filepath.Join(dir, link+textSuffix)
	if durable.Symlink(name, filepath.Join(dir, link)) != nil {
		return durable.WriteFile(text, []byte(name+"\n"), 0o600)
	}
	// An older text file would be wrong now.
	if err := os.Remove(text); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readLatest returns the name of the folder that a link points to, "" if there is none.
func readLatest(dir, link string) (string, error) {
	if target, err := os.Readlink(filepath.Join(dir, link)); err == nil {
		return filepath.Base(target), nil
	}
	text, err := evidence.ReadFile(filepath.Join(dir, link+textSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// newer reports whether folder a belongs to a later run than b, or to a later night over several
// databases. Names that are not those of a run's folder count as older than these.
func newer(a, b string) bool {
	aTime, aRun := splitRun(a)
	bTime, bRun := splitRun(b)
	if aTime == "" && bTime == "" {
		return a > b
	}
	return cmp.Or(strings.Compare(aTime, bTime), cmp.Compare(aRun, bRun)) > 0
}
