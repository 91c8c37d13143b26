// Package notify tells people and machines what came of a run: webhooks, Slack, e-mail, and a ping that misses when nothing ran at all.
package notify

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// Event is what came of a run. Its JSON is what a webhook gets.
type Event struct {
	// Complete says that every organization's snapshot is complete and the report is written.
	Complete bool `json:"complete"`
	// RunID is 0 when the run could not even be recorded, for the reason in Error.
	RunID         int64          `json:"run_id,omitempty"`
	StartedAt     time.Time      `json:"started_at"`
	Host          string         `json:"host"`
	Error         string         `json:"error,omitempty"`
	Organizations []Organization `json:"organizations"`
	// Report is the report's folder on Host, empty when none was written.
	Report string `json:"report,omitempty"`
	// ExpiringTokens are the auditor's own tokens that end soon or should have ended by the settings.
	ExpiringTokens []Token `json:"expiring_tokens,omitempty"`
}

// Token is one that is to be replaced.
type Token struct {
	Source string `json:"source"`
	// Detail says when it ends, such as "expires on 2027-01-31, in 9 days".
	Detail string `json:"detail"`
}

// Organization is what came of one organization.
type Organization struct {
	Source   string `json:"source"`
	Name     string `json:"name,omitempty"`
	Complete bool   `json:"complete"`
	// Error is why the snapshot is not complete.
	Error string `json:"error,omitempty"`
	// Changes and Findings count by severity; of a snapshot that is not complete nothing is known, and both are nil.
	Changes  map[diff.Severity]int `json:"changes,omitempty"`
	Findings map[diff.Severity]int `json:"failing_findings,omitempty"`
}

// Subject is the event in one line.
func (e *Event) Subject() string {
	outcome := "COMPLETE"
	if !e.Complete {
		outcome = "NOT COMPLETE"
	}
	return fmt.Sprintf("SCIM audit %s: %s", e.StartedAt.UTC().Format("2006-01-02 15:04 UTC"), outcome)
}

// Text is the event in lines, each value on a line of its own.
func (e *Event) Text() string {
	var b strings.Builder
	fmt.Fprintln(&b, e.Subject())
	if e.Error != "" {
		fmt.Fprintln(&b, "error:", oneLine(e.Error))
	}
	for _, o := range e.Organizations {
		fmt.Fprintln(&b, o.line())
	}
	for _, t := range e.ExpiringTokens {
		fmt.Fprintf(&b, "%s: the auditor's own token %s\n", oneLine(t.Source), oneLine(t.Detail))
	}
	if e.RunID != 0 {
		fmt.Fprintf(&b, "run %d on %s\n", e.RunID, oneLine(e.Host))
	}
	if e.Report != "" {
		fmt.Fprintln(&b, "report:", oneLine(e.Report))
	}
	return b.String()
}

func (o *Organization) line() string {
	if !o.Complete {
		return fmt.Sprintf("%s: NOT COMPLETE: %s", oneLine(o.Source), oneLine(o.Error))
	}
	return fmt.Sprintf("%s: complete, changes: %s, failing findings: %s", oneLine(o.Source), counts(o.Changes), counts(o.Findings))
}

func counts(by map[diff.Severity]int) string {
	var parts []string
	for _, severity := range diff.Severities {
		if by[severity] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[severity], severity))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// oneLine keeps a value that comes from elsewhere from making a line of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
