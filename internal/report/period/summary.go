package period

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/schedule"
)

const title = "SCIM and SSO configuration audit of a period"

// summarySheet makes the sheet Summary, which is the first page.
func (d *document) summarySheet() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: report.SummaryGrid, OnePage: d.isLong()}
	s.Add(xlsx.Title, d.whose())
	s.Add(xlsx.Note, title+": "+d.String()+d.databasesText())
	s.AddText(report.Looks[d.state()], d.status, len(s.Fixed))
	for _, alarm := range d.pageAlarms() {
		s.AddText(xlsx.Alarm, alarm, len(s.Fixed))
	}
	for _, part := range d.firstPage() {
		s.AddPart(part.Heading, part.All, part.Table)
	}
	return s
}

// pageRows is the number of rows of each part of the first page.
const pageRows = 5

// isLong reports whether not all organizations are on the first page.
func (d *document) isLong() bool { return len(d.organizations) > 2*pageRows }

// pageLines is the number of organizations and of notes on the first page.
func (d *document) pageLines() int {
	if d.isLong() {
		return pageRows
	}
	return 2 * pageRows
}

// firstPage returns the parts of the first page after the status and the alarms.
func (d *document) firstPage() []report.Part {
	return []report.Part{
		{Key: "changed", Heading: "What changed in the period", Table: d.changedTable(), All: "Changes"},
		{Key: "wrong", Heading: "What is wrong at the end, and what to do", Table: d.wrongTable(), All: "Findings"},
		{Key: "configured", Heading: "What is configured at the end", Table: d.overviewTable(), All: "Population"},
		{Key: "not-looked-at", Heading: "What was not looked at", Table: d.notCoveredTable(), All: "Nights"},
		{Key: "source", Heading: "Where this comes from, and how to check it", Table: d.sourceTable()},
	}
}

// whose names the organizations.
func (d *document) whose() string {
	var names []string
	for _, o := range d.organizations {
		names = append(names, o.name)
	}
	return strings.TrimSuffix(report.Named(names), ": ")
}

// pageAlarms returns the first alarms.
func (d *document) pageAlarms() []string {
	if more := len(d.alarms) - pageRows; more > 0 {
		return append(slices.Clone(d.alarms[:pageRows]), fmt.Sprintf("%d more in the sheets Nights and Population", more))
	}
	return d.alarms
}

// changedTable lists the most serious changes, and counts all.
func (d *document) changedTable() *table.Table {
	t, all := table.New("", nil, columnsOf["First page changes"]...), d.sheet("Changes")
	var counts []int
	for _, s := range diff.Severities {
		rows := rowsWith(all, "severity", report.Word(s)).Rows
		counts = append(counts, len(rows))
		for _, r := range rows[:min(len(rows), pageRows-len(t.Rows))] {
			day := table.Shown(r.Cells[all.Column("taken_at")])[:len(time.DateOnly)]
			t.Add(r.Organization, append(report.PageChange(all, r), day, d.names.Of(r.Organization))...)
		}
	}
	t.Remark(table.RunLevel, fmt.Sprintf("%s: %s", report.Count(len(all.Rows), "change"), report.SeverityText(counts)))
	t.Remarks = append(t.Remarks, all.Remarks[:min(len(all.Remarks), pageRows)]...)
	return t
}

// wrongTable lists the most serious findings that fail at the end, and counts all that are open.
func (d *document) wrongTable() *table.Table {
	t := table.New("", nil, columnsOf["First page findings"]...)
	open := rowsWith(d.sheet("Findings"), "state", stateOpen)
	failing := rowsWith(open, "status", report.Word(finding.Fail))
	for _, r := range failing.Rows[:min(len(failing.Rows), pageRows)] {
		t.Add(r.Organization, append(report.PageFinding(open, r), r.Cells[open.Column("organization")])...)
	}
	t.Remark(table.RunLevel, openText(open))
	return t
}

// openText counts the open findings by status, and names those that somebody has accepted.
func openText(open *table.Table) string {
	counts := make(map[any]int)
	var accepted []string
	for _, r := range open.Rows {
		status := r.Cells[open.Column("status")]
		counts[status]++
		if status == report.Word(finding.Excepted) {
			accepted = append(accepted, table.Shown(r.Cells[open.Column("rule_id")])+" "+
				table.Shown(r.Cells[open.Column("subject_name")]))
		}
	}
	text := fmt.Sprintf("%s open at the end: %d fail", report.Count(len(open.Rows), "finding"),
		counts[report.Word(finding.Fail)])
	if n := counts[report.Word(finding.NotAssessed)]; n > 0 {
		text += fmt.Sprintf(", %d could no longer be assessed", n)
	}
	if n := len(accepted); n > 0 {
		text += fmt.Sprintf(", %d accepted (%s)", n, report.FirstOf(accepted, pageRows, "; "))
	}
	return text
}

