package report

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

// trendColors differ in lightness too.
var trendColors = []string{"1F4E78", "E07B00", "9C0006"}

func pattern(color string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
}

// addTrendChart draws the rows below the header row of the trend, up to last, beside their numbers.
func addTrendChart(f *excelize.File, sheet string, header, last int) error {
	if last <= header {
		return nil
	}
	series := make([]excelize.ChartSeries, 0, 3)
	for i, letter := range []string{"C", "D", "E"} {
		series = append(series, excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$%d", sheet, letter, header),
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheet, header+1, last),
			Values:     fmt.Sprintf("%s!$%s$%d:$%s$%d", sheet, letter, header+1, letter, last),
			Fill:       pattern(trendColors[i]), // the line's colour, too
			Line:       excelize.LineOptions{Width: 2},
			Marker:     excelize.ChartMarker{Symbol: []string{"circle", "square", "triangle"}[i], Size: 6, Fill: pattern(trendColors[i])},
		})
	}
	zero, font := 0.0, excelize.Font{Size: 8, Color: "404040"}
	return f.AddChart(sheet, fmt.Sprintf("F%d", header), &excelize.Chart{
		Type:         excelize.Line,
		Series:       series,
		Dimension:    excelize.ChartDimension{Width: 430, Height: 260}, // pixels, the width of the column
		Legend:       excelize.ChartLegend{Position: "bottom"},
		XAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "mm-dd"}, Font: font},
		YAxis:        excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}, Minimum: &zero, MajorGridLines: true, Font: font},
		ShowBlanksAs: "gap", // a run that is not complete is no zero
	})
}
