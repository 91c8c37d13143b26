package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/check"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// runResult is the result of a run. "auditor run --json" prints it, a webhook gets it without
// the rows of changes, and summary and text render it for people.
type runResult struct {
	// Complete is true if every snapshot is complete, the report is written, and the database
	// contains the history of its reports.
	Complete bool         `json:"complete"`
	Run      snapshot.Run `json:"run"` // its id is 0 if it could not be recorded
	// Headline says in words and colour whether the run is complete and what was not read.
	Headline report.Headline `json:"headline"`
	// Error says why the run could not be recorded, or why its report could not be written.
	Error         string               `json:"error,omitempty"`
	Organizations []organizationResult `json:"organizations"`
	// Report is the path of the report's folder on the host of the run, empty if no report was
	// written.
	Report string `json:"report"`
	// HistoryError says which report folder has a history that the database lacks.
	HistoryError string `json:"history_error,omitempty"`
	// TimestampError says why a report folder has no timestamp yet. Complete does not depend on it.
	TimestampError string `json:"timestamp_error,omitempty"`
	// Head is the link of the ledger for the end of the run, the last line of the output.
	Head evidence.Head `json:"head,omitzero"`
	// ExpiringTokens has a warning for each token that expires soon or has expired, according
	// to the settings.
	ExpiringTokens []check.Result `json:"expiring_tokens,omitempty"`
}

type organizationResult struct {
	Source             string           `json:"source"`
	SnapshotID         int64            `json:"snapshot_id"`
	OrganizationID     string           `json:"organization_id"`
	OrganizationName   string           `json:"organization_name"`
	Outcome            snapshot.Outcome `json:"outcome"`
	BaselineID         int64            `json:"baseline_id,omitempty"`
	SCIMConfigurations int              `json:"scim_configurations"`
	SSOConfigurations  int              `json:"sso_configurations"`
	SSONotAssessed     string           `json:"sso_not_assessed,omitempty"`
	// Coverage says which parts of the organization were read.
	Coverage []report.Coverage `json:"coverage"`
	Changes  []diff.Change     `json:"changes,omitzero"`
	// ChangesBySeverity and FailingFindings are nil for an incomplete snapshot.
	ChangesBySeverity severityCounts `json:"changes_by_severity,omitzero"`
	FailingFindings   severityCounts `json:"failing_findings,omitzero"`
	ErrorCode         string         `json:"error_code,omitempty"`
	Error             string         `json:"error,omitempty"`
	Hint              string         `json:"hint,omitempty"`

	acceptances []snapshot.Acceptance
	notCompared []string // parts that were read and whose changes are not known
}

type severityCounts map[diff.Severity]int

