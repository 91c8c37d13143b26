package report

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// remarkWidth is the most characters of a remark in one row.
const remarkWidth = 150

// sheet is one sheet of the workbook: lines, then rows of a table below their header, then remarks.
type sheet struct {
	*content
	name        string
	lines       []line
	skip, count int // of the table's rows
	remarks     []line
	names       []string // of the columns: A, B and so on
}

// add plans a content, as several sheets where it has more rows than one can hold.
func (b *book) add(c *content) error {
	remarks := c.remarkLines()
	if c.table == nil {
		return b.addSheet(&sheet{content: c, name: c.name, lines: c.lines, remarks: remarks})
	}
	total := c.table.size()
	room := b.limit - len(c.lines) - 2 - len(remarks) // below the header, above an empty row and the remarks
	for number, skip := 1, 0; ; number++ {
		s := &sheet{content: c, name: c.name, skip: skip, count: min(total-skip, room)}
		skip += s.count
		if number == 1 {
			s.lines = c.lines
		} else {
			s.name = fmt.Sprintf("%s (%d)", c.name, number)
		}
		if skip == total {
			s.remarks = remarks
		}
		if err := b.addSheet(s); err != nil || skip == total {
			return err
		}
	}
}

// header is the row with the titles of the table's columns, 0 without a table.
func (s *sheet) header() int {
	if s.table == nil {
		return 0
	}
	return len(s.lines) + 1
}

// last is the last row.
func (s *sheet) last() int {
	last := max(1, len(s.lines), s.header()+s.count)
	if len(s.remarks) > 0 {
		last += 1 + len(s.remarks)
	}
	return last
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
	for part := range wrapped(Visible(text), remarkWidth, " ") {
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

// addSheet makes the sheet with everything but its rows.
func (b *book) addSheet(s *sheet) error {
	if len(b.sheets) == 0 {
		if err := b.SetSheetName(b.GetSheetName(0), s.name); err != nil {
			return err
		}
	} else if _, err := b.NewSheet(s.name); err != nil {
		return err
	}
	b.sheets = append(b.sheets, s)
	for i := range max(1, len(s.widths)) {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		s.names = append(s.names, name)
	}
	if err := b.SetSheetDimension(s.name, fmt.Sprintf("A1:%s%d", s.names[len(s.names)-1], s.last())); err != nil {
		return err
	}
	for _, set := range []func(*sheet) error{b.setPrinting, b.setColumns, b.addTable, b.addConditional} {
		if err := set(s); err != nil {
			return err
		}
	}
	if s.finish != nil {
		return s.finish(b.File, s.name)
	}
	return nil
}

// addTable makes the rows a table object. Excelize takes the names of its columns from the header's cells, and would stretch a table without
// rows.
func (b *book) addTable(s *sheet) error {
	if s.count == 0 {
		return nil
	}
	header := headerCells(s.table)
	if err := b.SetSheetRow(s.name, fmt.Sprintf("A%d", s.header()), &header); err != nil {
		return err
	}
	if err := b.AddTable(s.name, &excelize.Table{
		Range:     fmt.Sprintf("A%d:%s%d", s.header(), s.names[len(s.table.columns)-1], s.header()+s.count),
		Name:      "audit_" + strings.NewReplacer(" (", "_", ")", "", " ", "_").Replace(s.name), // a bare SSO is a column of a sheet
		StyleName: "TableStyleMedium2",
	}); err != nil {
		return err
	}
	return b.setTableAside()
}

// setTableAside takes the newest table out of excelize's hands but for its number: before it adds another, it would decode all of them twice,
// which took a sixth of the time of a small workbook. Our sheets' names, and with them the tables', are unique.
func (b *book) setTableAside() error {
	id := len(b.tables) + 1
	name := fmt.Sprintf("xl/tables/table%d.xml", id)
	part, ok := b.Pkg.Swap(name, fmt.Appendf(nil, `<table id="%d"/>`, id))
	if !ok {
		return fmt.Errorf("excelize has not made %s", name)
	}
	b.tables[name] = part.([]byte)
	return nil
}

// setColumns sets the widths, and freezes the header and the id column of a data sheet.
func (b *book) setColumns(s *sheet) error {
	for i, width := range s.widths {
		if err := b.SetColWidth(s.name, s.names[i], s.names[i], width); err != nil {
			return err
		}
	}
	if s.header() != 1 {
		return nil
	}
	return b.SetPanes(s.name, &excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: "B2", ActiveCell: "B2", Pane: "bottomRight"}},
	})
}

// The papers of excelize.PageLayoutOptions.
const (
	paperA3 = 8
	paperA4 = 9
)

// setPrinting makes the sheet landscape, one page wide and as many high as it takes, with its header row on each. A sheet that A4 would show too small
// to be read is on A3.
func (b *book) setPrinting(s *sheet) error {
	fit, orientation, wide, high, paper := true, "landscape", 1, 0, paperA4
	if sum(s.widths) > smallPageWidth {
		paper = paperA3
	}
	if err := b.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.SetPageLayout(s.name, &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high,
	}); err != nil {
		return err
	}
	side, end, footer := 0.4, 0.6, 0.3 // inches
	if err := b.SetPageMargins(s.name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &end, Bottom: &end, Header: &footer, Footer: &footer,
	}); err != nil {
		return err
	}
	if err := b.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{
		OddFooter: "&L" + b.about.footer + "&C&A&RPage &P of &N",
	}); err != nil {
		return err
	}
	if s.header() == 0 {
		return nil
	}
	return b.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", s.name, s.header(), s.header()), Scope: s.name,
	})
}
