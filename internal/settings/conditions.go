package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
)

// Condition is what --fail-on and the notifications wait for: changes or findings of a severity or above, or an event
// of a run, which has no severity.
type Condition struct {
	What  string // "changes", "findings" or one of the events
	Least diff.Severity
}

// The events of a run. A notification can wait for one.
const (
	Always  = "always"
	Failure = "failure"
	Token   = "token" // a token that expires
)

// ParseConditions reads "changes" and "findings", each alone or with ":SEVERITY", and the events, comma-separated.
func ParseConditions(text string, events ...string) ([]Condition, error) {
	var all []Condition
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		what, severity, _ := strings.Cut(item, ":")
		c := Condition{what, cmp.Or(diff.Severity(severity), diff.Info)}
		switch {
		case slices.Contains(events, item):
			c.Least = ""
		case what != "changes" && what != "findings" || !slices.Contains(diff.Severities, c.Least):
			return nil, fmt.Errorf("%q is not known", item)
		}
		all = append(all, c)
	}
	return all, nil
}

// Met reports whether an organization with these numbers of changes and failing findings meets the condition.
func (c Condition) Met(changes, findings map[diff.Severity]int) bool {
	counts := changes
	if c.What == "findings" {
		counts = findings
	}
	for _, severity := range diff.Severities { // the most serious first
		if counts[severity] > 0 {
			return true
		}
		if severity == c.Least {
			break
		}
	}
	return false
}