// overviewTable has one row for each organization with its main counts.
func (d *document) overviewTable() *table.Table {
	t := table.New("", nil, columnsOf["Overview"]...)
	for i, o := range d.organizations[:min(len(d.organizations), d.pageLines())] {
		nights := fmt.Sprintf("%s, %d without a complete snapshot", report.Count(len(o.nights), "night"),
			report.CountOf(o.nights, organizationNight.isUncovered))
		if n, known := d.counts[item{i, "Changes", inPeriod, ""}].(int); known {
			nights += "; " + report.Count(n, "change")
		}
		if len(o.complete) > 0 { // without a complete snapshot, no findings are known
			nights += fmt.Sprintf("; findings open: %d at the start, %d at the end", d.findings(o, openAtStart),
				d.findings(o, stateOpen))
		}
		t.Add(i, o.name, d.counts[item{i, o.scim.plural, atEnd, ""}], d.counts[item{i, o.sso.plural, atEnd, ""}], nights,
			snapshotText(o.opening)+" – "+snapshotText(o.closing))
	}
	t.More(len(d.organizations)-len(t.Rows), "Population")
	return t
}

// notCoveredTable lists the first nights without a complete snapshot, and the notes.
func (d *document) notCoveredTable() *table.Table {
	t := table.New("", nil, columnsOf["Nights not covered"]...)
	nights := rowsWith(d.sheet("Nights"), "status", report.Word(schedule.Failed), report.Word(schedule.Missed),
		report.Word(schedule.Running))
	for _, r := range nights.Rows[:min(len(nights.Rows), pageRows)] {
		cell := func(key string) any { return r.Cells[nights.Column(key)] }
		t.Add(r.Organization, table.Shown(cell("night")), cell("status"), cell("organization"), table.Shown(cell("reason")))
	}
	t.More(len(nights.Rows)-len(t.Rows), "Nights")
	for _, note := range d.notes[:min(len(d.notes), d.pageLines())] {
		t.Remark(table.RunLevel, note)
	}
	if more := len(d.notes) - d.pageLines(); more > 0 {
		t.Remark(table.RunLevel, fmt.Sprintf("%d more notes in period.json", more))
	}
	if n := len(rowsWith(d.sheet("Reviews"), "reviewed", any("not reviewed")).Rows); n > 0 {
		t.Remark(table.RunLevel, report.Count(n, "run")+" without a review; Reviews lists them")
	}
	_, unread := d.coverageText()
	if unread != "" {
		t.Remark(table.RunLevel, "Not read in full: "+unread)
	}
	if len(d.gaps) == 0 && unread == "" && len(t.Remarks) == 0 {
		t.Remark(table.RunLevel, "Every night has a complete snapshot in which everything was read.")
	}
	return t
}

// sourceTable says where the report comes from, and how to check it.
func (d *document) sourceTable() *table.Table {
	t := table.New("", nil, table.Text("Item", "item"), table.Text("Value", "value"))
	t.Bare = true
	for _, f := range d.facts() {
		if f.Organization == table.RunLevel || len(d.organizations) == 1 {
			value := table.Shown(f.Value)
			t.Add(f.Organization, f.Item, value)
		}
	}
	if d.lastHead.Number > 0 {
		t.Add(table.RunLevel, "Ledger", d.lastHead.String())
	}
	t.Add(table.RunLevel, "Tie-outs", d.tied.Sentence())
	t.Add(table.RunLevel, "To check it", "sha256sum -c SHA256SUMS in the folder of this file; auditor verify checks the "+
		"database, and the sheet Snapshots has its hashes.")
	return t
}

// points returns the numbers of the runs in the period for the chart, oldest first.
func (d *document) points() []report.ChartPoint {
	var points []report.ChartPoint
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		if run := d.runs[id]; d.contains(run.StartedAt) {
			numbers, _ := report.RunNumbers(run, d.totals[id])
			points = append(points, report.ChartPoint{RunID: id, At: run.StartedAt, Numbers: numbers})
		}
	}
	return points
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

// facts returns how the report was made, and what is needed to make it again.
func (d *document) facts() []report.Fact {
	if d.databases != nil {
		return slices.Concat([]report.Fact{
			fact(table.RunLevel, "From (UTC)", d.From),
			fact(table.RunLevel, "To, included (UTC)", d.To),
			fact(table.RunLevel, "Databases", strconv.Itoa(len(d.databases)+len(d.lacking))+d.lackingText()),
			fact(table.RunLevel, "Runs", len(d.sheet("Runs").Rows)),
			fact(table.RunLevel, "Tool", "auditor "+d.ToolVersion),
		}, d.databaseFacts)
	}
	sample := fmt.Sprintf("%d of %s, drawn with the seed %d", len(d.sheet("Sample").Rows),
		report.Count(len(d.nights), "night"), d.Seed)
	all := []report.Fact{
		fact(table.RunLevel, "From (UTC)", d.From),
		fact(table.RunLevel, "To, included (UTC)", d.To),
		fact(table.RunLevel, "Known up to (UTC)", d.knownUntil),
		fact(table.RunLevel, "First run in the database (UTC)", d.began),
		fact(table.RunLevel, "Runs", len(d.sheet("Runs").Rows)),
		fact(table.RunLevel, "Nights for the runs as a whole", d.runNights()),
		fact(table.RunLevel, "A night counts as missed after", schedule.Grace.String()),
	}
	for _, s := range d.schedules {
		if !s.From.After(d.To) {
			all = append(all, fact(table.RunLevel, "Schedule since "+report.UTC(s.From), s.Expression+" ("+s.Why+")"))
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
		if n := report.CountOf(p.nights, func(n *night) bool { return n.Status == status }); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, inWords(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", report.Count(len(p.nights), "night"), strings.Join(counts, ", "))
}

func snapshotText(s *taken) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("snapshot %d, taken at %s", s.ID, report.UTC(s.TakenAt))
}
