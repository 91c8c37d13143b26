package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/durable"
)

// What stands in the names of report folders: the form of an instant, what is between a run's start
// and its id, and what ends the name of a period's folder.
const (
	instantForm  = "2006-01-02T150405Z"
	runMark      = "-run-"
	periodSuffix = "-period"
)

// The names of report folders as regular expressions.
const (
	instantPattern = `[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{6}Z)?`
	runPattern     = instantPattern + runMark + `[0-9]+`
	periodPattern  = instantPattern + `--` + instantPattern + periodSuffix
	anyPattern     = `(` + runPattern + `|` + periodPattern + `)`
)

var reportName = regexp.MustCompile(`^` + anyPattern + `$`)

// RunName is the name of a run's report folder, such as 2026-11-23T020000Z-run-7. Names sort as the
// runs do.
func RunName(startedAt time.Time, id int64) string {
	return startedAt.UTC().Format(instantForm) + runMark + strconv.FormatInt(id, 10)
}

// PeriodName is the name of a period's report folder, such as 2026-10-01--2026-10-31-period.
func PeriodName(from, to time.Time) string { return Period(from, to) + periodSuffix }

// Period is a period as names have it: by its days, or by its instants where it does not begin and
// end with a day.
func Period(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	form := instantForm
	if startsDay(from) && startsDay(to.Add(time.Second)) {
		form = time.DateOnly
	}
	return from.Format(form) + "--" + to.Format(form)
}

func startsDay(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }

// Of reports whether a name is that of a report folder, and of which run; 0 for that of a period.
func Of(name string) (run int64, isReport bool) {
	if !reportName.MatchString(name) {
		return 0, false
	}
	_, run = splitRun(name)
	return run, true
}

// splitRun returns the parts of the name of a run's folder, and nothing for any other name.
func splitRun(name string) (startedAt string, run int64) {
	startedAt, id, found := strings.Cut(name, runMark)
	run, err := strconv.ParseInt(id, 10, 64)
	if !found || err != nil {
		return "", 0
	}
	return startedAt, run
}

// The names under which the newest report is found: a symbolic link, or where there can be none a
// text file with the folder's name.
const (
	latestLink = "latest"
	latestText = "latest.txt"
)

// SetLatest makes the newest report of a run in dir be found under one name. It never moves back to
// an older run, unless the newer is gone.
func SetLatest(dir, name string) (err error) {
	defer func() {
		if err != nil {
			const text = "the report %s is written, but not named as the latest: %w"
			err = fmt.Errorf(text, filepath.Join(dir, name), err)
		}
	}()
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
