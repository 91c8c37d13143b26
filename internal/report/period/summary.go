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
	s.AddHeading("Period")
	for _, f := range d.Localized(d.facts()) {
		s.Add(xlsx.Plain, f.Item, f.Value)
	}
	for _, text := range howToUse {
		s.Add(xlsx.Note, text)
	}
	s.AddBlock("Organizations", d.standings)
	s.AddBlock("Nights without a complete snapshot", d.lackingTable(), "organization", "night", "reason", "status", "run_id")
	s.AddHeading("What else to know")
	for _, note := range d.notes {
		s.AddText(xlsx.Note, note, 1)
	}
	open := func(r table.Row) bool {
		t := d.sheets.findings
		return r.Cells[t.Column("state")] == stateOpen && r.Cells[t.Column("status")] == report.Word(finding.Fail)
	}
	s.AddBlock("What is wrong at the end: the most serious findings", top(d.sheets.findings, report.TopRows, open),
		"organization", "title", "observed", "severity", "rule_id", "subject_name", "days_open")
	s.AddBlock("Tie-outs: each count from two sources", d.ties, report.TieOutKeys...)
	return s
}

// lackingTable has the first nights without a complete snapshot.
func (d *document) lackingTable() *table.Table {
	status := d.sheets.nights.Column("status")
	return top(d.sheets.nights, 50, func(r table.Row) bool { return lacks(schedule.Status(table.Plain(r.Cells[status]))) })
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
	add := func(item string, value any) {
		all = append(all, report.Fact{Organization: table.RunLevel, Item: item, Value: value})
	}
	add("From (UTC)", d.From)
	add("To, included (UTC)", d.To)
	add("Known up to (UTC)", d.known())
	add("First run of the database (UTC)", d.began)
	add("Nights for the runs as a whole", d.runNights())
	add("A night counts as missed after", schedule.Grace.String())
	add("Runs", len(d.register))
	for _, s := range d.schedulesInForce() {
		add("Schedule in force", s)
	}
	add("Sample", fmt.Sprintf("%d of %s, drawn with the seed %d", len(d.sheets.sample.Rows),
		report.Count(len(d.nights), "night"), d.Seed))
	add("Sample: order", fmt.Sprintf("SHA-256, in hex, of the seed, a vertical bar and the night, such as %d|%s",
		d.Seed, sampleText(d.From)))
	add("Tool", "auditor "+d.ToolVersion)
	return all
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

// schedulesInForce are the schedules of the period in words.
func (p *Period) schedulesInForce() []string {
	var all []string
	for i, s := range p.schedules {
		text := s.Expression + " since " + report.UTC(s.From)
		if i+1 < len(p.schedules) {
			next := p.schedules[i+1].From
			if !next.After(p.From) {
				continue
			}
			if !next.After(p.To) {
				text += " until " + report.UTC(next)
			}
		}
		if !s.From.After(p.To) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return []string{"none is recorded: each UTC day counts as one night"}
	}
	return all
}

// standingTable says how each organization stands over the period.
func (d *document) standingTable() *table.Table {
	var all []report.Fact
	for i, o := range d.organizations {
		net, _ := o.netText()
		add := func(item string, value any) {
			all = append(all, report.Fact{Organization: i, Item: item, Value: value})
		}
		add("Organization ID", cmp.Or(o.id, report.Unknown))
		add("Opening snapshot", snapshotText(o.opening))
		add("Closing snapshot", snapshotText(o.closing))
		add("Nights", sum(o.nightItems()))
		add("Snapshots", sum(o.snapshotItems()))
		add(o.scim.plural, o.scim.String())
		add(o.sso.plural, o.sso.String())
		add("Net change", net)
		add("Changes", o.changesText())
		add("Findings", o.findingsText())
		add("Exceptions", len(o.exceptions))
	}
	return report.FactTable(all, &d.names)
}

func snapshotText(s *snapshot.Snapshot) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d of %s", s.ID, report.UTC(s.TakenAt))
}

// changesText counts the changes by severity and kind.
func (o *organization) changesText() string {
	items := o.changeItems()
	if items[0].count == nil {
		return items[0].remark
	}
	var parts []string
	for _, x := range items[1:] {
		parts = append(parts, fmt.Sprintf("%d %s %s", x.count, x.severity, x.name))
	}
	text := fmt.Sprintf("%d in the period: %s", items[0].count, cmp.Or(strings.Join(parts, ", "), "none"))
	if o.lost > 0 {
		text += "; " + o.atLeast()
	}
	if o.sso.unknown != "" || o.sso.last != o.closing || o.sso.first.ID > o.complete[0].ID {
		text += "; SSO configurations were not compared throughout"
	}
	return text
}

// findingsText counts the findings, and those that fail at the end by severity.
func (o *organization) findingsText() string {
	items := o.findingItems()
	_, failing := o.severities((*episode).fails)
	text := fmt.Sprintf("%d open at the start + %d opened − %d closed = %d open at the end (failed: %s)",
		total(items, openAtStart), total(items, opened), total(items, stateClosed), total(items, stateOpen),
		report.SeverityText(failing))
	if len(o.complete) == 0 {
		return text + "; what else fails is not known: it has no complete snapshot"
	}
	return strings.TrimSuffix(text+"; "+o.lostRemark("findings"), "; ")
}
