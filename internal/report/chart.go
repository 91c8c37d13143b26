package report

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// ChartPoint has the numbers of one run in a chart: SCIM and SSO configurations, changes, then the
// failed findings in the order of diff.Severities. A number is nil if it is not known.
type ChartPoint struct {
	RunID   int64
	At      time.Time
	Numbers []any
}

// The size of the chart in units of its view box: three panels side by side.
const (
	panelWidth  = 240
	panelGap    = 30
	panelHeight = 90
	panelTop    = 24
)

// chart returns the chart of the last runs, oldest first.
func (r *report) chart() template.HTML {
	var points []ChartPoint
	if r.Databases != nil {
		return ""
	}
	for i := min(trendRuns, len(r.Runs)) - 1; i >= 0; i-- {
		run := &r.Runs[i]
		numbers, _ := RunNumbers(run, r.Totals[run.ID])
		points = append(points, ChartPoint{run.ID, run.StartedAt, numbers})
	}
	return Chart(points)
}

// Chart returns an SVG element: configurations as lines, changes as bars, failed findings as
// stacked bars. A run without a number leaves a gap.
func Chart(points []ChartPoint) template.HTML {
	if len(points) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Configurations, changes and "+
		"failed findings of the last %d runs\">\n", 3*panelWidth+2*panelGap, panelTop+panelHeight+18, len(points))
	c := chart{&b, points}
	c.panel(0, "SCIM and SSO configurations", 1, 0, 1)
	c.panel(1, "Changes", 1, 2)
	failed := make([]int, len(diff.Severities))
	for i := range failed {
		failed[i] = 3 + i
	}
	c.panel(2, "Failed findings", len(failed), failed...)
	b.WriteString("</svg>\n")
	return template.HTML(b.String()) //nolint:gosec // numbers and constants alone
}

type chart struct {
	b      *strings.Builder
	points []ChartPoint
}

// panel draws the numbers at these indexes: stacked bars, except the configurations, which are
// lines.
func (c chart) panel(number int, title string, stacked int, indexes ...int) {
	left, most := number*(panelWidth+panelGap), 0
	for _, p := range c.points {
		sum := 0
		for n, i := range indexes {
			value, _ := p.Numbers[i].(int)
			if n%stacked == 0 {
				sum = 0
			}
			sum += value
			most = max(most, sum)
		}
	}
	fmt.Fprintf(c.b, "<text class=\"title\" x=\"%d\" y=\"10\">%s</text>", left, title)
	fmt.Fprintf(c.b, "<text class=\"most\" x=\"%d\" y=\"10\">most: %d</text>\n", left+panelWidth, most)
	bottom := panelTop + panelHeight
	fmt.Fprintf(c.b, "<path class=\"axis\" d=\"M%d %dh%d\"/>\n", left, bottom, panelWidth)
	first, last := c.points[0].At, c.points[len(c.points)-1].At
	fmt.Fprintf(c.b, "<text x=\"%d\" y=\"%d\">%s</text>", left, bottom+13, first.UTC().Format("01-02"))
	if len(c.points) > 1 {
		fmt.Fprintf(c.b, "<text class=\"most\" x=\"%d\" y=\"%d\">%s</text>\n", left+panelWidth, bottom+13,
			last.UTC().Format("01-02"))
	}
	scale := float64(panelHeight-4) / float64(max(most, 1))
	if number == 0 {
		for n, i := range indexes {
			c.line(left, bottom, scale, i, []string{"scim", "sso"}[n])
		}
		return
	}
	c.bars(left, bottom, scale, indexes)
}

// x returns the middle of a run's column.
func (c chart) x(left, run int) float64 {
	return float64(left) + (float64(run)+0.5)*panelWidth/float64(len(c.points))
}

// line draws one number of each run as points, joined unless a run between has no number.
func (c chart) line(left, bottom int, scale float64, index int, class string) {
	path, join := "", "M"
	for run, p := range c.points {
		value, known := p.Numbers[index].(int)
		if !known {
			join = "M"
			continue
		}
		x, y := c.x(left, run), float64(bottom)-float64(value)*scale
		path += fmt.Sprintf("%s%.1f %.1f", join, x, y)
		join = "L"
		fmt.Fprintf(c.b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\">", class, x, y)
		fmt.Fprintf(c.b, "<title>%s: %d %s</title></circle>\n", p.label(), value, strings.ToUpper(class))
	}
	if path != "" {
		fmt.Fprintf(c.b, "<path class=\"line %s\" d=\"%s\"/>\n", class, path)
	}
}

func (c chart) bars(left, bottom int, scale float64, indexes []int) {
	width := min(panelWidth/float64(len(c.points))*0.7, 16)
	for run, p := range c.points {
		y := float64(bottom)
		for n, i := range indexes {
			value, _ := p.Numbers[i].(int)
			if value == 0 {
				continue
			}
			class := "changes"
			if len(indexes) > 1 {
				class = string(diff.Severities[n])
			}
			y -= float64(value) * scale
			fmt.Fprintf(c.b, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", class,
				c.x(left, run)-width/2, y, width, float64(value)*scale)
			fmt.Fprintf(c.b, "<title>%s: %d %s</title></rect>\n", p.label(), value, class)
		}
	}
}

func (p *ChartPoint) label() string {
	return fmt.Sprintf("run %d, %s", p.RunID, p.At.UTC().Format("2006-01-02 15:04"))
}
