// Package check tests whether a run would succeed, without changing anything.
package check

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Status is the outcome of a check.
type Status string

// The statuses. A run succeeds despite a Warning, but not despite an Error.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Error   Status = "error"
)

// Result is the result of one check.
type Result struct {
	// Name says what was checked, such as "token". Source is the organization's label in the
	// settings, or empty.
	Name   string `json:"check"`
	Source string `json:"source,omitempty"`
	Status Status `json:"status"`
	// Detail says what was found, Hint what to do about it. Hint is empty for OK.
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	// Err is the cause of an Error, or nil. If Hint is empty, the command derives the hint from
	// Err.
	Err error `json:"-"`
}

// Failed returns the result of a check that ended with an error. Hint may be empty.
func Failed(name string, err error, hint string) Result {
	return Result{Name: name, Status: Error, Detail: err.Error(), Err: err, Hint: hint}
}

func ok(name, format string, args ...any) Result {
	return Result{Name: name, Status: OK, Detail: fmt.Sprintf(format, args...)}
}

func warning(name, hint, format string, args ...any) Result {
	return Result{Name: name, Status: Warning, Detail: fmt.Sprintf(format, args...), Hint: hint}
}

const shownTimes = 3

// Schedule shows the next times of a schedule. S is nil if there is no schedule.
func Schedule(s *schedule.Schedule, now time.Time) Result {
	const name = "schedule"
	if s == nil {
		return ok(name, "not set; auditor cannot detect missed nights, and serve needs a schedule")
	}
	var times []string
	for at := s.Next(now); !at.IsZero() && len(times) < shownTimes; at = s.Next(at) {
		times = append(times, at.Format(ona.DisplayTime))
	}
	return ok(name, "%s; next at %s", s, strings.Join(times, ", "))
}

const day = 24 * time.Hour

// tokenWarning is how long before its expiry a token gets a warning.
const tokenWarning = 14 * day

// TokenExpiry says how long the token of a source is valid: by the API if the token is the only one
// of its user, otherwise by the settings, otherwise until the earliest of the user's tokens ends.
// Stated is the day in the settings, zero if they do not have it; own is the zero value if the API
// was not asked.
func TokenExpiry(source string, stated time.Time, own ona.OwnToken, now time.Time) Result {
	r := Result{Name: "token expiry", Source: source, Status: OK}
	ends := stated
	switch {
	case own.Tokens == 1 && !own.Ends.IsZero():
		ends = own.Ends
		r.Detail = "expires on " + inDays(ends, now)
		if day := stated.Format(time.DateOnly); !stated.IsZero() && day != ends.Format(time.DateOnly) {
			r.Detail += "; the settings say " + day
		}
	case !stated.IsZero() && !stated.After(now):
		r.Detail = "expired on " + stated.Format(time.DateOnly) + " according to the settings"
	case !stated.IsZero():
		r.Detail = "expires on " + inDays(stated, now)
	case !own.Ends.IsZero():
		ends = own.Ends
		r.Detail = fmt.Sprintf("is one of %d tokens of its user; the earliest ends on %s", own.Tokens, inDays(ends, now))
	default:
		r.Detail = "unknown: the token " + own.String()
		if own.NotAssessed != "" {
			r.Detail = "when the token expires is not known: " + own.NotAssessed
		}
		r.Detail += "; set --token-expires, or token_expires in the config file, for a warning 14 days before"
		return r
	}
	if ends.Sub(now) <= tokenWarning {
		r.Status = Warning
		r.Hint = "create a new read-only personal access token, replace the old one with it, and update token_expires"
	}
	return r
}

func inDays(ends, now time.Time) string {
	return fmt.Sprintf("%s, in %s", ends.Format(time.DateOnly), ona.Days(int(ends.Sub(now)/day)))
}

// The free space in bytes below which the disk check warns and fails.
const (
	warnBelow = 1 << 30
	failBelow = 100 << 20
	mebibyte  = 1 << 20
)

// Earlier is the report folder of an earlier run, of which there is no database. It is zero if
// there is none; DatabaseID is empty if its manifest cannot be read.
type Earlier struct{ Name, Path, DatabaseID string }

// DatabaseGone is the error for a database file that does not exist although there is the report of
// an earlier run.
func DatabaseGone(path string, earlier Earlier) error {
	perhaps := ""
	if earlier.DatabaseID != "" {
		perhaps = fmt.Sprintf(" (database %s, which may be another one)", earlier.DatabaseID)
	}
	return fmt.Errorf("the database %s does not exist, but %s is the report of an earlier run%s: a new database would lose "+
		"the changes since then", path, earlier.Path, perhaps)
}

