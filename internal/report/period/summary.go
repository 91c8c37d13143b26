package period

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

const title = "SCIM and SSO configuration audit of a period"

func (d *document) summarySheet() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: report.SummaryGrid}
	s.Add(xlsx.Title, title+": "+d.String())
	s.AddText(report.Looks[d.state()], d.status, len(s.Fixed))
	for _, alarm := range d.alarms {
		s.AddText(xlsx.Alarm, alarm, len(s.Fixed))
	}
	s.Add(xlsx.Note, "To draw samples, use the complete lists in the sheets Nights, Changes, Findings and Exceptions. "+
		"The sheet Population counts them. The sheet Sample lists drawn nights and the report folders of their runs.")
	s.Add(xlsx.Note, "To check the files, run sha256sum -c SHA256SUMS in their folder. To check the database, "+
		"run auditor verify; the sheet Snapshots has its hashes.")
	s.AddBlock("Organizations; the sheet Population has all counts", d.overviewTable())
	s.AddBlock("Nights without a complete snapshot", d.uncoveredNights(),
		"organization", "night", "reason", "status", "run_id")
	s.AddBlock("Runs without a review", firstRows(rowsWith(d.sheets.reviews, "reviewed", any("not reviewed")), 50),
		"nights", "outcome", "reviewed", "run_id", "started_at")
	severities := make([]any, len(diff.Severities)) // without a severity, the row is a total
	for i, severity := range diff.Severities {
		severities[i] = report.Word(severity)
	}
	kinds := rowsWith(rowsWith(d.sheets.population, "population", "Changes"), "severity", severities...)
	s.AddBlock("What changed, by severity and kind", firstRows(kinds, 50),
		"organization", "item", "remark_on_count", "severity", "count")
	failing := rowsWith(rowsWith(d.sheets.findings, "state", stateOpen), "status", report.Word(finding.Fail))
	s.AddBlock("What is wrong at the end: the most serious findings", firstRows(failing, report.TopRows),
		"organization", "title", "observed", "severity", "rule_id", "subject_name", "days_open")
	s.AddHeading("What else to know")
	for _, note := range d.notes {
		s.AddText(xlsx.Note, note, 1)
	}
	s.AddBlock("Where this comes from", report.FactTable(d.facts(), &d.names))
	s.AddBlock("Tie-outs: each count from two sources", d.ties, report.TieOutKeys...)
	return s
}

func (d *document) overviewTable() *table.Table {
	t := table.New("", nil, columnsOf["Overview"]...)
	for i, o := range d.organizations {
		cells := []any{
			o.name, snapshotText(o.opening), snapshotText(o.closing), len(o.nights),
			countOf(o.nights, organizationNight.isUncovered), d.counts[item{i, "Changes", inPeriod, ""}],
			d.counts[item{i, o.scim.plural, atEnd, ""}], d.counts[item{i, o.sso.plural, atEnd, ""}],
		}
		if len(o.complete) > 0 { // without a complete snapshot, no findings are known
			cells = append(cells, d.findings(o, openAtStart), d.findings(o, stateOpen))
		}
		t.Add(i, cells...)
	}
	return t
}

// uncoveredNights lists the first nights without a complete snapshot.
func (d *document) uncoveredNights() *table.Table {
	return firstRows(rowsWith(d.sheets.nights, "status", report.Word(schedule.Failed), report.Word(schedule.Missed),
		report.Word(schedule.Running)), 50)
}

// rowsWith returns the rows with one of the values in a column, without the remarks.
func rowsWith(t *table.Table, key string, values ...any) *table.Table {
	shown, column := *t, t.Column(key)
	shown.Rows, shown.Remarks = nil, nil
	for _, r := range t.Rows {
		if slices.Contains(values, r.Cells[column]) {
			shown.Rows = append(shown.Rows, r)
		}
	}
	return &shown
}

// firstRows cuts a table after limit rows; a remark says how many more the sheet has.
func firstRows(t *table.Table, limit int) *table.Table {
	if more := len(t.Rows) - limit; more > 0 {
		t.Rows = t.Rows[:limit]
		t.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet %s", more, t.Name))
	}
	return t
}

// facts returns how the report was made, and what is needed to make it again.
func (d *document) facts() []report.Fact {
	sample := fmt.Sprintf("%d of %s, drawn with the seed %d", len(d.sheets.sample.Rows),
		report.Count(len(d.nights), "night"), d.Seed)
	all := []report.Fact{
		fact(table.RunLevel, "From (UTC)", d.From),
		fact(table.RunLevel, "To, included (UTC)", d.To),
		fact(table.RunLevel, "Known up to (UTC)", d.knownUntil()),
		fact(table.RunLevel, "First run in the database (UTC)", d.began),
		fact(table.RunLevel, "Runs", len(d.sheets.runs.Rows)),
		fact(table.RunLevel, "Nights for the runs as a whole", d.runNights()),
		fact(table.RunLevel, "A night counts as missed after", schedule.Grace.String()),
	}
	for _, s := range d.schedules {
		if !s.From.After(d.To) {
			all = append(all, fact(table.RunLevel, "Schedule since "+report.UTC(s.From), s.Expression))
		}
	}
	all = append(all, fact(table.RunLevel, "Sample", sample), fact(table.RunLevel, "Tool", "auditor "+d.ToolVersion))
	for i, o := range d.organizations {
		net, _ := o.netText()
		all = append(all, fact(i, "Organization ID", cmp.Or(o.id, report.Unknown)),
			fact(i, "Opening snapshot", snapshotText(o.opening)), fact(i, "Closing snapshot", snapshotText(o.closing)),
			fact(i, "Net change", net))
	}
	return d.Localized(all)
}

func fact(organization int, item string, value any) report.Fact {
	return report.Fact{Organization: organization, Item: item, Value: value}
}

// runNights counts the nights by their status for the run as a whole.
func (p *Period) runNights() string {
	var counts []string
	for _, status := range nightStatuses {
		if n := countOf(p.nights, func(n *night) bool { return n.Status == status }); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, inWords(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", report.Count(len(p.nights), "night"), strings.Join(counts, ", "))
}

func snapshotText(s *snapshot.Snapshot) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d, taken at %s", s.ID, report.UTC(s.TakenAt))
}
