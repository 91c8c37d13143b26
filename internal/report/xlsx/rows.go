package xlsx

import (
	"bufio"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/table"
)

// cell is a value in a workbook: a number, a text, or empty.
type cell struct {
	look     Look
	text     string
	isNumber bool
}

// cellOf returns the cell of a value in a line with this look. Dates before March 1900 and
// after 9999 stay text: Excel assumes a 29 February 1900, and has no later dates
// (https://learn.microsoft.com/en-us/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year).
func cellOf(l Look, value any) cell {
	switch v := value.(type) {
	case nil:
		return cell{look: l}
	case int:
		return cell{l, strconv.Itoa(v), true}
	case time.Time:
		if v.Before(firstDate) || v.UTC().Year() > 9999 {
			return cell{look: l, text: table.Shown(v)}
		}
		return cell{lookTime, serial(v), true}
	case table.Local: // Excel has no zones: the local time is stored as if it were UTC
		_, offset := v.Zone()
		return cellOf(l, v.UTC().Add(time.Duration(offset)*time.Second))
	case table.Day:
		return cell{lookDay, serial(time.Time(v)), true}
	case table.Word:
		if l == Plain {
			l = toneLook(v.Tone)
		}
	}
	text := table.CellText(value)
	if l == Plain && table.IsFormula(text) {
		l = lookLiteral
	}
	return cell{look: l, text: text}
}

var (
	// dayZero is day 0 of Excel for dates after February 1900.
	dayZero   = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	firstDate = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)
)

// serial returns an instant as a number of days for Excel, in UTC. It drops fractions of
// seconds, which Excel would round.
func serial(t time.Time) string {
	const secondsADay = 24 * 60 * 60
	return strconv.FormatFloat(float64(t.Unix()-dayZero.Unix())/secondsADay, 'f', -1, 64)
}

// Heights in points. Rows with wrapped cells have an explicit height, because some programs
// show only the first line without it.
const (
	lineHeight    = 15
	titleHeight   = 22
	headingHeight = 19
	gapHeight     = 6
)

// lettersPerWidth is the number of letters that fit in one unit of width, which is that of a digit.
const lettersPerWidth = 1.05

// height returns the height that a row needs to show all lines of its cells in the columns that
// print. The others would make rows higher than a page.
func height(l Look, cells []cell, widths []float64) float64 {
	switch l {
	case lookGap:
		return gapHeight
	case Title:
		return titleHeight
	case Heading:
		return headingHeight
	case Note, Alarm, Caution, AllWell:
		return lineHeight
	}
	lines := 1
	for i, c := range cells[:min(len(cells), len(widths))] {
		room := int(widths[i] * lettersPerWidth)
		if c.isNumber || c.look == lookSpill || len(c.text) <= room || table.DisplayWidth(c.text) <= room {
			continue // a text is never wider than its number of bytes
		}
		// Excel breaks a long word anywhere. LibreOffice breaks it after punctuation, which can
		// need one more line.
		lines = max(lines, len(wrap(c.text, room, " ")), len(wrap(c.text, room, " /-")))
	}
	return min(float64(lines)*lineHeight, excelize.MaxRowHeight)
}

// wrap breaks a text into lines of at most width characters. It breaks after a character in
// breaks if the line has one.
func wrap(text string, width int, breaks string) []string {
	var lines []string
	for text != "" {
		end := lineEnd(text, width, breaks)
		lines = append(lines, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
	return lines
}

// lineEnd returns the length of the first line of a text, in bytes. The line ends at the last
// break that fits: before a space, which may be just past the edge, or after another break.
// Without a break it ends at the edge.
func lineEnd(text string, width int, breaks string) int {
	last, characters := 0, 0
	for i, r := range text {
		if i > 0 && r == ' ' {
			last = i
		}
		if characters++; characters > width {
			if last > 0 {
				return last
			}
			return i
		}
		if i > 0 && r != ' ' && strings.ContainsRune(breaks, r) {
			last = i + 1 // a break is one byte
		}
	}
	return len(text)
}

// rows writes the rows of a sheet as SpreadsheetML: ECMA-376 Part 1, 18.3.1.73 row. Excelize's
// StreamWriter makes a night of 10,000 configurations a third longer, drops a text such as
// _xD800_, and does not escape the second part of _x0041_x0042_.
type rows struct {
	out     *bufio.Writer
	styles  []int
	widths  []float64 // of the columns that print
	columns []string  // names
	number  int       // number of the last row
	cells   []cell    // reused for each row
}

// writeRows writes all rows of a sheet. The Flush of out returns the first error.
func (p *part) writeRows(out *bufio.Writer, styles []int) {
	r := rows{out: out, styles: styles, widths: p.widths[:p.printed]}
	for i := range p.widths {
		r.columns = append(r.columns, ColumnName(i))
	}
	for _, l := range p.Lines {
		r.addLine(l)
	}
	if p.columns != nil {
		r.add(Header, titles(p.columns))
	}
	for _, row := range p.rows {
		r.add(Plain, row.Made().Cells[:len(p.columns)])
	}
	r.number = p.end() + 1 // an empty row, so that typing below the table does not extend it over the remarks
	for _, l := range p.remarks {
		r.addLine(l)
	}
}

func (r *rows) add(l Look, values []any) { r.addLine(Line{Look: l, Cells: values}) }

func (r *rows) addLine(l Line) {
	r.number++
	if len(l.Cells) == 0 && l.Look != lookGap {
		return
	}
	r.cells = r.cells[:0]
	for _, value := range l.Cells {
		r.cells = append(r.cells, cellOf(l.Look, value))
	}
	if l.spill {
		r.cells[len(r.cells)-1].look = lookSpill
	}
	if l.link != "" {
		r.cells[len(r.cells)-1].look = lookLink
	}
	const row = `<row r="%d" ht="%v" customHeight="1">`
	b := fmt.Appendf(r.out.AvailableBuffer(), row, r.number, height(l.Look, r.cells, r.widths))
	for i := range r.cells {
		b = r.appendCell(b, i)
	}
	_, _ = r.out.Write(append(b, "</row>"...))
}

func (r *rows) appendCell(b []byte, i int) []byte {
	c := &r.cells[i]
	if c.text == "" && c.look == Plain {
		return b
	}
	b = append(append(b, `<c r="`...), r.columns[i]...)
	b = append(strconv.AppendInt(b, int64(r.number), 10), `" s="`...)
	b = strconv.AppendInt(b, int64(r.styles[c.look]), 10)
	switch {
	case c.text == "":
		return append(b, `"/>`...)
	case c.isNumber:
		return append(append(append(b, `"><v>`...), c.text...), "</v></c>"...)
	case strings.TrimSpace(c.text) != c.text:
		b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
	default:
		b = append(b, `" t="inlineStr"><is><t>`...)
	}
	return append(append(b, escapeXML(c.text)...), "</t></is></c>"...)
}

var (
	markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	// escape matches what programs may read as an escaped character: ECMA-376 Part 1, 22.9.2.19
	// ST_Xstring.
	escape = regexp.MustCompile(`_(x[0-9a-fA-F]{4})`)
)

// escapeXML escapes the text of a cell, which has no control characters.
func escapeXML(s string) string {
	if strings.Contains(s, "_x") {
		s = escape.ReplaceAllString(s, "_x005F_$1")
	}
	return markup.Replace(s)
}
