package xlsx

import (
	"bufio"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// rows writes the rows of a sheet as SpreadsheetML: ECMA-376 Part 1, 18.3.1.73 row. Excelize's
// StreamWriter makes a night of 10,000 configurations a third longer, drops a text such as _xD800_,
// and does not escape the second part of _x0041_x0042_.
type rows struct {
	out     *bufio.Writer
	styles  []int
	widths  []float64
	columns []string // names
	number  int      // number of the last row
	cells   []cell   // reused for each row
}

// writeRows writes all rows of a sheet. The Flush of out returns the first error.
func (p *part) writeRows(out *bufio.Writer, styles []int) {
	r := rows{out: out, styles: styles, widths: p.widths}
	for i := range p.widths {
		r.columns = append(r.columns, column(i))
	}
	for _, l := range p.Lines {
		r.add(l.Look, l.Cells)
	}
	if p.columns != nil {
		r.add(Header, titles(p.columns))
	}
	for _, row := range p.rows {
		r.add(Plain, row.Cells[:len(p.columns)])
	}
	r.number = p.end() + 1 // an empty row, so that typing below the table does not extend it over the remarks
	for _, l := range p.remarks {
		r.add(l.Look, l.Cells)
	}
}

func (r *rows) add(l Look, values []any) {
	r.number++
	if len(values) == 0 {
		return
	}
	r.cells = r.cells[:0]
	for _, value := range values {
		r.cells = append(r.cells, cellOf(l, value))
	}
	const row = `<row r="%d" ht="%v" customHeight="1">`
	b := fmt.Appendf(r.out.AvailableBuffer(), row, r.number, height(l, r.cells, r.widths))
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
