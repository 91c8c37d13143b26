package report

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// fact is one thing that the evidence tells.
type fact struct {
	organization int
	item         string
	value        any
}

// facts is how the run was made, without its exchanges: the run, each snapshot, and the thresholds that its rules used.
func (v *view) facts() []fact {
	all := v.runFacts()
	for i, o := range v.each() {
		for _, f := range snapshotFacts(&o.Snapshot) {
			all = append(all, fact{i, f.item, f.value})
		}
		if o.Baseline != nil {
			all = append(all, fact{i, "Baseline taken at (UTC)", o.Baseline.TakenAt})
		}
		if o.Policies != nil {
			all = append(all, fact{i, "Account creation restricted to SCIM", o.Policies.RestrictAccountCreationToSCIM})
		}
		all = append(all, logFacts(i, o)...)
		all = append(all, v.thresholds(i)...)
	}
	return v.localFacts(all)
}

func (v *view) runFacts() []fact {
	r := &v.Run
	facts := []fact{
		{runLevel, "Run", int(r.ID)},
		{runLevel, "Outcome", r.Outcome},
		{runLevel, "Error", orText(oneLine(r.Error), "none")},
		{runLevel, "Trigger", r.Trigger},
		{runLevel, "Started at (UTC)", r.StartedAt},
		{runLevel, "Finished at (UTC)", instant(r.FinishedAt, "not finished")},
		{runLevel, "Scheduled for (UTC)", instant(r.ScheduledFor, "not scheduled")},
		{runLevel, "Tool", "auditor " + r.ToolVersion},
		{runLevel, "Host", r.Host},
	}
	return append(facts, v.writerFacts()...)
}

// writerFacts names the version that wrote the report where it is not the one that made the run.
func (v *view) writerFacts() []fact {
	if v.writer() == v.Run.ToolVersion {
		return nil
	}
	return []fact{{runLevel, "Report written again by", "auditor " + v.writer()}}
}

func snapshotFacts(s *snapshot.Snapshot) []fact {
	facts := []fact{
		{item: "Snapshot", value: int(s.ID)},
		{item: "Outcome", value: s.Outcome},
		{item: "Taken at (UTC)", value: s.TakenAt},
		{item: "Source (label in the settings)", value: s.Source},
		{item: "Organization ID", value: orText(s.OrganizationID, unknown)},
		{item: "Organization name", value: orText(s.OrganizationName, unknown)},
		{item: "Organization tier", value: orText(s.OrganizationTier, notReported)},
		{item: "Base URL", value: s.BaseURL},
		{item: "Identity", value: orText(strings.TrimSpace(s.Principal+" "+s.PrincipalID), unknown)},
		{item: "Retries", value: s.Retries},
		{item: "Local clock minus server clock", value: clockText(s.ServerClockOffset, s.ServerClockKnown)},
		{item: "Unknown fields in answers", value: orText(strings.Join(s.UnknownFields, ", "), "none")},
		{item: "Notes of the collector", value: orText(strings.Join(s.Notes, "; "), "none")},
	}
	if s.Outcome != snapshot.Complete {
		return append(facts,
			fact{item: "Pages read before it failed", value: s.Pages},
			fact{item: "Error code", value: orText(s.ErrorCode, "none")},
			fact{item: "Error", value: orText(s.Error, "no reason was stored")})
	}
	return append(facts,
		fact{item: "Baseline snapshot", value: baselineID(s.BaselineID)},
		fact{item: "Pages", value: s.Pages},
		fact{item: "SCIM pages", value: s.SCIMListing.Pages},
		fact{item: "SCIM rows of each page", value: s.SCIMListing.RowsPerPage},
		fact{item: "SCIM final page token", value: finalToken(s.SCIMListing)},
		fact{item: "SCIM records received", value: s.SCIMReceived},
		fact{item: "SCIM distinct ids", value: s.SCIMDistinct},
		fact{item: "SCIM rows stored", value: s.SCIMConfigurations},
		fact{item: "SSO pages", value: unless(s.SSONotAssessed, s.SSOListing.Pages)},
		fact{item: "SSO rows of each page", value: unless(s.SSONotAssessed, s.SSOListing.RowsPerPage)},
		fact{item: "SSO final page token", value: unless(s.SSONotAssessed, finalToken(s.SSOListing))},
		fact{item: "SSO records received", value: unless(s.SSONotAssessed, s.SSOReceived)},
		fact{item: "SSO distinct ids", value: unless(s.SSONotAssessed, s.SSODistinct)},
		fact{item: "SSO rows stored", value: unless(s.SSONotAssessed, s.SSOConfigurations)},
		fact{item: "Organization policies", value: unless(s.PoliciesNotAssessed, "assessed")},
		fact{item: "content_sha256", value: s.ContentSHA256},
		fact{item: "chain_sha256", value: s.ChainSHA256})
}

