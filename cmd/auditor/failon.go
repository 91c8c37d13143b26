package main

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/job"
)

// condition is one of what --fail-on names: changes or findings at a severity or above.
type condition struct {
	what  string
	least diff.Severity
}

func (c condition) String() string { return c.what + ":" + string(c.least) }

// parseFailOn reads "changes", "findings", or either with ":severity", comma-separated.
func parseFailOn(text string) ([]condition, error) {
	var all []condition
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		what, severity, _ := strings.Cut(item, ":")
		c := condition{what: what, least: diff.Severity(severity)}
		if severity == "" {
			c.least = diff.Info
		}
		if what != "changes" && what != "findings" || !slices.Contains(diff.Severities, c.least) {
			return nil, fmt.Errorf("%q is not known", item)
		}
		all = append(all, c)
	}
	return all, nil
}

// met says whether the result has what the condition names.
func (c condition) met(result *job.Result) bool {
	for _, o := range result.Organizations {
		for _, change := range o.Changes {
			if c.what == "changes" && c.covers(change.Severity) {
				return true
			}
		}
		for severity, n := range o.Failing {
			if c.what == "findings" && n > 0 && c.covers(severity) {
				return true
			}
		}
	}
	return false
}

func (c condition) covers(s diff.Severity) bool {
	return slices.Index(diff.Severities, s) <= slices.Index(diff.Severities, c.least)
}
