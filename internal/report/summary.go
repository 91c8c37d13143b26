package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/snapshot"
)

// SummaryGrid has the widths of a summary's columns, in characters: two texts, a long text,
// three numbers and five short numbers. Tables in a summary begin with texts and end with
// numbers.
var SummaryGrid = []float64{26, 42, 60, 13, 13, 13, 9, 9, 9, 9, 9}

// whereToLook guides a reader who sees the report for the first time.
var whereToLook = []string{
	"Complete lists: Changes (since the last complete snapshot), Findings (what is wrong), Rules (every rule), " +
		"Inventory, SSO and Domains (what is configured), Timeline, Runs.",
	"How it was collected: Evidence. What the words mean: Glossary. To check the files, run sha256sum -c SHA256SUMS " +
		"in their folder. To check the database, run auditor verify.",
}

// summary makes the sheet Summary: whether the run is complete, what changed, what is wrong,
// what was not assessed, and how to check the report.
func (r *report) summary() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: SummaryGrid}
	s.Add(xlsx.Title, reportTitle+" of "+UTC(r.Run.StartedAt))
	s.AddText(Looks[r.headline().State], r.status(), len(SummaryGrid))
	for _, alarm := range r.alarms() {
		s.AddText(xlsx.Alarm, alarm, len(SummaryGrid))
	}
	s.AddHeading("Run")
	facts := r.runFacts("id", "outcome", "started_at", "scheduled_for", "trigger", "tool_version")
	facts = append(facts, Fact{Item: "Failed findings", Value: SeverityText(r.failedBySeverity())},
		Fact{Item: "Tie-outs", Value: r.ties.String()})
	for _, f := range append(facts, r.writerFacts()...) {
		s.Add(xlsx.Plain, f.Item, f.Value)
	}
	for _, text := range whereToLook {
		s.Add(xlsx.Note, text)
	}
	s.AddBlock("Organizations, and their failed findings by severity", r.overviewTable())
	s.AddBlock("What changed: the most serious", r.topChangeTable())
	if r.organizationsWithApproval() > 0 {
		s.AddBlock("What differs from the approved baseline", r.topApproved(), "organization", "subject_name", "observed",
			"first_seen")
	}
	s.AddBlock("What is wrong: the most serious findings", r.topFindingTable())
	s.AddBlock("What was not assessed", r.notAssessedTable())
	s.AddBlock("Exceptions: findings that somebody has accepted", r.accepted)
	r.addTrend(s)
	s.AddBlock("Tie-outs: each count from two sources", r.ties.Table(&r.names), TieOutKeys...)
	return s
}

// Looks has the look of a headline by its state.
var Looks = map[State]xlsx.Look{Green: xlsx.AllWell, Amber: xlsx.Caution, Red: xlsx.Alarm}

// TopRows is the number of rows of a long list in a summary.
const TopRows = 10

// overviewTable has one row for each organization, those that are not complete first.
func (r *report) overviewTable() *table.Table {
	t := table.New("", nil, columnsOf["Overview"]...)
	for i, o := range r.Organizations {
		if !o.complete() {
			label := table.Word{Value: r.label(i), Text: r.label(i), Tone: table.Bad}
			t.Add(i, label, "nothing", NotComplete+": "+o.reason())
		}
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			continue
		}
		compared := baselineText
		var sso, changes any
		if o.Snapshot.SSONotAssessed == "" {
			sso = len(o.SSO)
		}
		if o.Baseline != nil {
			compared, changes = "snapshot taken at "+UTC(o.Baseline.TakenAt), len(o.Changes)
		}
		cells := []any{r.label(i), compared, r.overviewNotes(i), len(o.SCIM), sso, changes}
		for _, n := range r.evaluated[i].failed {
			cells = append(cells, n)
		}
		t.Add(i, cells...)
	}
	return t
}

// overviewNotes returns what a reader must know beside the numbers of an organization.
func (r *report) overviewNotes(organization int) string {
	counts := r.evaluated[organization].counts
	notAssessed, older := r.Organizations[organization].comparisonNotes()
	texts := append(notAssessed, older...)
	if n := counts[finding.NotAssessed]; n > 0 {
		texts = append(texts, Count(n, "outcome")+" not assessed")
	}
	if n := counts[finding.Excepted]; n > 0 {
		texts = append(texts, Count(n, "finding")+" accepted")
	}
	return strings.Join(texts, "; ")
}

// mostSerious returns the first rows of a table by severity, and adds the number of the other
// rows to the table of the summary. A table of findings counts only those that fail.
func mostSerious(all, shown *table.Table) []table.Row {
	var rows []table.Row
	severity, status := all.Column("severity"), all.Column("status")
	for _, s := range diff.Severities {
		for _, row := range all.Rows {
			if row.Cells[severity] == Word(s) && (status < 0 || row.Cells[status] == Word(finding.Fail)) {
				rows = append(rows, row)
			}
		}
	}
	if rest := len(rows) - TopRows; rest > 0 {
		shown.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet %s", rest, all.Name))
	}
	return rows[:min(len(rows), TopRows)]
}

