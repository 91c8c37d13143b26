package folder

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
)

// Retention selects the folders of runs that Choose returns. If both rules are set, both must
// select a folder.
type Retention struct {
	// KeepLast keeps the folders of this many of the newest runs. 0 turns the rule off.
	KeepLast int
	// Before selects the folders of runs that started before this instant. The zero time turns the
	// rule off.
	Before time.Time
	// DatabaseID is the id of the database to which the folders must belong, Runs has the start of
	// each of its runs. It does not have the run of a folder if an older copy of it was put back.
	DatabaseID string
	Runs       map[int64]time.Time
	// Needed returns why the folder of a run must stay, "" if it may go, and the night for which
	// the run counts, the zero time if there is none. It can be earlier than the start of the run.
	Needed func(run int64) (night time.Time, reason string)
}

// RunFolder is the report folder of a run.
type RunFolder struct {
	Name       string
	Run        int64
	SumsSHA256 string // SHA-256, in hex, of its SHA256SUMS
}

// Kept is a folder that a rule selects and that must stay.
type Kept struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Choose returns the folders of runs in dir that the rules select, oldest first. It keeps the
// newest folder, to which latest points, the folders of runs that are in the period of a report
// that is still there or count for a night in it, and whatever is not exactly what auditor wrote: a
// link, a folder with other or altered files, a folder of another database.
func Choose(dir string, r Retention) (chosen []RunFolder, kept []Kept, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the folder of the reports: %w", err)
	}
	latest, err := readLatest(dir, latestLink)
	own, ownErr := readLatest(dir, Suffixed(latestLink, r.DatabaseID))
	if err := cmp.Or(err, ownErr); err != nil {
		return nil, nil, fmt.Errorf("reading which report is the latest: %w", err)
	}
	var runs, periods []string
	for _, e := range entries {
		run, isReport := Of(e.Name())
		switch {
		case isReport && run == 0:
			periods = append(periods, e.Name())
		case isReport:
			runs = append(runs, e.Name())
		}
	}
	for _, name := range r.oldest(dir, runs) {
		start, run := splitRun(name)
		at, err := time.Parse(instantForm, start)
		if err != nil || !r.Before.IsZero() && !at.Before(r.Before) {
			continue // an instant that does not exist is in no name that auditor wrote
		}
		f, night, reason := r.check(dir, name, run, at)
		if name == latest || name == own {
			reason = "it is the latest report"
		}
		if i := slices.IndexFunc(periods, func(period string) bool {
			return inPeriod(period, at) || !night.IsZero() && inPeriod(period, night)
		}); i >= 0 {
			reason = "the report " + periods[i] + " names its run"
		}
		if reason != "" {
			kept = append(kept, Kept{name, reason})
			continue
		}
		chosen = append(chosen, f)
	}
	return chosen, kept, nil
}

// oldest returns the folders that the rule KeepLast selects, oldest first: by the order of
// recording, because the clock may have been wrong. Then follow those of other databases, and of runs
// that the database does not have, that are not newer than the oldest folder to keep; they do not
// count.
func (r Retention) oldest(dir string, runs []string) []string {
	byTime := func(a, b string) int {
		if newer(b, a) {
			return -1
		}
		return cmp.Compare(a, b)
	}
	var own, others []string
	for _, name := range runs {
		start, run := splitRun(name)
		lost := r.Runs[run].UTC().Format(instantForm) != start
		if lost || ofAnother(filepath.Join(dir, name), r.DatabaseID) {
			others = append(others, name)
		} else {
			own = append(own, name)
		}
	}
	slices.SortFunc(own, func(a, b string) int {
		_, aRun := splitRun(a)
		_, bRun := splitRun(b)
		return cmp.Or(cmp.Compare(aRun, bRun), byTime(a, b))
	})
	slices.SortFunc(others, byTime)
	end := max(len(own)-r.KeepLast, 0)
	if r.KeepLast > 0 && len(own) > 0 {
		others = slices.DeleteFunc(others, func(name string) bool { return newer(name, own[end]) })
	}
	return slices.Concat(own[:end], others)
}

// check returns the folder of a run and the night for which it counts, or the reason why it must
// stay.
func (r Retention) check(dir, name string, run int64, at time.Time) (
	f RunFolder, night time.Time, reason string) {
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return f, night, "it is not a folder"
	}
	_, problems, err := evidence.CheckFolder(path)
	if err != nil {
		problems = append(problems, err.Error())
	}
	if len(problems) > 0 {
		return f, night, "it is not as auditor wrote it: " + problems[0]
	}
	var m struct {
		DatabaseID string    `json:"database_id"`
		RunID      int64     `json:"run_id"`
		StartedAt  time.Time `json:"started_at"`
	}
	content, err := evidence.ReadFile(filepath.Join(path, ManifestFile))
	if err == nil {
		err = json.Unmarshal(content, &m)
	}
	switch {
	case err != nil:
		return f, night, fmt.Sprintf("reading %s: %v", ManifestFile, err)
	case m.DatabaseID != r.DatabaseID:
		return f, night, "it belongs to another database"
	case m.RunID != run || !m.StartedAt.Equal(at):
		return f, night, ManifestFile + " is of " + RunName(m.StartedAt, m.RunID)
	case !r.Runs[run].Equal(at):
		return f, night, "the database does not have its run"
	}
	sums, err := evidence.ReadFile(filepath.Join(path, evidence.SumsFile))
	if err != nil {
		return f, night, err.Error()
	}
	hash := sha256.Sum256(sums)
	night, reason = r.Needed(run)
	return RunFolder{name, run, hex.EncodeToString(hash[:])}, night, reason
}

// inPeriod reports whether an instant is in the period that the name of a folder states.
func inPeriod(name string, at time.Time) bool {
	name, _, _ = strings.Cut(name, periodSuffix) // the id of a database may follow
	from, to, _ := strings.Cut(strings.TrimSuffix(name, fleetSuffix), "--")
	// Dates and instants sort as texts. The last day ends after all of its instants.
	if len(to) == len(time.DateOnly) {
		to += "Z"
	}
	text := at.UTC().Format(instantForm)
	return from <= text && text <= to
}

// Remove removes the folders of runs in dir. It first hides each under the name of a temporary
// folder, which the next report removes if Remove is interrupted. It refuses to work while another
// process writes a report.
func Remove(dir string, folders []RunFolder) (err error) {
	lock, err := lockOf(dir)
	if err != nil {
		return err
	}
	// An error means a file system without locks, as in lockShared.
	if alone, err := lock.TryLock(); err == nil && !alone {
		return fmt.Errorf("another process writes a report into %s", dir)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	for _, f := range folders {
		hidden := filepath.Join(dir, "."+f.Name+"-0")
		if err := os.Rename(filepath.Join(dir, f.Name), hidden); err != nil {
			return fmt.Errorf("removing the report %s: %w", f.Name, err)
		}
		if err := os.RemoveAll(hidden); err != nil {
			return fmt.Errorf("removing the report %s: %w", f.Name, err)
		}
	}
	return durable.SyncFolder(dir)
}
