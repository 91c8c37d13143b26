package xlsx

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// part is what one sheet of the workbook has of a Sheet: all of it, or some of the table's rows.
type part struct {
	name    string
	lines   []Line
	table   *table.Table
	rows    []table.Row
	remarks []Line
	widths  []float64
}

// addSheets writes a Sheet, as several where its table has more rows than one can hold.
func (w *writer) addSheets(s *Sheet) error {
	p := part{name: s.Name, lines: s.Lines, table: s.Table, widths: s.widths()}
	if s.Table == nil {
		return w.addSheet(&p, s.Charts)
	}
	limit := w.book.MaxRows
	if limit == 0 {
		limit = excelRows
	}
	remarks := s.remarkLines(p.widths)
	room := limit - len(s.Lines) - 2 - len(remarks) // a header, an empty row above the remarks
	rest := s.Table.Rows
	for number := 1; ; number++ {
		p.rows, rest = rest[:min(room, len(rest))], rest[min(room, len(rest)):]
		if number > 1 {
			p.name, p.lines = fmt.Sprintf("%s (%d)", s.Name, number), nil
		}
		if len(rest) == 0 {
			p.remarks = remarks
		}
		if err := w.addSheet(&p, s.Charts); err != nil || len(rest) == 0 {
			return err
		}
	}
}

// header is the row with the titles of the table's columns, 0 without a table.
func (p *part) header() int {
	if p.table == nil {
		return 0
	}
	return len(p.lines) + 1
}

// end is the last row.
func (p *part) end() int {
	end := max(1, len(p.lines), p.header()+len(p.rows))
	if len(p.remarks) > 0 {
		end += 1 + len(p.remarks)
	}
	return end
}

// addSheet makes a sheet. What excelize's StreamWriter does not write itself is set before it begins.
func (w *writer) addSheet(p *part, charts *Charts) error {
	w.sheets++
	if w.sheets == 1 {
		if err := w.SetSheetName(w.GetSheetName(0), p.name); err != nil {
			return err
		}
	} else if _, err := w.NewSheet(p.name); err != nil {
		return err
	}
	if err := w.setPrinting(p); err != nil {
		return err
	}
	if err := w.setColumns(p); err != nil {
		return err
	}
	if err := w.setConditional(p); err != nil {
		return err
	}
	if charts != nil {
		if err := charts.add(w.File, p.name); err != nil {
			return err
		}
	}
	stream, err := w.NewStreamWriter(p.name)
	if err != nil {
		return err
	}
	if err := w.writeRows(stream, p); err != nil {
		return err
	}
	return stream.Flush()
}

// setColumns sets the widths, and freezes the header and the first column of a data sheet. The last
// column comes first, because excelize puts each before those that it has.
func (w *writer) setColumns(p *part) error {
	for i := len(p.widths) - 1; i >= 0; i-- {
		if err := w.SetColWidth(p.name, column(i), column(i), p.widths[i]); err != nil {
			return err
		}
	}
	if p.header() != 1 {
		return nil
	}
	selection := excelize.Selection{SQRef: "B2", ActiveCell: "B2", Pane: "bottomRight"}
	return w.SetPanes(p.name, &excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight",
		Selection: []excelize.Selection{selection},
	})
}

// writeRows writes all rows of a sheet, and makes those of the table a table object. Excelize would
// stretch a table without rows.
func (w *writer) writeRows(stream *excelize.StreamWriter, p *part) error {
	r := rows{styles: w.styles, stream: stream, widths: p.widths, cells: make([]excelize.Cell, len(p.widths))}
	if err := r.addLines(p.lines); err != nil {
		return err
	}
	if p.table != nil {
		shown := p.table.Shown()
		titles := make([]any, len(shown))
		for i, c := range shown {
			titles[i] = c.Title
		}
		if err := r.add(Header, titles); err != nil {
			return err
		}
		for _, row := range p.rows {
			if err := r.add(Plain, row.Cells[:len(shown)]); err != nil {
				return err
			}
		}
	}
	if len(p.remarks) > 0 {
		r.number++ // an empty row, or the table would grow over the remarks when someone types into it
	}
	if err := r.addLines(p.remarks); err != nil {
		return err
	}
	if len(p.rows) == 0 {
		return nil
	}
	name := strings.NewReplacer(" (", "_", ")", "", " ", "_").Replace(p.name)
	return stream.AddTable(&excelize.Table{
		Range:     p.cells(p.header()),
		Name:      "audit_" + name, // a bare SSO is a column of a sheet
		StyleName: "TableStyleMedium2",
	})
}

// cells is the range from a row to the end of the table.
func (p *part) cells(from int) string {
	return fmt.Sprintf("A%d:%s%d", from, column(len(p.table.Shown())-1), p.header()+len(p.rows))
}

// rows writes one row after the other.
type rows struct {
	styles []int
	stream *excelize.StreamWriter
	widths []float64
	number int             // of the last row
	cells  []excelize.Cell // of one row after the other
	values []any
}

func (r *rows) addLines(lines []Line) error {
	for _, l := range lines {
		if err := r.add(l.Look, l.Cells); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) add(l Look, values []any) error {
	r.number++
	if len(values) == 0 {
		return nil
	}
	r.values = r.values[:0]
	for i, value := range values {
		l, shown := look(l, value)
		if shown == "" {
			shown = nil
		}
		r.cells[i] = excelize.Cell{StyleID: r.styles[l], Value: shown}
		if l == Plain && shown == nil {
			r.values = append(r.values, nil)
		} else {
			r.values = append(r.values, &r.cells[i])
		}
	}
	options := excelize.RowOpts{Height: height(l, r.cells[:len(values)], r.widths)}
	return r.stream.SetRow("A"+strconv.Itoa(r.number), r.values, options)
}

// column is the name of a column, counted from 0. A sheet has at most 16,384.
func column(i int) string {
	name, _ := excelize.ColumnNumberToName(i + 1)
	return name
}
