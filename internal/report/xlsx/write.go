package xlsx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// part is one sheet of the workbook: a whole Sheet, or a slice of one whose table is too long.
type part struct {
	Sheet
	columns []table.Column // none without a table
	rows    []table.Row
	remarks []Line
	widths  []float64
	printed int // number of columns that print
}

// addSheets adds a Sheet to the workbook, split if its table has too many rows.
func (w *writer) addSheets(s *Sheet) error {
	p := part{Sheet: *s, widths: s.widths()}
	p.printed = printedColumns(p.widths)
	if s.Table == nil {
		return w.addSheet(p)
	}
	p.columns = s.Table.Shown()
	remarks, rest := s.remarkLines(p.widths), s.Table.Rows
	room := w.book.maxRows - len(s.Lines) - 2 - len(remarks) // 2: the header, and the empty row above the remarks
	for number := 1; ; number++ {
		n := min(room, len(rest))
		p.rows, rest = rest[:n], rest[n:]
		if number > 1 {
			p.Name, p.Lines = fmt.Sprintf("%s (%d)", s.Name, number), nil
		}
		if len(rest) == 0 {
			p.remarks = remarks
		}
		if err := w.addSheet(p); err != nil || len(rest) == 0 {
			return err
		}
	}
}

// header returns the row with the titles of the table's columns, 0 without a table.
func (p *part) header() int {
	if p.columns == nil {
		return 0
	}
	return len(p.Lines) + 1
}

// end returns the last row of the table, or the last line without a table.
func (p *part) end() int { return max(len(p.Lines), p.header()+len(p.rows)) }

// cells returns the range from the cell in column from and this row to the cell in column to and
// the last row of the table.
func (p *part) cells(from, row, to int) string {
	return fmt.Sprintf("%s%d:%s%d", ColumnName(from), row, ColumnName(to), p.end())
}

// ColumnName returns the name of a column, counted from 0. A sheet has at most 16,384.
func ColumnName(i int) string {
	name, _ := excelize.ColumnNumberToName(i + 1)
	return name
}

// addSheet adds a sheet without its rows. Method pack writes them later.
func (w *writer) addSheet(p part) error {
	if len(w.parts) == 0 {
		if err := w.SetSheetName(w.GetSheetName(0), p.Name); err != nil {
			return err
		}
	} else if _, err := w.NewSheet(p.Name); err != nil {
		return err
	}
	w.parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", len(w.parts)+1)] = &p
	err := errors.Join(w.setPrinting(&p), w.setColumns(&p), w.markDays(&p), w.addTable(&p), w.addLinks(&p))
	if err == nil && p.Charts != nil {
		err = p.Charts.add(w.File, p.Name) // excelize places a chart by the widths of the columns
	}
	return err
}

// addLinks makes the cells with links lead to the sheets that they name.
func (w *writer) addLinks(p *part) error {
	for i, l := range p.Lines {
		if l.link == "" {
			continue
		}
		cell := fmt.Sprintf("%s%d", ColumnName(len(l.Cells)-1), i+1)
		if err := w.SetCellHyperLink(p.Name, cell, "'"+l.link+"'!A1", "Location"); err != nil {
			return err
		}
	}
	return nil
}

// addTable makes the rows of a data sheet a table object. A table without rows gets no table
// object, because excelize would stretch it over an empty row. Excelize reads the names of the
// columns from the sheet.
func (w *writer) addTable(p *part) error {
	if len(p.rows) == 0 || p.header() != 1 {
		return nil
	}
	header, name := titles(p.columns), strings.NewReplacer(" (", "_", ")", "", " ", "_").Replace(p.Name)
	err := errors.Join(w.SetSheetRow(p.Name, "A1", &header), w.AddTable(p.Name, &excelize.Table{
		Range:     p.cells(0, 1, len(p.columns)-1),
		Name:      "audit_" + name, // a name such as SSO alone would be a cell reference
		StyleName: "TableStyleMedium2",
	}))
	if err != nil {
		return err
	}
	// Excelize parses every table again for each new one. A short stand-in makes this quick;
	// writePart writes the part.
	id := len(w.tables) + 1
	part := fmt.Sprintf("xl/tables/table%d.xml", id)
	whole, _ := w.Pkg.Swap(part, fmt.Appendf(nil, `<table id="%d"/>`, id))
	w.tables[part] = whole.([]byte)
	return nil
}

// setColumns sets the widths, and freezes the header and the first column of a data sheet. It
// goes from the last column to the first, because excelize puts each new column before the others.
func (w *writer) setColumns(p *part) error {
	for first, last := 0, len(p.widths)-1; last >= 0; last = first - 1 {
		for first = last; first > 0 && p.widths[first-1] == p.widths[last]; { // each call takes as long as all before
			first--
		}
		if err := w.SetColWidth(p.Name, ColumnName(first), ColumnName(last), p.widths[last]); err != nil {
			return err
		}
	}
	if p.header() != 1 {
		return nil
	}
	return w.SetPanes(p.Name, &excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: "B2", ActiveCell: "B2", Pane: "bottomRight"}},
	})
}

