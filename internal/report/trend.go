package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
	"scim-auditor/internal/snapshot"
)

// trendTable lists the last runs, oldest first, in columns that fit the summary's grid. A local
// time takes the second column; the run and its reason then share the third, so that the numbers
// keep their columns.
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
			cells = cells[:2]
			if reason != "" {
				cells[1] = text + ": " + reason
			}
		}
		t.Add(table.RunLevel, append(append(cells, numbers...), int(run.ID))...)
	}
	return t
}

// trendNumbers returns the numbers of a run, nil if not known, and the reason why some are missing.
// A run that is not complete has none: its counts lack organizations.
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
