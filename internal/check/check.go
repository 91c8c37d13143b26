// Package check tests whether a run would succeed, without changing anything.
package check

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/schedule"
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
	// Name says what was checked, such as "token". Source is the organization's label in the settings, or empty.
	Name   string `json:"check"`
	Source string `json:"source,omitempty"`
	Status Status `json:"status"`
	// Detail says what was found, Hint what to do about it. Hint is empty for OK.
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	// Err is the cause of an Error, or nil. If Hint is empty, the command derives the hint from Err.
	Err error `json:"-"`
}

// Failed returns the result of a check that ended with an error.
func Failed(name string, err error) Result {
	return Result{Name: name, Status: Error, Detail: err.Error(), Err: err}
}

func ok(name, format string, args ...any) Result {
	return Result{Name: name, Status: OK, Detail: fmt.Sprintf(format, args...)}
}

func warning(name, hint, format string, args ...any) Result {
	return Result{Name: name, Status: Warning, Detail: fmt.Sprintf(format, args...), Hint: hint}
}

// shownTimes is the number of scheduled times to show.
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

// TokenExpiry says how long the token of a source is valid. The API does not report the expiry, so it comes from the
// settings; it is zero if they do not have it.
func TokenExpiry(source string, expires, now time.Time) Result {
	r := Result{Name: nameExpiry, Source: source, Status: OK}
	if expires.IsZero() {
		r.Detail = "unknown, because the API does not report it; set --token-expires, or token_expires in the config " +
			"file, for a warning 14 days before"
		return r
	}
	left := expires.Sub(now)
	r.Detail = fmt.Sprintf("expires on %s, in %s", expires.Format(time.DateOnly), ona.Days(int(left/day)))
	if left <= 0 {
		r.Detail = fmt.Sprintf("expired on %s according to the settings", expires.Format(time.DateOnly))
	}
	if left <= tokenWarning {
		r.Status = Warning
		r.Hint = "create a new read-only personal access token, replace the old one with it, and update token_expires"
	}
	return r
}
