// Package check finds out, without changing anything, whether a run would succeed, and says what to do where it would not.
package check

import (
	"fmt"
	"time"

	"scim-auditor/internal/schedule"
)

// Status is how a check came out.
type Status string

// The statuses. A warning leaves a run complete; an error does not.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Error   Status = "error"
)

// Result is one line of the answer.
type Result struct {
	// Name is what was checked, such as "token"; Source is the organization's label in the settings, empty for what is not about one.
	Name   string `json:"check"`
	Source string `json:"source,omitempty"`
	Status Status `json:"status"`
	// Detail is what was found, Hint what to do about it; no hint belongs to OK.
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// Failed says whether one of the results is an error.
func Failed(results []Result) bool {
	for _, r := range results {
		if r.Status == Error {
			return true
		}
	}
	return false
}

// shownTimes is how many times of a schedule are shown.
const shownTimes = 3

// Schedule reads a cron expression and shows when it comes next. None is wanted where expression is empty.
func Schedule(expression string, now time.Time) Result {
	r := Result{Name: "schedule", Status: OK}
	if expression == "" || expression == schedule.None {
		r.Detail = "none is set: missed nights are not known, and serve needs one"
		return r
	}
	s, err := schedule.Parse(expression)
	if err != nil {
		return Result{Name: "schedule", Status: Error, Detail: err.Error(),
			Hint: "--schedule takes five fields, a descriptor or @every, such as \"0 2 * * *\" or \"CRON_TZ=Europe/Berlin 30 4 * * mon-fri\""}
	}
	r.Detail = s.String() + " comes next at"
	at := now
	for i := range shownTimes {
		if at = s.Next(at); at.IsZero() {
			break
		}
		if i > 0 {
			r.Detail += ","
		}
		r.Detail += " " + at.Format("2006-01-02 15:04:05 UTC")
	}
	return r
}

func found(name string, status Status, hint, format string, args ...any) Result {
	return Result{Name: name, Status: status, Detail: fmt.Sprintf(format, args...), Hint: hint}
}