// String writes the counts, the most serious first: "2 high, 1 low".
func (c severityCounts) String() string {
	var parts []string
	for _, s := range diff.Severities {
		if c[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

// newResult converts the result of the job. If err is not nil, the run could not be recorded,
// and recorded is nil.
func newResult(recorded *job.Result, err error) *runResult {
	r := &runResult{Organizations: []organizationResult{}}
	if err != nil {
		r.Error = err.Error()
		r.Headline = notComplete(err)
		return r
	}
	r.Headline = recorded.Headline
	r.Complete, r.Run, r.Report, r.Head = recorded.Complete(), recorded.Run, recorded.ReportFolder, recorded.Head
	if recorded.TimestampError != nil {
		r.TimestampError = recorded.TimestampError.Error()
	}
	if recorded.HistoryError != nil {
		r.HistoryError = recorded.HistoryError.Error()
	}
	if recorded.ReportError != nil {
		r.Error = recorded.ReportError.Error()
		r.Headline = notComplete(recorded.ReportError)
	}
	for _, o := range recorded.Organizations {
		r.Organizations = append(r.Organizations, newOrganizationResult(&o))
	}
	return r
}

// notComplete returns the headline of a run without a report.
func notComplete(err error) report.Headline {
	return report.Headline{State: report.Red, Text: report.NotComplete + ": " + report.OneLine(err.Error())}
}

func newOrganizationResult(o *job.Organization) organizationResult {
	h := o.Snapshot
	r := organizationResult{
		Source: o.Source, SnapshotID: h.ID, OrganizationID: h.OrganizationID, OrganizationName: h.OrganizationName,
		Outcome: h.Outcome, BaselineID: h.BaselineID, SCIMConfigurations: h.SCIMConfigurations,
		SSOConfigurations: h.SSOConfigurations, SSONotAssessed: h.SSONotAssessed, ErrorCode: h.ErrorCode,
		Changes: []diff.Change{}, acceptances: o.Acceptances, Coverage: append([]report.Coverage{}, o.Coverage...),
		notCompared: o.NotCompared,
	}
	if o.Err != nil {
		r.Outcome, r.Error, r.Hint = snapshot.Failed, o.Err.Error(), hintFor(o.Err)
		return r
	}
	r.ChangesBySeverity, r.FailingFindings = make(severityCounts), o.Failing
	for _, c := range o.Changes {
		r.Changes = append(r.Changes, c.Change)
		r.ChangesBySeverity[c.Severity]++
	}
	return r
}

// expiringTokens returns the warnings about tokens at the time now, sorted by source. Organizations
// is nil before the run, when only the settings say when a token expires.
func expiringTokens(s *settings.Settings, organizations []job.Organization, now time.Time) (all []check.Result) {
	own := make(map[string]ona.OwnToken)
	for source := range s.TokenExpiries {
		own[source] = ona.OwnToken{}
	}
	for _, o := range organizations {
		own[o.Source] = o.Snapshot.OwnToken
	}
	for _, source := range slices.Sorted(maps.Keys(own)) {
		if r := check.TokenExpiry(source, s.TokenExpiries[source], own[source], now); r.Status != check.OK {
			all = append(all, r)
		}
	}
	return all
}

// meets reports whether the run, or at least one organization in it, meets the condition.
func (r *runResult) meets(c settings.Condition) bool {
	switch c.What {
	case settings.Always:
		return true
	case settings.Failure:
		return !r.Complete
	case settings.Coverage:
		return r.Headline.NotAssessed != ""
	case settings.Token:
		return len(r.ExpiringTokens) > 0
	}
	return slices.ContainsFunc(r.Organizations, func(o organizationResult) bool {
		return c.Met(o.ChangesBySeverity, o.FailingFindings)
	})
}

// outcomeInWords returns COMPLETE, NOT COMPLETE or RUNNING.
func outcomeInWords(o snapshot.Outcome) string {
	if o == snapshot.Failed {
		return "NOT COMPLETE"
	}
	return strings.ToUpper(string(o))
}

// name returns the name of the organization, with the label of its source in parentheses if it
// differs.
func (o *organizationResult) name() string {
	if o.OrganizationName == "" || o.OrganizationName == o.Source {
		return o.Source
	}
	return o.OrganizationName + " (" + o.Source + ")"
}

// columns returns the organization's table row without its label.
func (o *organizationResult) columns() []string {
	if o.Error != "" {
		return []string{outcomeInWords(o.Outcome), o.ErrorCode}
	}
	changes := "first snapshot, the baseline"
	switch {
	case o.BaselineID != 0 && len(o.Changes) == 0 && o.hidesChanges():
		changes = "no SCIM changes"
	case o.BaselineID != 0:
		changes = counted(len(o.Changes), "change", o.ChangesBySeverity.String())
	}
	if len(o.notCompared) > 0 {
		changes += "; changes of " + strings.Join(o.notCompared, ", ") + " not assessed"
	}
	if notAssessed := report.NotAssessedInWords(o.Coverage); notAssessed != "" {
		changes += "; " + notAssessed
	}
	sso := fmt.Sprintf("%d SSO", o.SSOConfigurations)
	if o.SSONotAssessed != "" {
		sso = "SSO not assessed"
	}
	failing := 0
	for _, n := range o.FailingFindings {
		failing += n
	}
	return []string{
		outcomeInWords(o.Outcome), fmt.Sprintf("%d SCIM", o.SCIMConfigurations), sso, changes,
		counted(failing, "finding", o.FailingFindings.String()),
	}
}

// hidesChanges reports whether there may be changes of a part that are not known.
func (o *organizationResult) hidesChanges() bool {
	return len(o.notCompared) > 0 || slices.ContainsFunc(o.Coverage, report.Coverage.HidesChanges)
}

// changesInMessage returns how much changed, for a message.
func (o *organizationResult) changesInMessage() string {
	switch {
	case o.BaselineID == 0:
		return "first snapshot, the baseline"
	case len(o.ChangesBySeverity) == 0 && o.hidesChanges():
		return "no SCIM changes"
	}
	return "changes: " + cmp.Or(o.ChangesBySeverity.String(), "none")
}

// subject returns the result in one line, for an e-mail. It cuts a long headline.
func (r *runResult) subject() string {
	text := report.Brief(strings.Join(strings.Fields(r.Headline.Text), " "))
	return fmt.Sprintf("SCIM audit %s: %s", r.Run.StartedAt.UTC().Format("2006-01-02 15:04 UTC"), text)
}

// head returns the lines of a message that follow its subject.
func (r *runResult) head() (lines []string) {
	if r.Error != "" {
		lines = append(lines, oneLine("error: %s", r.Error))
	}
	if r.HistoryError != "" {
		lines = append(lines, oneLine("error: %s", r.HistoryError))
	}
	if r.Run.ID != 0 {
		lines = append(lines, oneLine("run %d on %s", r.Run.ID, r.Run.Host))
	}
	if r.Run.ClockNotConfirmed {
		lines = append(lines, r.unconfirmedText())
	}
	if len(r.Organizations) > 1 {
		lines = append(lines, r.totals())
	}
	if r.Report != "" {
		lines = append(lines, oneLine("report: %s", r.Report))
	}
	if r.TimestampError != "" {
		lines = append(lines, oneLine("no timestamp: %s", r.TimestampError))
	}
	if r.Head.Number > 0 {
		lines = append(lines, r.Head.String())
	}
	for _, t := range r.ExpiringTokens {
		lines = append(lines, oneLine("%s: the auditor's own token %s", t.Source, t.Detail))
	}
	return lines
}

// unconfirmedText says that the run does not count, because no server answered.
func (r *runResult) unconfirmedText() string {
	return fmt.Sprintf("run %d began at %s, and %s: it counts for no night",
		r.Run.ID, forPeople(r.Run.StartedAt), unconfirmed)
}

// totals returns the counts of all organizations together.
func (r *runResult) totals() string {
	complete, changes, failing := 0, make(severityCounts), make(severityCounts)
	for _, o := range r.Organizations {
		if o.Error == "" {
			complete++
		}
		for _, severity := range diff.Severities {
			changes[severity] += o.ChangesBySeverity[severity]
			failing[severity] += o.FailingFindings[severity]
		}
	}
	changed := "changes: " + changes.String()
	if changes.String() == "" {
		changed = r.Headline.Changes // says why none are known
	}
	return fmt.Sprintf("%d of %d organizations complete, %s, failing findings: %s", complete,
		len(r.Organizations), cmp.Or(changed, "no changes"), cmp.Or(failing.String(), "none"))
}

// rows returns the line of each organization in a message: first those that are not complete, then
// by the number of their changes and failing findings, the most serious first.
func (r *runResult) rows() (lines []string) {
	sorted := slices.SortedStableFunc(slices.Values(r.Organizations), func(a, b organizationResult) int {
		if (a.Error == "") != (b.Error == "") {
			return cmp.Compare(b.Error, a.Error)
		}
		for _, severity := range diff.Severities {
			countA := a.ChangesBySeverity[severity] + a.FailingFindings[severity]
			countB := b.ChangesBySeverity[severity] + b.FailingFindings[severity]
			if countA != countB {
				return cmp.Compare(countB, countA)
			}
		}
		return 0
	})
	for _, o := range sorted {
		if o.Error != "" {
			lines = append(lines, oneLine("%s: NOT COMPLETE: %s", o.Source, o.Error))
			continue
		}
		text := fmt.Sprintf("%s: complete, %s, failing findings: %s", o.Source, o.changesInMessage(),
			cmp.Or(o.FailingFindings.String(), "none"))
		if notAssessed := report.NotAssessedInWords(o.Coverage); notAssessed != "" {
			text += "; " + notAssessed
		}
		lines = append(lines, oneLine("%s", text))
	}
	return lines
}

// oneLine formats a line of a message. Line breaks in values become spaces.
func oneLine(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}

// forPeople formats a time in UTC.
func forPeople(t time.Time) string { return t.UTC().Format(ona.DisplayTime) }
