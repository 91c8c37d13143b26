package report

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// How much of a long list the summary shows.
const (
	topFindings = 10
	trendRuns   = 30
)

// summaryContent is the sheet that says the essence of the run.
func (v *view) summaryContent() *content {
	c := &content{name: "Summary", widths: []float64{26, maxWidth, 14, 14, 14, maxWidth}}
	c.lines = append(c.lines, line{lookTitle, []any{reportTitle}})
	statusLook := lookCritical
	if v.Complete() {
		statusLook = lookGood
	}
	c.lines = append(c.lines, line{statusLook, []any{orNot(v.Complete()), v.status(), nil, nil, nil, nil}})
	for _, alarm := range v.alarms() {
		c.lines = append(c.lines, textLines(lookAlarm, alarm, len(c.widths))...)
	}
	c.lines = append(c.lines, v.runLines()...)
	for i := range v.Organizations {
		c.lines = append(c.lines, v.organizationLines(i)...)
	}
	c.block("Tie-outs: each count from two sources", tieOutTable(v.tieOuts(), v.scope))
	c.block("Top findings", v.topFindingTable())
	c.block("Exceptions: accepted findings", v.exceptionSummary())
	c.block("Not assessed", v.notAssessedTable())
	first := len(c.lines) + 3 // an empty row, the heading, the header
	c.block(fmt.Sprintf("The last %d runs", trendRuns), v.trendTable())
	c.finish = func(f *excelize.File, sheet string) error { return addTrendChart(f, sheet, first, len(c.lines)) }
	return c
}

func orNot(complete bool) string {
	if complete {
		return wordComplete
	}
	return wordNotComplete
}

// block adds a small table as lines.
func (c *content) block(heading string, t *table) {
	c.lines = append(c.lines, line{}, line{lookHeading, []any{heading}}, line{lookHeader, headerCells(t)})
	before := len(c.lines)
	for r := range t.rows {
		c.lines = append(c.lines, line{lookPlain, r.cells})
	}
	if len(c.lines) == before {
		c.lines = append(c.lines, line{lookNote, []any{"none"}})
	}
	for _, r := range t.remarks {
		c.lines = append(c.lines, textLines(lookNote, r.text, 1)...)
	}
}

func (v *view) runLines() []line {
	r := &v.Run
	lines := []line{{}, {lookHeading, []any{"Run"}}}
	facts := []fact{
		{item: "Run", value: int(r.ID)},
		{item: "Outcome", value: r.Outcome},
		{item: "Started at (UTC)", value: r.StartedAt},
		{item: "Scheduled for (UTC)", value: instant(r.ScheduledFor, "not scheduled")},
		{item: "Trigger", value: r.Trigger},
		{item: "Tool", value: "auditor " + r.ToolVersion},
		{item: "Failed findings", value: v.severityText()},
	}
	for _, f := range v.localFacts(append(facts, v.writerFacts()...)) {
		lines = append(lines, line{lookPlain, []any{f.item, f.value}})
	}
	return lines
}

// severityText counts failed findings over all organizations by severity.
func (v *view) severityText() string {
	var texts []string
	for i, n := range v.failedBySeverity() {
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, diff.Severities[i]))
		}
	}
	return orText(strings.Join(texts, ", "), "none")
}

// organizationLines is how one organization stands.
func (v *view) organizationLines(organization int) []line {
	lines := []line{{}, {lookHeading, []any{"Organization " + v.label(organization)}}}
	for _, f := range v.localFacts(v.standing(organization)) {
		lines = append(lines, line{lookPlain, []any{f.item, f.value}})
	}
	return lines
}

func (v *view) standing(organization int) []fact {
	o := &v.Organizations[organization]
	facts := []fact{
		{item: "Outcome", value: o.Snapshot.Outcome},
		{item: "Organization ID", value: orText(o.id(), unknown)},
		{item: "Taken at (UTC)", value: o.Snapshot.TakenAt},
	}
	if !o.complete() {
		return append(facts, fact{item: "What is known", value: v.notComplete(organization)})
	}
	compared, changes := baselineText, baselineText
	if o.Baseline != nil {
		compared = fmt.Sprintf("%s (snapshot %d) to %s (snapshot %d)", utc(o.Baseline.TakenAt), o.Baseline.ID, utc(o.Snapshot.TakenAt), o.Snapshot.ID)
		changes = o.changesText()
		if len(o.Changes) > 0 {
			changes += ": " + severityCounts(o.Changes, func(c *snapshot.Change) diff.Severity { return c.Severity })
		}
	}
	return append(facts,
		fact{item: "Period", value: compared},
		fact{item: "SCIM configurations", value: len(o.SCIM)},
		fact{item: "of them enabled", value: o.enabled()},
		fact{item: "SSO configurations", value: unless(o.Snapshot.SSONotAssessed, len(o.SSO))},
		fact{item: "Changes", value: changes},
		fact{item: "Failed findings", value: severityCounts(o.failed(), func(f *snapshot.Finding) diff.Severity { return f.Severity })},
		fact{item: "Accepted by exceptions", value: o.findings(finding.Excepted)},
		fact{item: "Outcomes not assessed", value: o.findings(finding.NotAssessed)},
		fact{item: "Restricted to SCIM", value: o.restriction()})
}

