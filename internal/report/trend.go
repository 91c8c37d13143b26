package report

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/snapshot"
)

// trendRuns is how many runs the trend shows at most.
const trendRuns = 30

// trendRun is one run of the trend. Numbers that are not known are nil: those of a run that is not complete do not count every organization.
type trendRun struct {
	*snapshot.Run
	scim, sso, changes any
	failing            []any // in the order of diff.Severities
	why                string
}

// trend is the last runs, oldest first.
func (v *view) trend() []trendRun {
	var all []trendRun
	for i := min(trendRuns, len(v.Runs)) - 1; i >= 0; i-- {
		all = append(all, v.trendRun(&v.Runs[i]))
	}
	return all
}

func (v *view) trendRun(r *snapshot.Run) trendRun {
	t := trendRun{Run: r, failing: make([]any, len(diff.Severities))}
	if r.Outcome != snapshot.Complete {
		t.why = oneLine(r.Error)
		return t
	}
	t.scim, t.changes = r.SCIMConfigurations, r.Changes
	totals := v.Totals[r.ID]
	if totals == nil {
		return t
	}
	if totals.SSOKnown {
		t.sso = totals.SSOConfigurations
	} else {
		t.why = "SSO configurations not assessed"
	}
	if totals.Failing == nil {
		t.why = "pruned: failed findings no longer known by severity"
		return t
	}
	for i, severity := range diff.Severities {
		t.failing[i] = totals.Failing[severity]
	}
	return t
}

// The columns of the trend's numbers, in the summary's grid.
const (
	trendSCIM    = "D"
	trendSSO     = "E"
	trendChanges = "F"
)

var trendFailing = []string{"G", "H", "I", "J", "K"} // in the order of diff.Severities

// trendTable has the numbers of the charts. Its third column says why numbers are missing; a local time takes the second column, and what
// stands there goes into the third, so that the numbers keep their places.
func (v *view) trendTable() *table {
	t := &table{columns: []column{{"Started at " + inUTC, "started_at"}, {"Run", "run"}, {"Why a number is missing", "why"}}}
	zone := v.Zone()
	if zone != nil {
		t.columns = []column{t.columns[0], {"Started at (" + zone.String() + ")", "started_at_local"}, {"Run", "run"}}
	}
	t.columns = append(t.columns, column{"SCIM", "scim_configurations"}, column{"SSO", "sso_configurations"}, column{"Changes", "changes"})
	t.columns = append(t.columns, severityColumns()...)
	var rows []row
	for _, r := range v.trend() {
		run := fmt.Sprintf("%d: %s", r.ID, r.Outcome)
		cells := []any{r.StartedAt, run, r.why}
		if zone != nil {
			if r.why != "" {
				run += ": " + r.why
			}
			cells = []any{r.StartedAt, local(r.StartedAt, zone), run}
		}
		rows = append(rows, row{runLevel, append(append(cells, r.scim, r.sso, r.changes), r.failing...)})
	}
	t.rows = rowList(rows)
	return t
}

func severityColumns() []column {
	columns := make([]column, len(diff.Severities))
	for i, s := range diff.Severities {
		columns[i] = column{string(s), "failed_" + string(s)}
	}
	return columns
}

// chartRows is how many empty rows the charts need above the trend's table.
const chartRows = 13

// addTrendCharts draws the rows below the trend's header, up to last, in the rows from first on, on a page that begins with their heading.
func addTrendCharts(f *excelize.File, sheet string, first, header, last int) error {
	if last <= header {
		return nil
	}
	if err := f.InsertPageBreak(sheet, fmt.Sprintf("A%d", first-1)); err != nil { // no chart is cut
		return fmt.Errorf("breaking the page above the charts: %w", err)
	}
	series := func(column, color, marker string) excelize.ChartSeries {
		fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
		s := excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$%d", sheet, column, header),
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheet, header+1, last),
			Values:     fmt.Sprintf("%s!$%s$%d:$%s$%d", sheet, column, header+1, column, last),
			Fill:       fill,
		}
		if marker != "" {
			s.Line, s.Marker = excelize.LineOptions{Width: 2}, excelize.ChartMarker{Symbol: marker, Size: 6, Fill: fill}
		}
		return s
	}
	var failing []excelize.ChartSeries
	for i, column := range trendFailing {
		failing = append(failing, series(column, severityColors[i], ""))
	}
	for _, c := range []struct {
		cell, title string
		kind        excelize.ChartType
		width       uint // pixels
		series      []excelize.ChartSeries
	}{
		{"A", "Configurations", excelize.Line, 430, []excelize.ChartSeries{series(trendSCIM, "1F4E78", "circle"), series(trendSSO, "E07B00", "square")}},
		{"C", "Changes", excelize.Col, 410, []excelize.ChartSeries{series(trendChanges, "1F4E78", "")}},
		{"D", "Failed findings by severity", excelize.ColStacked, 560, failing},
	} {
		if err := f.AddChart(sheet, fmt.Sprintf("%s%d", c.cell, first), trendChart(c.title, c.kind, c.width, c.series)); err != nil {
			return fmt.Errorf("the chart %s: %w", c.title, err)
		}
	}
	return nil
}

// severityColors differ in lightness too, in the order of diff.Severities.
var severityColors = []string{"5C0004", "C0272D", "E8862E", "F5C98A", "BFBFBF"}

func trendChart(title string, kind excelize.ChartType, width uint, series []excelize.ChartSeries) *excelize.Chart {
	zero, never, font := 0.0, false, excelize.Font{Size: 8, Color: "404040"}
	return &excelize.Chart{
		Type:         kind,
		Series:       series,
		Title:        excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title, Font: &excelize.Font{Size: 10, Bold: true, Color: "404040"}}}},
		VaryColors:   &never,
		Dimension:    excelize.ChartDimension{Width: width, Height: (chartRows - 2) * 20},
		Legend:       excelize.ChartLegend{Position: "bottom"},
		XAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "mm-dd"}, Font: font},
		YAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}, Minimum: &zero, MajorGridLines: true, Font: font},
		ShowBlanksAs: "gap", // a run that is not complete is no zero
	}
}

// jsonTrend is one run of the last 30, null where a number is not known.
type jsonTrend struct {
	RunID              int64 `json:"run_id"`
	SCIMConfigurations any   `json:"scim_configurations"`
	SSOConfigurations  any   `json:"sso_configurations"`
	Changes            any   `json:"changes"`
	// FailedFindings is by severity.
	FailedFindings map[diff.Severity]any `json:"failed_findings"`
	Why            string                `json:"why"`
}

func trendJSON(t *trendRun) jsonTrend {
	j := jsonTrend{RunID: t.ID, SCIMConfigurations: t.scim, SSOConfigurations: t.sso, Changes: t.changes, Why: t.why}
	if t.failing[0] == nil {
		return j
	}
	j.FailedFindings = make(map[diff.Severity]any, len(diff.Severities))
	for i, severity := range diff.Severities {
		j.FailedFindings[severity] = t.failing[i]
	}
	return j
}
