package report

import (
	"fmt"
	"iter"
	"strings"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// summaryGrid is the widths of the summary's columns, in characters: two texts, a long text, three numbers and five short ones. Its tables
// begin with texts and end with numbers.
var summaryGrid = []float64{26, 42, maxWidth, 13, 13, 13, 9, 9, 9, 9, 9}

// summaryContent is the sheet that says the essence of the run: whether it is complete, what it is about, what changed, what is wrong, what
// was not looked at, and how to check all that.
func (v *view) summaryContent() *content {
	c := &content{name: "Summary", fixed: summaryGrid}
	c.lines = append(c.lines, line{lookTitle, []any{reportTitle + " of " + utc(v.Run.StartedAt)}})
	standing := lookAlarm
	if v.Complete() {
		standing = lookAllWell
	}
	c.lines = append(c.lines, textLines(standing, v.status(), len(summaryGrid))...)
	for _, alarm := range v.alarms() {
		c.lines = append(c.lines, textLines(lookAlarm, alarm, len(summaryGrid))...)
	}
	c.lines = append(c.lines, v.runLines()...)
	for _, text := range whereToLook {
		c.lines = append(c.lines, line{lookNote, []any{text}})
	}
	c.block("Organizations, and their failed findings by severity", v.overviewTable())
	c.block("What changed: the most serious", v.topChangeTable())
	c.block("What is wrong: the most serious findings", v.topFindingTable())
	c.block("What was not assessed", v.notAssessedTable())
	c.block("Exceptions: findings that somebody has accepted", v.exceptionSummary())
	first := len(c.lines) + 3 // below an empty row and the heading
	c.lines = append(c.lines, line{}, line{lookHeading, []any{fmt.Sprintf("The last %d runs", trendRuns)}})
	for range chartRows {
		c.lines = append(c.lines, line{lookPlain, []any{nil}}) // a row of the usual height, whatever the program
	}
	c.rows(v.trendTable())
	last := len(c.lines)
	c.finish = func(f *excelize.File, sheet string) error {
		return addTrendCharts(f, sheet, first, first+chartRows, last)
	}
	c.block("Tie-outs: each count from two sources", tieOutTable(v.tieOuts(), v.scope).pick("organization", "check", "remark", "first", "second", "result"))
	for i := range v.Organizations {
		c.lines = append(c.lines, v.organizationLines(i)...)
	}
	return c
}

// whereToLook is what a reader who has never seen the report needs to know.
var whereToLook = []string{
	"In full: Changes (since the last complete snapshot), Findings (what is wrong), Rules (all that was judged), Inventory and SSO (what is configured), Timeline, Runs.",
	"How it was collected: Evidence. What the words mean: Glossary. To check the files: sha256sum -c SHA256SUMS in their folder; to check the database: auditor verify.",
}

// block adds a small table as lines, with a heading.
func (c *content) block(heading string, t *table) {
	c.lines = append(c.lines, line{}, line{lookHeading, []any{heading}})
	c.rows(t)
}

// rows adds a small table as lines.
func (c *content) rows(t *table) {
	c.lines = append(c.lines, line{lookHeader, headerCells(t)})
	before := len(c.lines)
	for r := range t.rows {
		c.lines = append(c.lines, line{lookPlain, r.cells})
	}
	if len(c.lines) == before && len(t.remarks) == 0 {
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
		{item: "Tie-outs", value: v.tieOutText()},
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
		fact{item: "Failed findings", value: severityCounts(o.Findings, failedSeverity)},
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

func rowList(rows []row) iter.Seq[row] {
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
		{"Organization", "organization"}, {"Not assessed", "title"}, {"Why", "observed"}, {"Outcomes", "outcomes"}, {"Rule", "rule_id"},
	}}
	var rows []row
	for i, o := range v.each() {
		if !o.complete() {
			rows = append(rows, row{i, []any{v.label(i), "everything", wordNotComplete}})
			continue
		}
		for _, r := range v.rulesOf(o) {
			n, why := o.unassessed(r.ID)
			if n > 0 {
				rows = append(rows, row{i, []any{v.label(i), r.Title, why, n, r.ID}})
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