// DatabaseGoneHint is the hint for DatabaseGone.
const DatabaseGoneHint = "mount the volume of the database, restore its backup, or name it with --db; to begin a new " +
	"database without a baseline, or one of a second job with the same --out, run \"auditor run --new-database\" once"

// Database opens the file read-only and checks it. The caller closes the store, which is nil if it
// cannot be read.
func Database(ctx context.Context, path string, earlier Earlier) (Result, *snapshot.Store) {
	const name = "database"
	store, err := snapshot.OpenReadOnly(ctx, path)
	switch {
	case errors.Is(err, snapshot.ErrNoDatabaseFile) && earlier.Name != "":
		return Failed(name, DatabaseGone(path, earlier), DatabaseGoneHint), nil
	case errors.Is(err, snapshot.ErrNoDatabaseFile):
		r := Folder(name, filepath.Dir(path), "--db")
		if r.Status == OK {
			r.Detail = path + " does not exist yet; the first run creates it"
		}
		return r, nil
	case err != nil:
		return Failed(name, err, ""), nil
	}
	r := ok(name, "%s is intact and has the schema of this version", path)
	if err := store.QuickCheck(ctx); errors.Is(err, snapshot.ErrDamaged) {
		r = Failed(name, fmt.Errorf("%s: %w", path, err),
			"keep the file unchanged as evidence, restore the last backup under another name, and name that with --db")
	} else if err != nil {
		r = Failed(name, fmt.Errorf("%s: %w", path, err), "")
	} else if err := writable(path); err != nil {
		r = Failed(name, err, "give the user that runs auditor permission to write "+path)
	}
	return r, store
}

// Folder checks whether files can be written to a folder or, if it does not exist, to its
// nearest existing parent. Flag is the flag that sets the folder.
func Folder(name, folder, flag string) Result {
	above, err := existing(folder)
	if err == nil {
		err = writable(above)
	}
	if err != nil {
		return Failed(name, err,
			"give the user that runs auditor permission to write there, or name another folder with "+flag)
	}
	return ok(name, "%s can be written", folder)
}

// collectedExtension is how the names of the files end that the textfile collector of the node
// exporter reads.
const collectedExtension = ".prom"

// MetricsFile checks whether a run can write the file. A run does not create the folder, which the
// collector owns.
func MetricsFile(path string) Result {
	const name = "metrics file"
	if err := evidence.Regular(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return warning(name, "name another file with --metrics-file; until then every run succeeds but prints this error",
			"%v", err)
	}
	if err := writable(filepath.Dir(path)); err != nil {
		return warning(name, "create the folder, or name another file with --metrics-file; "+
			"until then every run succeeds but prints this error", "%v", err)
	}
	if filepath.Ext(path) != collectedExtension {
		return warning(name, "name a file that ends in "+collectedExtension+" with --metrics-file",
			"the node exporter ignores %s, because its name does not end in %s", path, collectedExtension)
	}
	return ok(name, "%s can be written", path)
}

// Disk checks the free space on the disks of the folders, and reports the folder with the
// least. Free returns the free bytes on the disk of a path.
func Disk(free func(string) (uint64, error), folders ...string) Result {
	const name = "disk space"
	least, fullest := uint64(math.MaxUint64), ""
	for _, folder := range folders {
		above, _ := existing(folder)
		left, err := free(above)
		if err != nil {
			return warning(name, "check the free space yourself", "free space on the disk of %s is unknown: %v", folder, err)
		}
		if left < least {
			least, fullest = left, folder
		}
	}
	r := ok(name, "%d MiB free on the disk of %s", least/mebibyte, fullest)
	if least < warnBelow {
		r.Status, r.Hint = Warning, "free space; a run that cannot write its snapshot fails"
	}
	if least < failBelow {
		r.Status = Error
	}
	return r
}

// existing returns the folder or its nearest existing parent. If that is a file or cannot be
// read, it returns that path with an error.
func existing(folder string) (string, error) {
	for {
		info, err := os.Stat(folder)
		switch {
		case err == nil && info.IsDir():
			return folder, nil
		case err == nil:
			return folder, fmt.Errorf("%s is a file, not a folder", folder)
		case !errors.Is(err, os.ErrNotExist) || filepath.Dir(folder) == folder:
			return folder, err
		}
		folder = filepath.Dir(folder)
	}
}
