package xlsx

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// Charts are placed over empty rows of a sheet, above the lines with their numbers.
type Charts struct {
	First  int // first row of the charts; the row above has their heading
	Header int // row with the titles of the numbers; the first column names the points
	Last   int // last row with numbers
	Charts []Chart
}

// ChartRows is the number of empty rows that the charts need.
const ChartRows = 13

// Chart is one chart.
type Chart struct {
	Column string // of its left edge
	Title  string
	Type   excelize.ChartType
	Width  uint // pixels
	Series []Series
}

// Series is the numbers of one column.
type Series struct{ Column, Color, Marker string }

// add adds the charts, with a page break before their heading so that no page break cuts them. It
// adds none if there are no numbers.
func (c *Charts) add(f *excelize.File, sheet string) error {
	if c.Last <= c.Header {
		return nil
	}
	if err := f.InsertPageBreak(sheet, fmt.Sprintf("A%d", c.First-1)); err != nil {
		return err
	}
	for _, chart := range c.Charts {
		if err := f.AddChart(sheet, fmt.Sprintf("%s%d", chart.Column, c.First), c.draw(sheet, &chart)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Charts) draw(sheet string, chart *Chart) *excelize.Chart {
	zero, never := 0.0, false
	title, axis := excelize.Font{Size: 10, Bold: true, Color: "404040"}, excelize.Font{Size: 8, Color: "404040"}
	drawn := &excelize.Chart{
		Type:       chart.Type,
		Title:      excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: chart.Title, Font: &title}}},
		VaryColors: &never,
		Dimension:  excelize.ChartDimension{Width: chart.Width, Height: (ChartRows - 2) * 20},
		Legend:     excelize.ChartLegend{Position: "bottom"},
		XAxis:      excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "mm-dd"}, Font: axis},
		YAxis: excelize.ChartAxis{
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}, Minimum: &zero, MajorGridLines: true, Font: axis,
		},
		ShowBlanksAs: "gap", // a run that is not complete must not show as 0
	}
	for _, s := range chart.Series {
		series := excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$%d", sheet, s.Column, c.Header),
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheet, c.Header+1, c.Last),
			Values:     fmt.Sprintf("%s!$%s$%d:$%s$%d", sheet, s.Column, c.Header+1, s.Column, c.Last),
			Fill:       fill(s.Color),
		}
		if s.Marker != "" {
			series.Line = excelize.LineOptions{Width: 2}
			series.Marker = excelize.ChartMarker{Symbol: s.Marker, Size: 6, Fill: fill(s.Color)}
		}
		drawn.Series = append(drawn.Series, series)
	}
	return drawn
}