// finalToken says whether the last page itself told that it is the last.
func finalToken(l snapshot.Listing) string {
	if l.FinalTokenEmpty {
		return "empty: the listing is whole"
	}
	return "not empty: the listing is not whole"
}

// logFacts is how the audit log was read for a snapshot that has a baseline.
func logFacts(organization int, o *Organization) []fact {
	l := o.AuditLog
	if l == nil {
		return nil
	}
	return []fact{
		{organization, "Audit log read back to, by the server's clock (UTC)", l.Since},
		{organization, "Audit log pages", unless(l.NotAssessed, l.Pages)},
		{organization, "Audit log entries received", unless(l.NotAssessed, l.Received)},
		{organization, "Audit log entries in the period", unless(l.NotAssessed, len(l.Entries))},
		{organization, "Audit log entries that may be missing", unless(l.NotAssessed, orText(l.Lacking, "none"))},
	}
}

// unless is a value, or why it was not assessed.
func unless(notAssessed string, value any) any {
	if notAssessed != "" {
		return "not assessed: " + notAssessed
	}
	return value
}

func baselineID(id int64) any {
	if id == 0 {
		return baselineText
	}
	return int(id)
}

func clockText(offset time.Duration, known bool) string {
	if !known {
		return "unknown: no answer carried a date"
	}
	return offset.String()
}

// thresholds is what was in order by each rule that compares with a number, as its findings say it: a finding's Expected is the rule's own,
// followed by the thresholds in use.
func (v *view) thresholds(organization int) []fact {
	var all []fact
	for i := range v.Rules {
		rule := &v.Rules[i]
		if expected := v.Organizations[organization].expected(rule); expected != rule.Expected {
			all = append(all, fact{organization, "Threshold of " + rule.ID, expected})
		}
	}
	return all
}

func (o *Organization) expected(rule *finding.Rule) string {
	for i := range o.Findings {
		if o.Findings[i].RuleID == rule.ID {
			return o.Findings[i].Expected
		}
	}
	return rule.Expected
}

// tally counts the cells that a file shows in another form than the database holds.
type tally struct {
	altered int // of the workbook: hidden characters made visible
	cut     int // of the workbook: longer than a cell can be
	csv     int // of the CSV files: guarded against being read as a formula, or hidden characters made visible
}

// facts tells of the files that the report has.
func (t *tally) facts(o *Options, files []file) []fact {
	var facts []fact
	if o.Has(FormatXLSX) {
		facts = append(facts,
			fact{runLevel, "Workbook cells with hidden characters made visible", t.altered},
			fact{runLevel, "Workbook cells cut at " + fmt.Sprint(maxCellUnits) + " characters", t.cut})
	}
	if o.Has(FormatCSV) {
		facts = append(facts, fact{runLevel, "CSV cells with a leading ' against formulas, or hidden characters made visible", t.csv})
	}
	whole := []string{"the database"}
	for _, f := range files {
		if (f.format == FormatJSON || f.format == FormatJSONL) && o.Has(f.format) {
			whole = append(whole, f.name)
		}
	}
	return append(facts, fact{runLevel, "Full, unaltered values", strings.Join(whole, ", ")})
}

// factTable has a row for each fact; scope names what it is about.
func factTable(facts []fact, scope func(organization int) string) *table {
	return &table{
		columns: []column{{"Organization", "organization"}, {"Item", "item"}, {"Value", "value"}},
		rows: func(yield func(row) bool) {
			for _, f := range facts {
				if !yield(row{f.organization, []any{scope(f.organization), f.item, f.value}}) {
					return
				}
			}
		},
	}
}
