package xlsx

import (
	"bufio"
	"cmp"
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

// advances has the widths of the characters from the space to "~" in Calibri, and in Carlito, which
// has the same, in 1/2048 of the height of the font (table hmtx of the font file).
var advances = [...]int{
	463, 667, 821, 1020, 1038, 1464, 1397, 452, 621, 621, 1020, 1020, 511, 627, 517, 791,
	1038, 1038, 1038, 1038, 1038, 1038, 1038, 1038, 1038, 1038, 548, 548, 1020, 1020, 1020, 949,
	1831, 1185, 1114, 1092, 1260, 1000, 941, 1292, 1276, 516, 653, 1064, 861, 1751, 1322, 1356,
	1058, 1378, 1112, 941, 998, 1314, 1162, 1822, 1063, 998, 959, 628, 791, 628, 1020, 1020,
	596, 981, 1076, 866, 1076, 1019, 625, 964, 1076, 470, 490, 931, 470, 1636, 1076, 1080,
	1076, 1076, 714, 801, 686, 1076, 925, 1464, 887, 927, 809, 644, 943, 644, 1020,
}

// Widths in the unit of advances.
const (
	columnUnit  = 977  // of one unit of a column's width: 7 pixels of 1/96 inch in 11 points
	letterWidth = 1300 // of a character that is not in advances, at most
	wideWidth   = 2048 // of one from U+1100 on, most of them East Asian
)

func advance(r rune) int {
	switch {
	case r >= ' ' && int(r-' ') < len(advances):
		return advances[r-' ']
	case r < 0x1100:
		return letterWidth
	}
	return wideWidth
}

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
		if !c.isNumber && c.look != lookSpill {
			lines = max(lines, linesOf(c.text, widths[i]))
		}
	}
	return min(float64(lines)*lineHeight, excelize.MaxRowHeight)
}

// linesOf returns the number of lines that a text needs in a column of a width, at least one.
func linesOf(text string, width float64) int {
	if float64(len(text)) <= width/2 {
		return 1 // no character is wider than two units of width, see wideWidth
	}
	if lineEnd(text, width, false) == len(text) {
		return 1
	}
	// Excel breaks a long word anywhere. LibreOffice breaks it after punctuation, which can need
	// one more line.
	return max(countLines(text, width, false), countLines(text, width, true))
}

func countLines(text string, width float64, inWords bool) (n int) {
	for ; text != ""; n++ {
		text = text[lineEnd(text, width, inWords):]
	}
	return n
}

// wrap breaks a text into lines that fit in a column of a width.
func wrap(text string, width float64) []string {
	var lines []string
	for text != "" {
		end := lineEnd(text, width, false)
		lines = append(lines, strings.TrimSpace(text[:end]))
		text = text[end:]
	}
	return lines
}

// lineEnd returns the length of the first line of a text, in bytes. The line ends at the last
// break that fits: before a space, which may be just past the edge, or if inWords after "/" or "-".
// Without a break it ends at the edge.
func lineEnd(text string, width float64, inWords bool) int {
	last, room := 0, int(width*columnUnit)
	for i, r := range text {
		if i > 0 && r == ' ' {
			last = i
		}
		if room -= advance(r); room < 0 && i > 0 {
			return cmp.Or(last, i)
		}
		if inWords && i > 0 && (r == '/' || r == '-') {
			last = i + 1
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
