package period

import (
	"cmp"
	"fmt"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

const title = "SCIM and SSO configuration audit of a period"

// howToUse says where to go on.
var howToUse = []string{
	"The populations to sample from are the sheets Nights, Changes, Findings and Exceptions, whole. " +
		"Population counts them; Sample draws nights, each with the report folder of its run.",
	"To check the files: sha256sum -c SHA256SUMS in their folder; to check the database, whose hashes stand in " +
		"the sheet Snapshots: auditor verify.",
}

// summarySheet says the essence of the period.
func (d *document) summarySheet() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: report.SummaryGrid}
	s.Add(xlsx.Title, title+": "+d.String())
	look := xlsx.Alarm
	if len(d.gaps) == 0 {
		look = xlsx.AllWell
	}
	s.AddText(look, d.status, len(s.Fixed))
	for _, alarm := range d.alarms {
		s.AddText(xlsx.Alarm, alarm, len(s.Fixed))
	}
	for _, text := range howToUse {
		s.Add(xlsx.Note, text)
	}
	s.AddBlock("Organizations; the sheet Population has all counts", d.overviewTable())
	s.AddBlock("Nights without a complete snapshot", d.lackingTable(),
		"organization", "night", "reason", "status", "run_id")
	s.AddBlock("What changed, by severity and kind", d.kindTable(),
		"organization", "item", "remark_on_count", "severity", "count")
	s.AddBlock("What is wrong at the end: the most serious findings", d.failingTable(),
		"organization", "title", "observed", "severity", "rule_id", "subject_name", "days_open")
	s.AddHeading("What else to know")
	for _, note := range d.notes {
		s.AddText(xlsx.Note, note, 1)
	}
	s.AddBlock("Where this comes from", report.FactTable(d.facts(), &d.names))
	s.AddBlock("Tie-outs: each count from two sources", d.ties, report.TieOutKeys...)
	return s
}

// overviewTable has how each organization stands.
func (d *document) overviewTable() *table.Table {
	t := table.New("", nil,
		table.Text("Organization", "organization"), table.Text("Opening snapshot", "opening"),
		table.Text("Closing snapshot", "closing"), table.Int("Nights expected", "nights"),
		table.Int("Nights without a complete snapshot", "lacking"), table.Int("Changes", "changes"),
		table.Int("SCIM at the end", "scim"), table.Int("SSO at the end", "sso"),
		table.Int("Findings at the start", "findings_at_start"), table.Int("Findings at the end", "findings_at_end"))
	for i, o := range d.organizations {
		cells := []any{
			o.name, snapshotText(o.opening), snapshotText(o.closing), len(o.nights), countLacking(o.nights),
			d.counts[item{i, "Changes", inPeriod, ""}], d.counts[item{i, o.scim.plural, atEnd, ""}],
			d.counts[item{i, o.sso.plural, atEnd, ""}],
		}
		if len(o.complete) > 0 { // else it is not known what is wrong
			cells = append(cells, d.findings(o, openAtStart), d.findings(o, stateOpen))
		}
		t.Add(i, cells...)
	}
	return t
}

// lackingTable has the first nights without a complete snapshot.
func (d *document) lackingTable() *table.Table {
	t := d.sheets.nights
	status := t.Column("status")
	return top(t, 50, func(cells []any) bool { return lacks(schedule.Status(table.Plain(cells[status]))) })
}

// kindTable has the counts of the first kinds of change.
func (d *document) kindTable() *table.Table {
	t := d.sheets.population
	population, severity := t.Column("population"), t.Column("severity")
	return top(t, 50, func(cells []any) bool { return cells[population] == "Changes" && cells[severity] != nil })
}

// failingTable has the most serious findings that fail at the end.
func (d *document) failingTable() *table.Table {
	t := d.sheets.findings
	state, status := t.Column("state"), t.Column("status")
	return top(t, report.TopRows, func(cells []any) bool {
		return cells[state] == stateOpen && cells[status] == report.Word(finding.Fail)
	})
}

// top is the first rows of a sheet that pass, and a remark on how many more the sheet has.
func top(t *table.Table, limit int, passes func(cells []any) bool) *table.Table {
	shown := *t
	shown.Rows, shown.Remarks = nil, nil
	for _, r := range t.Rows {
		if passes(r.Cells) {
			shown.Rows = append(shown.Rows, r)
		}
	}
	if more := len(shown.Rows) - limit; more > 0 {
		shown.Rows = shown.Rows[:limit]
		shown.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet %s", more, t.Name))
	}
	return &shown
}

// facts are how the report came to be, and how it can be made again.
func (d *document) facts() []report.Fact {
	all := []report.Fact{
		{Organization: table.RunLevel, Item: "From (UTC)", Value: d.From},
		{Organization: table.RunLevel, Item: "To, included (UTC)", Value: d.To},
		{Organization: table.RunLevel, Item: "Known up to (UTC)", Value: d.known()},
		{Organization: table.RunLevel, Item: "First run of the database (UTC)", Value: d.began},
		{Organization: table.RunLevel, Item: "Runs", Value: len(d.register)},
		{Organization: table.RunLevel, Item: "Nights for the runs as a whole", Value: d.runNights()},
		{Organization: table.RunLevel, Item: "A night counts as missed after", Value: schedule.Grace.String()},
	}
	for _, s := range d.schedules {
		if !s.From.After(d.To) {
			all = append(all, report.Fact{
				Organization: table.RunLevel, Item: "Schedule since " + report.UTC(s.From), Value: s.Expression,
			})
		}
	}
	sample := fmt.Sprintf("%d of %s, drawn with the seed %d", len(d.sheets.sample.Rows),
		report.Count(len(d.nights), "night"), d.Seed)
	all = append(all, report.Fact{Organization: table.RunLevel, Item: "Sample", Value: sample},
		report.Fact{Organization: table.RunLevel, Item: "Tool", Value: "auditor " + d.ToolVersion})
	for i, o := range d.organizations {
		net, _ := o.netText()
		all = append(all, report.Fact{Organization: i, Item: "Organization ID", Value: cmp.Or(o.id, report.Unknown)},
			report.Fact{Organization: i, Item: "Opening snapshot", Value: snapshotText(o.opening)},
			report.Fact{Organization: i, Item: "Closing snapshot", Value: snapshotText(o.closing)},
			report.Fact{Organization: i, Item: "Net change", Value: net})
	}
	return d.Localized(all)
}

// runNights counts what became of the nights for the runs as a whole.
func (p *Period) runNights() string {
	var counts []string
	for _, status := range nightStatuses {
		n := 0
		for _, night := range p.nights {
			if night.Status == status {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, inWords(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", report.Count(len(p.nights), "night"), strings.Join(counts, ", "))
}

func snapshotText(s *snapshot.Snapshot) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d of %s", s.ID, report.UTC(s.TakenAt))
}
