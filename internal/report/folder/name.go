package folder

import (
	"regexp"
	"strconv"
	"strings"
	"time"
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
