// Package check finds out, without changing anything, whether a run would succeed.
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

// The statuses. A warning leaves a run complete; an error does not.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Error   Status = "error"
)

// Result is one line of the answer.
type Result struct {
	// Name is what was checked, such as "token"; Source is the organization's label in the settings, if it is about one.
	Name   string `json:"check"`
	Source string `json:"source,omitempty"`
	Status Status `json:"status"`
	// Detail is what was found, Hint what to do about it; there is none for OK.
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
	// Err is the error behind an Error, where there is one; it decides the hint where Hint is empty.
	Err error `json:"-"`
}

// Failed is the result of a check that ended with an error.
func Failed(name string, err error) Result {
	return Result{Name: name, Status: Error, Detail: err.Error(), Err: err}
}

func ok(name, format string, args ...any) Result {
	return Result{Name: name, Status: OK, Detail: fmt.Sprintf(format, args...)}
}

func warning(name, hint, format string, args ...any) Result {
	return Result{Name: name, Status: Warning, Detail: fmt.Sprintf(format, args...), Hint: hint}
}

// shownTimes is how many times of a schedule are shown.
const shownTimes = 3

// Schedule shows when a schedule comes next. Nil means that there is none.
func Schedule(s *schedule.Schedule, now time.Time) Result {
	const name = "schedule"
	if s == nil {
		return ok(name, "none is set: missed nights are not known, and serve needs one")
	}
	var times []string
	for at := s.Next(now); !at.IsZero() && len(times) < shownTimes; at = s.Next(at) {
		times = append(times, at.Format(ona.DisplayTime))
	}
	return ok(name, "%s comes next at %s", s, strings.Join(times, ", "))
}

const day = 24 * time.Hour

// tokenWarning is how long before its end a token gets a warning.
const tokenWarning = 14 * day

// TokenExpiry says how long the token of a source is valid. The API does not report it: expires comes from the
// settings, and is zero where they do not say.
func TokenExpiry(source string, expires, now time.Time) Result {
	r := Result{Name: nameExpiry, Source: source, Status: OK}
	if expires.IsZero() {
		r.Detail = "not known, because the API does not report it: with --token-expires, or token_expires in the config " +
			"file, a warning follows 14 days before"
		return r
	}
	left := expires.Sub(now)
	r.Detail = fmt.Sprintf("expires on %s, in %s", expires.Format(time.DateOnly), days(left))
	if left <= 0 {
		r.Detail = fmt.Sprintf("expired on %s by the settings", expires.Format(time.DateOnly))
	}
	if left <= tokenWarning {
		r.Status = Warning
		r.Hint = "make a new read-only personal access token, put it where the old one is, and the new day into token_expires"
	}
	return r
}

func days(left time.Duration) string {
	switch n := left / day; n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