// markDays adds a bar that shows the days until a token expires. The bar is full at two years, the
// longest life of a token. Expired tokens have a red background. The format stays correct if a
// person sorts or edits rows.
func (w *writer) markDays(p *part) error {
	days := slices.IndexFunc(p.columns, func(c table.Column) bool { return c.Key == "days_to_expiry" })
	if days < 0 || len(p.rows) == 0 {
		return nil
	}
	return w.SetConditionalFormat(p.Name, p.cells(days, p.header()+1, days), []excelize.ConditionalFormatOptions{
		{Type: "cell", Criteria: "<", Value: "0", StopIfTrue: true, Format: &w.expired},
		{Type: "data_bar", Criteria: "=", BarColor: "#9DC3E6", MinType: "num", MinValue: "0", MaxType: "num",
			MaxValue: "730"},
	})
}

const paperA4 = 9 // of excelize.PageLayoutOptions

// setPrinting prints the leading columns on A4 in landscape, with the header row on each page.
func (w *writer) setPrinting(p *part) error {
	last := p.end()
	if len(p.remarks) > 0 {
		last += 1 + len(p.remarks)
	}
	pagesHigh := 0 // as many as needed
	if p.OnePage {
		pagesHigh = 1
	}
	err := errors.Join(
		w.SetSheetDimension(p.Name, fmt.Sprintf("A1:%s%d", ColumnName(max(0, len(p.widths)-1)), max(1, last))),
		w.SetSheetProps(p.Name, &excelize.SheetPropsOptions{FitToPage: new(true)}),
		w.SetPageLayout(p.Name, &excelize.PageLayoutOptions{
			Size: new(paperA4), Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(pagesHigh),
		}),
		w.SetPageMargins(p.Name, &excelize.PageLayoutMarginsOptions{ // inches
			Left: new(0.4), Right: new(0.4), Top: new(0.35), Bottom: new(0.45), Header: new(0.2), Footer: new(0.2),
		}),
		w.SetHeaderFooter(p.Name, &excelize.HeaderFooterOptions{
			OddFooter: "&L" + w.book.Footer + "&C&A&RPage &P of &N",
		}))
	if err == nil && p.firstPage > 0 && p.end() > p.firstPage {
		err = w.InsertPageBreak(p.Name, fmt.Sprintf("A%d", p.firstPage+1))
	}
	if err != nil || last == 0 {
		return err
	}
	area := fmt.Sprintf("'%s'!$A$1:$%s$%d", p.Name, ColumnName(p.printed-1), last)
	err = w.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: p.Name})
	if err != nil || p.header() == 0 {
		return err
	}
	rows := fmt.Sprintf("'%s'!$%d:$%d", p.Name, p.header(), p.header())
	return w.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: rows, Scope: p.Name})
}

// Charts are placed over empty rows of a sheet. Their numbers are in the table of another sheet,
// whose first column names the points.
type Charts struct {
	First  int    // first row of the charts
	Data   string // the sheet with the numbers
	Rows   int    // of its table
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

// add adds the charts, none if there are no numbers.
func (c *Charts) add(f *excelize.File, sheet string) error {
	if c.Rows == 0 {
		return nil
	}
	for _, chart := range c.Charts {
		if err := f.AddChart(sheet, fmt.Sprintf("%s%d", chart.Column, c.First), c.draw(&chart)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Charts) draw(chart *Chart) *excelize.Chart {
	title, axis := excelize.Font{Size: 10, Bold: true, Color: "404040"}, excelize.Font{Size: 8, Color: "404040"}
	drawn := &excelize.Chart{
		Type:       chart.Type,
		Title:      excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: chart.Title, Font: &title}}},
		VaryColors: new(false),
		Dimension:  excelize.ChartDimension{Width: chart.Width, Height: (ChartRows - 2) * 20},
		Legend:     excelize.ChartLegend{Position: "bottom"},
		XAxis:      excelize.ChartAxis{NumFmt: excelize.ChartNumFmt{CustomNumFmt: "mm-dd hh:mm"}, Font: axis},
		YAxis: excelize.ChartAxis{
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0"}, Minimum: new(0.0), MajorGridLines: true, Font: axis,
		},
		ShowBlanksAs: "gap", // a run that is not complete must not show as 0
	}
	for _, s := range chart.Series {
		series := excelize.ChartSeries{
			Name:       fmt.Sprintf("%s!$%s$1", c.Data, s.Column),
			Categories: fmt.Sprintf("%s!$A$2:$A$%d", c.Data, c.Rows+1),
			Values:     fmt.Sprintf("%s!$%s$2:$%s$%d", c.Data, s.Column, s.Column, c.Rows+1),
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
