package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sheetData writes the rows of a sheet as SpreadsheetML, ECMA-376 Part 1, 18.3.1.80. Texts stand in their cells: a table of all texts would
// have to be held until the end.
type sheetData struct {
	out    io.Writer
	sheet  *sheet
	styles []int
	row    int // the last one written
	cells  []cell
	buffer []byte
}

// flushAt is when the buffer is written out, in bytes.
const flushAt = 1 << 16

// writeSheet writes what excelize made of the sheet, with the rows in their place.
func (b *book) writeSheet(w io.Writer, s *sheet, made []byte) error {
	const begin, end = "<sheetData>", "</sheetData>"
	before, rest, found := bytes.Cut(made, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return errors.New("it has no place for the rows")
	}
	d := &sheetData{out: w, sheet: s, styles: b.styles, buffer: b.buffer[:0]}
	d.buffer = append(append(d.buffer, before...), begin...)
	if err := d.write(); err != nil {
		return err
	}
	d.buffer = append(append(d.buffer, end...), after...)
	b.buffer = d.buffer
	return d.flush()
}

func (d *sheetData) write() error {
	if err := d.writeLines(d.sheet.lines); err != nil {
		return err
	}
	if d.sheet.table != nil {
		if err := d.writeTable(); err != nil {
			return err
		}
	}
	if len(d.sheet.remarks) == 0 {
		return nil
	}
	d.row++ // an empty row, or the table would grow over the remarks when someone types into it
	return d.writeLines(d.sheet.remarks)
}

func (d *sheetData) writeLines(lines []line) error {
	for _, l := range lines {
		if err := d.writeRow(l.look, l.cells); err != nil {
			return err
		}
	}
	return nil
}

// writeTable writes the header and the sheet's share of the rows.
func (d *sheetData) writeTable() error {
	if err := d.writeRow(lookHeader, headerCells(d.sheet.table)); err != nil {
		return err
	}
	number, end := 0, d.sheet.skip+d.sheet.count
	for r := range d.sheet.table.rows {
		if number++; number <= d.sheet.skip {
			continue
		}
		if number > end {
			return nil
		}
		if err := d.writeRow(lookPlain, r.cells); err != nil {
			return err
		}
	}
	if number < end {
		return fmt.Errorf("table %s ended %d rows early", d.sheet.table.name, end-number)
	}
	return nil
}

func (d *sheetData) writeRow(l look, values []any) error {
	d.row++
	if len(values) == 0 {
		return nil
	}
	d.cells = d.cells[:0]
	for _, value := range values {
		d.cells = append(d.cells, newCell(l, value))
	}
	row := strconv.Itoa(d.row)
	d.add(`<row r="`, row, `" ht="`)
	d.buffer = strconv.AppendFloat(d.buffer, d.sheet.height(l, d.cells), 'f', -1, 64)
	d.add(`" customHeight="1">`)
	for i, c := range d.cells {
		d.writeCell(d.sheet.names[i], row, c)
	}
	d.add(`</row>`)
	if len(d.buffer) < flushAt {
		return nil
	}
	return d.flush()
}

func (d *sheetData) flush() error {
	_, err := d.out.Write(d.buffer)
	d.buffer = d.buffer[:0]
	return err
}

func (d *sheetData) add(texts ...string) {
	for _, s := range texts {
		d.buffer = append(d.buffer, s...)
	}
}

// writeCell leaves out a cell that shows nothing.
func (d *sheetData) writeCell(column, row string, c cell) {
	if c.text == "" && c.look == lookPlain {
		return
	}
	d.add(`<c r="`, column, row, `" s="`)
	d.buffer = strconv.AppendInt(d.buffer, int64(d.styles[c.look]), 10)
	switch {
	case c.text == "":
		d.add(`"/>`)
	case c.number:
		d.add(`"><v>`, c.text, `</v></c>`)
	default:
		d.add(`" t="inlineStr"><is><t xml:space="preserve">`)
		d.writeText(c.text)
		d.add(`</t></is></c>`)
	}
}

// writeText writes a text that is shown as it is. Cells have no character that XML cannot hold: those are made visible before.
func (d *sheetData) writeText(s string) {
	begin := 0
	for i := range len(s) {
		var instead string
		switch {
		case s[i] == '&':
			instead = "&amp;"
		case s[i] == '<':
			instead = "&lt;"
		case s[i] == '>':
			instead = "&gt;"
		case isEscape(s[i:]):
			instead = "_x005F_"
		default:
			continue
		}
		d.add(s[begin:i], instead)
		begin = i + 1
	}
	d.add(s[begin:])
}

// isEscape says whether a text begins with what a program that reads the cell takes for a character, such as _x0041_: ECMA-376 Part 1,
// 22.9.2.19 ST_Xstring.
func isEscape(s string) bool {
	const digits = "0123456789abcdefABCDEF"
	return len(s) >= len("_x0041_") && s[0] == '_' && s[1] == 'x' && s[6] == '_' && strings.Trim(s[2:6], digits) == ""
}
