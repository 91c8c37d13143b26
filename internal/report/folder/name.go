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

// The parts of the names of report folders: the form of an instant, the text between a run's start
// and its id, and the end of a period's name.
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

// RunName returns the name of a run's report folder, such as 2026-11-23T020000Z-run-7. Names sort
// by the start of the run.
func RunName(startedAt time.Time, id int64) string {
	return startedAt.UTC().Format(instantForm) + runMark + strconv.FormatInt(id, 10)
}

// PeriodName returns the name of a period's report folder, such as 2026-10-01--2026-10-31-period.
func PeriodName(from, to time.Time) string { return Period(from, to) + periodSuffix }

// Period returns the days of a period for a name, or its instants if it has no whole days.
func Period(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	form := instantForm
	if startsDay(from) && startsDay(to.Add(time.Second)) {
		form = time.DateOnly
	}
	return from.Format(form) + "--" + to.Format(form)
}

func startsDay(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }

// Of reports whether a name is that of a report folder. run is the id of its run, 0 for a period.
func Of(name string) (run int64, isReport bool) {
	if !reportName.MatchString(name) {
		return 0, false
	}
	_, run = splitRun(name)
	return run, true
}

// splitRun returns the start and the id in the name of a run's folder, else zero values.
func splitRun(name string) (startedAt string, run int64) {
	startedAt, id, found := strings.Cut(name, runMark)
	run, err := strconv.ParseInt(id, 10, 64)
	if !found || err != nil {
		return "", 0
	}
	return startedAt, run
}

// The names of the link to the newest report: a symbolic link, or a text file with the folder's
// name if the file system has no links.
const (
	latestLink = "latest"
	latestText = "latest.txt"
)

// SetLatest makes the link in dir point to the report of a run. It keeps a link to the report of a
// newer run if that report still exists.
func SetLatest(dir, name string) (err error) {
	defer func() {
		if err != nil {
			const text = "the report %s is written, but the link to the latest report is not updated: %w"
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
	// An older text file would be wrong now.
	if err := os.Remove(text); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readLatest returns the name of the folder that the link points to, "" if there is none.
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

// newer reports whether folder a belongs to a later run than b. Names that are not those of a run's
// folder count as older.
func newer(a, b string) bool {
	aTime, aRun := splitRun(a)
	bTime, bRun := splitRun(b)
	return cmp.Or(strings.Compare(aTime, bTime), cmp.Compare(aRun, bRun)) > 0
}
