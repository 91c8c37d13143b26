package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/snapshot"
)

// SummaryGrid has the widths of a summary's columns, in characters: a name, a word, a short text,
// two long texts, a number and a name. Together they are as wide as a sheet of paper.
var SummaryGrid = []float64{28, 10, 23, 56, 55, 13, 15}

// summary makes the sheet Summary: the first page, then the accepted findings and the trend. Those
// of a fleet have a sheet of their own, so that its first page prints on one sheet of paper.
func (r *report) summary() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: SummaryGrid}
	s.Add(xlsx.Title, r.whose())
	s.Add(xlsx.Note, reportTitle+", "+r.night())
	s.AddText(Looks[r.headline.State], strings.TrimSuffix(r.headline.Text+" — "+r.details(), " — "), len(SummaryGrid))
	for _, alarm := range r.pageAlarms() {
		s.AddText(xlsx.Alarm, alarm, len(SummaryGrid))
	}
	for _, part := range r.parts {
		s.AddPart(part.Heading, part.All, part.Table)
	}
	s.EndFirstPage()
	if s.OnePage = r.isFleet(); !s.OnePage {
		r.addRest(s)
	}
	return s
}

// addRest adds what follows the first page.
func (r *report) addRest(s *xlsx.Sheet) {
	if len(r.accepted.Rows) > 0 {
		s.AddBlock("Exceptions: findings that somebody has accepted", r.accepted)
	}
	if r.Databases == nil { // the sheet Trend has the runs of each database
		r.addCharts(s)
	}
}

// Looks has the look of a headline by its state.
var Looks = map[State]xlsx.Look{Green: xlsx.AllWell, Amber: xlsx.Caution, Red: xlsx.Alarm}

// organizationsSheet has one row for each organization.
const organizationsSheet = "Organizations"

// overviewTable has one row for each organization, those that are not complete first.
func (r *report) overviewTable() *table.Table {
	t := table.New(organizationsSheet, nil, columnsOf["Overview"]...)
	for i, o := range r.Organizations {
		if !o.complete() {
			label := table.Word{Value: r.label(i), Text: r.label(i), Tone: table.Bad}
			cells := append([]any{label, "nothing", NotComplete + ": " + o.reason()}, make([]any, 3+len(diff.Severities))...)
			t.Add(i, append(cells, o.Snapshot.Source, o.id())...)
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
		t.Add(i, append(cells, o.Snapshot.Source, o.id())...)
	}
	return r.withDatabase(t)
}

// overviewNotes returns what a reader must know beside the numbers of an organization.
func (r *report) overviewNotes(organization int) string {
	counts := r.evaluated[organization].counts
	notAssessed, older := r.Organizations[organization].comparisonNotes()
	texts := append(notAssessed, older...)
	for _, c := range r.Organizations[organization].Coverage() {
		if words := coverageInWords[c.Status]; words != "" && c.Status != AssessedInPart && !c.HidesChanges() {
			texts = append(texts, fmt.Sprintf("%s %s: %s", c.Part, words, c.Reason))
		}
	}
	if n := counts[finding.NotAssessed]; n > 0 {
		texts = append(texts, Count(n, "outcome")+" not assessed")
	}
	if n := counts[finding.Excepted]; n > 0 {
		texts = append(texts, Count(n, "finding")+" accepted")
	}
	return strings.Join(texts, "; ")
}

// trendTable lists the last runs, oldest first.
func (r *report) trendTable() *table.Table {
	t := table.New("Trend", r.Zone(), columnsOf["Trend"]...)
	t.Key = "trend"
	for n, d := range r.withRun() {
		for i := min(trendRuns, len(d.Runs)) - 1; i >= 0; i-- {
			run := &d.Runs[i]
			numbers, reason := RunNumbers(run, d.Totals[run.ID])
			text := fmt.Sprintf("%d: %s", run.ID, run.Outcome)
			t.Add(r.level(n), slices.Concat([]any{run.StartedAt, text, reason}, numbers, []any{int(run.ID)})...)
		}
	}
	return t
}

// RunNumbers returns the numbers of a run for charts: SCIM and SSO configurations, changes, then
// failed findings in the order of diff.Severities. They are nil if not known; reason says why some
// are missing. A run that is not complete has none: its counts lack organizations.
func RunNumbers(run *snapshot.Run, totals *snapshot.Totals) (numbers []any, reason string) {
	numbers = make([]any, 3+len(diff.Severities))
	if run.Outcome != snapshot.Complete {
		return numbers, OneLine(run.Error)
	}
	numbers[0], numbers[2] = run.SCIMConfigurations, run.Changes
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

// addCharts adds charts of the trend to the summary. Their numbers are in the sheet Trend.
func (r *report) addCharts(s *xlsx.Sheet) {
	s.AddHeading(fmt.Sprintf("The last %d runs; the sheet Trend has the numbers", trendRuns))
	first := len(s.Lines) + 1
	for range xlsx.ChartRows {
		s.Add(xlsx.Plain, nil) // fixes the height of the row in every program
	}
	series := func(key, color, marker string) xlsx.Series {
		return xlsx.Series{Column: xlsx.ColumnName(r.trend.Column(key)), Color: color, Marker: marker}
	}
	var failing []xlsx.Series
	for i, color := range severityColors {
		failing = append(failing, series("failed_"+string(diff.Severities[i]), color, ""))
	}
	s.Charts = &xlsx.Charts{First: first, Data: r.trend.Name, Rows: len(r.trend.Rows), Charts: []xlsx.Chart{
		{Column: "A", Title: "Configurations", Type: excelize.Line, Width: 400, Series: []xlsx.Series{
			series("scim_configurations", "1F4E78", "circle"), series("sso_configurations", "E07B00", "square")}},
		{Column: "D", Title: "Changes", Type: excelize.Col, Width: 410, Series: []xlsx.Series{
			series("changes", "1F4E78", "")}},
		{Column: "E", Title: "Failed findings by severity", Type: excelize.ColStacked, Width: 500, Series: failing},
	}}
}