func (o *Organization) enabled() int {
	n := 0
	for i := range o.SCIM {
		if o.SCIM[i].Enabled {
			n++
		}
	}
	return n
}

// restriction says whether accounts are created through SCIM only.
func (o *Organization) restriction() any {
	if o.Policies == nil {
		return "not assessed: " + orText(o.Snapshot.PoliciesNotAssessed, "no reason was stored")
	}
	return o.Policies.RestrictAccountCreationToSCIM
}

// topFindingTable has the most serious failed findings of all organizations.
func (v *view) topFindingTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Finding", "title"}, {"Severity", "severity"}, {"Rule", "rule_id"}, {"Days open", "days_open"},
		{"Subject and observation", "observed"},
	}}
	rest := 0
	var rows []row
	for _, severity := range diff.Severities {
		for i, o := range v.each() {
			for _, f := range o.failed() {
				switch {
				case f.Severity != severity:
				case len(rows) == topFindings:
					rest++
				default:
					rows = append(rows, row{i, []any{v.label(i), f.Title, f.Severity, f.RuleID, f.DaysOpen, orText(f.SubjectName, f.SubjectID) + ": " + f.Observed}})
				}
			}
		}
	}
	t.rows = rowList(rows)
	if rest > 0 {
		t.remarks = []remark{{runLevel, fmt.Sprintf("%d more in the sheet Findings", rest), false}}
	}
	return t
}

func rowList(rows []row) func(func(row) bool) {
	return func(yield func(row) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

// notAssessedTable has a row for each rule that could not be evaluated for some subject, and one for all that is unknown of a failed snapshot.
func (v *view) notAssessedTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Not assessed", "title"}, {"Outcomes", "outcomes"}, {"Rule", "rule_id"}, {" ", "blank"}, {"Why", "observed"},
	}}
	var rows []row
	for i, o := range v.each() {
		if !o.complete() {
			rows = append(rows, row{i, []any{v.label(i), "everything", nil, nil, nil, wordNotComplete}})
			continue
		}
		for _, r := range v.rulesOf(o) {
			n, why := o.unassessed(r.ID)
			if n > 0 {
				rows = append(rows, row{i, []any{v.label(i), r.Title, n, r.ID, nil, why}})
			}
		}
	}
	t.rows = rowList(rows)
	return t
}

// unassessed counts what a rule could not assess, with the first reason. A rule without any stored outcome counts as one.
func (o *Organization) unassessed(rule string) (n int, why string) {
	seen := false
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.RuleID != rule {
			continue
		}
		seen = true
		if f.Status == finding.NotAssessed {
			n, why = n+1, orText(why, f.Observed)
		}
	}
	if !seen {
		return 1, "no outcome of this rule is stored"
	}
	return n, why
}

// trendTable has the numbers of the last runs, oldest first. A run that is not complete has none: it does not count every organization.
func (v *view) trendTable() *table {
	t := &table{columns: []column{
		{"Started at (UTC)", "started_at"}, {"Run", "run"}, {"SCIM configurations", "scim_configurations"}, {"Changes", "changes"},
		{"Failed findings", "failed_findings"},
	}}
	var rows []row
	for i := min(trendRuns, len(v.Runs)) - 1; i >= 0; i-- {
		r := &v.Runs[i]
		cells := []any{r.StartedAt, fmt.Sprintf("%d: %s", r.ID, r.Outcome), nil, nil, nil}
		if r.Outcome == snapshot.Complete {
			copy(cells[2:], []any{r.SCIMConfigurations, r.Changes, r.FailedFindings})
		}
		rows = append(rows, row{runLevel, cells})
	}
	t.rows = rowList(rows)
	return t
}
