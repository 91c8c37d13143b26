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
		lacking, findings := 0, o.findingItems()
		for _, n := range o.nights {
			if lacks(n.status) {
				lacking++
			}
		}
		cells := []any{
			o.name, snapshotText(o.opening), snapshotText(o.closing), len(o.nights), lacking, o.changeItems()[0].count,
			o.scim.items[3].count, o.sso.items[3].count,
		}
		if len(o.complete) > 0 { // else it is not known what is wrong
			cells = append(cells, total(findings, openAtStart), total(findings, stateOpen))
		}
		t.Add(i, cells...)
	}
	return t
}

// lackingTable has the first nights without a complete snapshot.
func (d *document) lackingTable() *table.Table {
	t := d.sheets.nights
	status := t.Column("status")
	return top(t, 50, func(r table.Row) bool { return lacks(schedule.Status(table.Plain(r.Cells[status]))) })
}

// kindTable has the counts of the first kinds of change.
func (d *document) kindTable() *table.Table {
	t := d.sheets.population
	population, severity := t.Column("population"), t.Column("severity")
	return top(t, 50, func(r table.Row) bool { return r.Cells[population] == "Changes" && r.Cells[severity] != nil })
}

// failingTable has the most serious findings that fail at the end.
func (d *document) failingTable() *table.Table {
	t := d.sheets.findings
	state, status := t.Column("state"), t.Column("status")
	return top(t, report.TopRows, func(r table.Row) bool {
		return r.Cells[state] == stateOpen && r.Cells[status] == report.Word(finding.Fail)
	})
}

// top is the first rows of a sheet that pass, and a remark on how many more the sheet has.
func top(t *table.Table, limit int, passes func(table.Row) bool) *table.Table {
	shown, more := *t, 0
	shown.Rows, shown.Remarks = nil, nil
	for _, r := range t.Rows {
		if !passes(r) {
			continue
		}
		if len(shown.Rows) == limit {
			more++
			continue
		}
		shown.Rows = append(shown.Rows, r)
	}
	if more > 0 {
		shown.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet %s", more, t.Name))
	}
	return &shown
}

// facts are how the report came to be, and how it can be made again.
func (d *document) facts() []report.Fact {
	var all []report.Fact
	add := func(organization int, item string, value any) {
		all = append(all, report.Fact{Organization: organization, Item: item, Value: value})
	}
	add(table.RunLevel, "From (UTC)", d.From)
	add(table.RunLevel, "To, included (UTC)", d.To)
	add(table.RunLevel, "Known up to (UTC)", d.known())
	add(table.RunLevel, "First run of the database (UTC)", d.began)
	add(table.RunLevel, "Runs", len(d.register))
	add(table.RunLevel, "Nights for the runs as a whole", d.runNights())
	add(table.RunLevel, "A night counts as missed after", schedule.Grace.String())
	for _, s := range d.schedules {
		if !s.From.After(d.To) {
			add(table.RunLevel, "Schedule since "+report.UTC(s.From), s.Expression)
		}
	}
	add(table.RunLevel, "Sample", fmt.Sprintf("%d of %s, drawn with the seed %d", len(d.sheets.sample.Rows),
		report.Count(len(d.nights), "night"), d.Seed))
	add(table.RunLevel, "Tool", "auditor "+d.ToolVersion)
	for i, o := range d.organizations {
		net, _ := o.netText()
		add(i, "Organization ID", cmp.Or(o.id, report.Unknown))
		add(i, "Opening snapshot", snapshotText(o.opening))
		add(i, "Closing snapshot", snapshotText(o.closing))
		add(i, "Net change", net)
	}
	return d.Localized(all)
}

// runNights counts what became of the nights for the runs as a whole.
func (p *Period) runNights() string {
	counts := make(map[schedule.Status]int)
	for _, n := range p.nights {
		counts[n.Status]++
	}
	var parts []string
	for _, status := range nightStatuses {
		if counts[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[status], inWords(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", report.Count(len(p.nights), "night"), strings.Join(parts, ", "))
}

func snapshotText(s *snapshot.Snapshot) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d of %s", s.ID, report.UTC(s.TakenAt))
}