// topChangeTable lists the most serious changes of all organizations. The sheet Changes has the
// values of added and removed configurations.
func (r *report) topChangeTable() *table.Table {
	t := table.New("", nil, columnsOf["Top changes"]...)
	for _, row := range mostSerious(r.reading, t) {
		cell := func(key string) string { return table.Shown(row.Cells[r.reading.Column(key)]) }
		text := cell("actor")
		if field := cell("field"); field != "" {
			before, after := cmp.Or(cell("before"), "nothing"), cmp.Or(cell("after"), "nothing")
			text = fmt.Sprintf("%s: %s → %s. %s", field, before, after, text)
		}
		t.Add(row.Organization, cell("organization"), cell("kind")+": "+cmp.Or(cell("subject"), cell("subject_id")), text,
			row.Cells[r.reading.Column("severity")])
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Missing(i, NotComplete+": "+r.label(i)+": its changes are not known")
		}
	}
	return t
}

// topFindingTable lists the most serious failed findings of all organizations.
func (r *report) topFindingTable() *table.Table {
	t := table.New("", nil, columnsOf["Top findings"]...)
	for _, row := range mostSerious(r.findings, t) {
		cell := func(key string) any { return row.Cells[r.findings.Column(key)] }
		subject := cmp.Or(table.Shown(cell("subject_name")), table.Shown(cell("subject_id")))
		t.Add(row.Organization, cell("organization"), cell("title"), subject+": "+table.Shown(cell("observed")),
			cell("severity"), cell("rule_id"), cell("days_open"))
	}
	return t
}

// notAssessedTable lists the rules that could not be evaluated for a subject, and the
// organizations whose snapshot failed.
func (r *report) notAssessedTable() *table.Table {
	t := table.New("", nil, columnsOf["Not assessed"]...)
	for i, organization := range r.Organizations {
		if !organization.complete() {
			t.Add(i, r.label(i), "everything", NotComplete)
			continue
		}
		for _, o := range r.evaluated[i].outcomes {
			n, reason := o.counts[finding.NotAssessed], o.reason
			if len(o.counts) == 0 {
				n, reason = 1, "no finding of this rule is stored"
			}
			if n > 0 {
				t.Add(i, r.label(i), o.rule.Title, reason, n, o.rule.ID)
			}
		}
	}
	return t
}

// trendTable lists the last runs, oldest first, in columns that fit the summary's grid. A local
// time takes the second column; the run and its reason then share the third, so that the
// numbers keep their columns.
func (r *report) trendTable(zone *time.Location) *table.Table {
	columns := slices.Clone(columnsOf["Trend"])
	if zone != nil {
		columns = slices.Delete(columns, 2, 3) // why
	}
	t := table.New("", zone, columns...)
	t.Key = "trend"
	for i := min(trendRuns, len(r.Runs)) - 1; i >= 0; i-- {
		run := &r.Runs[i]
		numbers, reason := r.trendNumbers(run)
		text := fmt.Sprintf("%d: %s", run.ID, run.Outcome)
		cells := []any{run.StartedAt, text, reason}
		if zone != nil {
			cells = []any{run.StartedAt, strings.TrimSuffix(text+": "+reason, ": ")}
		}
		t.Add(table.RunLevel, slices.Concat(cells, numbers, []any{int(run.ID)})...)
	}
	return t
}

// trendNumbers returns the numbers of a run, nil if not known, and the reason why some are
// missing. A run that is not complete has none: its counts lack organizations.
func (r *report) trendNumbers(run *snapshot.Run) (numbers []any, reason string) {
	numbers = make([]any, 3+len(diff.Severities))
	if run.Outcome != snapshot.Complete {
		return numbers, OneLine(run.Error)
	}
	numbers[0], numbers[2] = run.SCIMConfigurations, run.Changes
	totals := r.Totals[run.ID]
	if totals == nil {
		return numbers, ""
	}
	if totals.SSOKnown {
		numbers[1] = totals.SSOConfigurations
	} else {
		reason = "SSO configurations not assessed"
	}
	if totals.Failing == nil {
		return numbers, "pruned: failed findings by severity are no longer known"
	}
	for i, severity := range diff.Severities {
		numbers[3+i] = totals.Failing[severity]
	}
	return numbers, reason
}

// severityColors are in the order of diff.Severities. They also differ in lightness.
var severityColors = []string{"5C0004", "C0272D", "E8862E", "F5C98A", "BFBFBF"}

// addTrend adds the trend to the summary, with its charts above.
func (r *report) addTrend(s *xlsx.Sheet) {
	const scim, sso, changes, firstSeverity = "D", "E", "F", 'G' // columns of the trend in the summary's grid
	s.AddHeading(fmt.Sprintf("The last %d runs", trendRuns))
	first := len(s.Lines) + 1
	for range xlsx.ChartRows {
		s.Add(xlsx.Plain, nil) // fixes the height of the row in every program
	}
	s.AddRows(r.trendTable(r.Zone()))
	var failing []xlsx.Series
	for i, color := range severityColors {
		failing = append(failing, xlsx.Series{Column: string(rune(firstSeverity + i)), Color: color})
	}
	configurations := []xlsx.Series{
		{Column: scim, Color: "1F4E78", Marker: "circle"}, {Column: sso, Color: "E07B00", Marker: "square"},
	}
	s.Charts = &xlsx.Charts{
		First: first, Header: first + xlsx.ChartRows, Last: len(s.Lines),
		Charts: []xlsx.Chart{
			{Column: "A", Title: "Configurations", Type: excelize.Line, Width: 430, Series: configurations},
			{Column: "C", Title: "Changes", Type: excelize.Col, Width: 410,
				Series: []xlsx.Series{{Column: changes, Color: "1F4E78"}}},
			{Column: "D", Title: "Failed findings by severity", Type: excelize.ColStacked, Width: 560, Series: failing},
		},
	}
}
