package table

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// WriteCSV writes the table as RFC 4180, with comma and CRLF. Instants are RFC 3339 in UTC. The
// last column is the remark: a row with a remark has no values of its own and stands for rows that
// are not known.
func (t *Table) WriteCSV(w io.Writer, f *Frame) error {
	out := bufio.NewWriterSize(w, 1<<16)
	layout := t.layout(f, jsonOnly)
	header := make([]any, len(layout.keys))
	for i, key := range layout.keys {
		header[i] = key
	}
	writeRecord(out, header, "remark")
	for _, r := range t.Rows {
		writeRecord(out, layout.of(r), "")
	}
	for _, r := range t.Remarks {
		if r.Missing {
			writeRecord(out, layout.of(Row{r.Organization, make([]any, len(t.Columns))}), r.Text)
		}
	}
	return out.Flush()
}

// writeRecord ignores errors: Flush returns the first one.
func writeRecord(out *bufio.Writer, cells []any, remark string) {
	b := out.AvailableBuffer()
	for _, value := range cells {
		b = append(appendCell(b, value), ',')
	}
	_, _ = out.Write(append(appendField(b, csvText(remark)), "\r\n"...))
}

// appendCell guards texts against formulas, but not numbers, which may be negative.
func appendCell(b []byte, value any) []byte {
	switch v := value.(type) {
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case time.Time:
		return v.UTC().AppendFormat(b, time.RFC3339Nano)
	}
	plain := Plain(value)
	if _, isText := textOf(value); isText {
		plain = csvText(plain)
	}
	return appendField(b, plain)
}

// appendField quotes a field if RFC 4180 requires it.
func appendField(b []byte, s string) []byte {
	if s == "" || s[0] != ' ' && !strings.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

// IsFormula reports whether a spreadsheet program may evaluate a text as a formula:
// https://owasp.org/www-community/attacks/CSV_Injection
func IsFormula(s string) bool {
	if s == "" || 'A' <= s[0] && s[0] <= 'z' || '0' <= s[0] && s[0] <= '9' {
		return false // the fast path for most texts
	}
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

// csvText makes a text safe for spreadsheets and terminals: it adds a ' before a formula, and makes
// hidden characters visible. It keeps line feeds and tabs.
func csvText(s string) string {
	if IsFormula(s) {
		s = "'" + s
	}
	return visible(s, "\n\t")
}
