package report

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// remarkWidth is the most characters of a remark in one row.
const remarkWidth = 150

// add writes a content, as several sheets where it has more rows than one can hold.
func (b *book) add(c *content) error {
	remarks := c.remarkLines()
	if c.table == nil {
		return b.addSheet(c, c.name, c.lines, nil, 0, remarks)
	}
	total := c.table.size()
	room := b.limit - len(c.lines) - 2 - len(remarks) // below the header, above an empty row and the remarks
	next, stop := iter.Pull(c.table.rows)
	defer stop()
	lines := c.lines
	for number := 1; ; number++ {
		name, count, last := c.name, min(total, room), total <= room
		if number > 1 {
			name = fmt.Sprintf("%s (%d)", c.name, number)
		}
		var beneath []line
		if last {
			beneath = remarks
		}
		if err := b.addSheet(c, name, lines, next, count, beneath); err != nil || last {
			return err
		}
		total -= count
		lines = nil
	}
}

// remarkLines is what stands beneath a table; one without rows says so.
func (c *content) remarkLines() []line {
	if c.table == nil {
		return nil
	}
	var lines []line
	columns := c.columnsOf(remarkWidth)
	for _, r := range c.table.remarks {
		l := lookNote
		if strings.HasPrefix(r.text, wordNotComplete) {
			l = lookAlarm
		}
		lines = append(lines, textLines(l, r.text, columns)...)
	}
	if len(lines) == 0 && c.table.size() == 0 {
		lines = append(lines, line{lookNote, []any{"none"}})
	}
	return lines
}

// textLines is a text that stands alone, in as many rows as it needs and with the ground of its look over a number of columns.
func textLines(l look, text string, columns int) []line {
	var lines []line
	for _, part := range wrapped(Visible(text), remarkWidth, " ") {
		cells := make([]any, columns)
		cells[0] = part
		lines = append(lines, line{l, cells})
	}
	return lines
}

func headerCells(t *table) []any {
	cells := make([]any, len(t.columns))
	for i, title := range titles(t.columns) {
		cells[i] = title
	}
	return cells
}

// columnsOf is the number of columns that a text of this many characters spreads over.
func (c *content) columnsOf(characters float64) int {
	for i, width := range c.widths {
		if characters -= width; characters <= 0 {
			return i + 1
		}
	}
	return len(c.widths)
}

// stream is a sheet under construction, row by row.
type stream struct {
	*excelize.StreamWriter
	row int // the last one written
}

func (b *book) addSheet(c *content, name string, lines []line, next func() (row, bool), count int, remarks []line) error {
	header := 0
	if c.table != nil {
		header = len(lines) + 1
	}
	height := max(1, len(lines), header+count)
	if len(remarks) > 0 {
		height += 1 + len(remarks)
	}
	if err := b.prepare(c, name, header, height); err != nil {
		return err
	}
	sw, err := b.NewStreamWriter(name)
	if err != nil {
		return err
	}
	s := &stream{StreamWriter: sw}
	if err := b.setColumns(s, c, header); err != nil {
		return err
	}
	if err := b.writeLines(s, c, lines); err != nil {
		return err
	}
	if c.table != nil {
		if err := b.writeTable(s, c, name, next, count); err != nil {
			return err
		}
	}
	if len(remarks) > 0 {
		s.row++ // an empty row, or the table would grow over the remarks when someone types into it
		if err := b.writeLines(s, c, remarks); err != nil {
			return err
		}
	}
	if c.finish != nil {
		if err := c.finish(b.File, name); err != nil {
			return err
		}
	}
	return s.Flush()
}

func (b *book) writeLines(s *stream, c *content, lines []line) error {
	for _, l := range lines {
		if err := b.writeRow(s, c, l.look, l.cells); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) writeRow(s *stream, c *content, l look, values []any) error {
	s.row++
	if len(values) == 0 {
		return nil
	}
	return s.SetRow(fmt.Sprintf("A%d", s.row), b.cells(l, values), excelize.RowOpts{Height: c.height(l, values)})
}

// writeTable writes the header and count rows. Only a table with rows becomes a table object: excelize would stretch one without.
func (b *book) writeTable(s *stream, c *content, sheet string, next func() (row, bool), count int) error {
	t := c.table
	if err := b.writeRow(s, c, lookHeader, headerCells(t)); err != nil {
		return err
	}
	first := s.row
	for range count {
		r, ok := next()
		if !ok {
			return fmt.Errorf("table %s ended %d rows early", t.name, count-(s.row-first))
		}
		if err := b.writeRow(s, c, lookPlain, r.cells); err != nil {
			return err
		}
	}
	if count == 0 {
		return nil
	}
	end, err := excelize.CoordinatesToCellName(len(t.columns), s.row)
	if err != nil {
		return err
	}
	return s.AddTable(&excelize.Table{
		Range:     fmt.Sprintf("A%d:%s", first, end),
		Name:      "audit_" + strings.NewReplacer(" (", "_", ")", "").Replace(sheet), // a bare SSO is a column of a sheet
		StyleName: "TableStyleMedium2",
	})
}

// setColumns sets the widths, and freezes the header and the id column of a data sheet.
func (b *book) setColumns(s *stream, c *content, header int) error {
	for i, width := range c.widths {
		if err := s.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if header != 1 {
		return nil
	}
	return s.SetPanes(&excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: "B2", ActiveCell: "B2", Pane: "bottomRight"}},
	})
}

// prepare makes the sheet and sets what the stream writer must find set when it begins.
func (b *book) prepare(c *content, name string, header, height int) error {
	if b.sheets++; b.sheets == 1 {
		if err := b.SetSheetName(b.GetSheetName(0), name); err != nil {
			return err
		}
	} else if _, err := b.NewSheet(name); err != nil {
		return err
	}
	corner, err := excelize.CoordinatesToCellName(max(1, len(c.widths)), height)
	if err != nil {
		return err
	}
	if err := b.SetSheetDimension(name, "A1:"+corner); err != nil {
		return err
	}
	return b.setPrinting(name, header)
}

// The papers of excelize.PageLayoutOptions.
const (
	paperA3 = 8
	paperA4 = 9
)

// wideSheets do not fit on A4 in a size that can be read.
var wideSheets = []string{"Changes", "Inventory", "SSO", "Findings", "Rules", "Timeline", "Runs", "Evidence"}

// setPrinting makes the sheet landscape, one page wide and as many high as it takes, with its header row on each.
func (b *book) setPrinting(name string, header int) error {
	fit, orientation, wide, high, paper := true, "landscape", 1, 0, paperA4
	if slices.ContainsFunc(wideSheets, func(s string) bool { return strings.HasPrefix(name, s) }) {
		paper = paperA3
	}
	if err := b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high,
	}); err != nil {
		return err
	}
	side, top := 0.4, 0.5 // inches
	if err := b.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &top}); err != nil {
		return err
	}
	run := &b.view.Run
	if err := b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddFooter: fmt.Sprintf("&LRun %d of %s&C&A&RPage &P of &N", run.ID, utc(run.StartedAt)),
	}); err != nil {
		return err
	}
	if header == 0 {
		return nil
	}
	return b.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", name, header, header), Scope: name,
	})
}
