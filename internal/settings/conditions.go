package settings

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
)

// Condition is met by changes or by findings of a severity or above. --fail-on and the notifications use it.
type Condition struct {
	What  string // "changes" or "findings"
	Least diff.Severity
}

// ParseConditions reads "changes" and "findings", each alone or with ":SEVERITY", comma-separated.
func ParseConditions(text string) ([]Condition, error) {
	var all []Condition
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		what, severity, _ := strings.Cut(item, ":")
		if severity == "" {
			severity = string(diff.Info)
		}
		c := Condition{What: what, Least: diff.Severity(severity)}
		if what != "changes" && what != "findings" || !slices.Contains(diff.Severities, c.Least) {
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
