package table

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// byteOrderMark makes Excel read a CSV file as UTF-8.
const byteOrderMark = "\ufeff"

// WriteCSV writes the table as RFC 4180, with comma and CRLF, after a byte order mark. Instants are
// RFC 3339 in UTC. The last column is the remark: a row with a remark has no values of its own and
// stands for rows that are not known.
func (t *Table) WriteCSV(w io.Writer, f *Frame) error {
	out := bufio.NewWriterSize(w, 1<<16)
	layout := t.layout(f, jsonOnly)
	_, _ = out.WriteString(byteOrderMark + strings.Join(layout.keys, ",") + ",remark\r\n") // Flush returns the first error
	for _, r := range t.Rows {
		writeRecord(out, layout.of(r), "")
	}
	for _, r := range t.forPrograms() {
		if r.Missing {
			writeRecord(out, layout.of(Row{Organization: r.Organization, Cells: make([]any, len(t.Columns))}), r.Text)
		}
	}
	return out.Flush()
}

func writeRecord(out *bufio.Writer, cells []any, remark string) {
	for _, value := range cells {
		_, _ = out.WriteString(csvField(value))
		_ = out.WriteByte(',')
	}
	_, _ = out.WriteString(csvField(remark) + "\r\n")
}

// csvField guards texts against formulas, but not numbers, which may be negative. It quotes a
// field if RFC 4180 requires it.
func csvField(value any) string {
	field := Plain(value)
	if _, isText := textOf(value); isText {
		field = csvText(field)
	}
	if strings.HasPrefix(field, " ") || strings.ContainsAny(field, ",\"\r\n") {
		return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
	}
	return field
}

// IsFormula reports whether a spreadsheet program may evaluate a text as a formula:
// https://owasp.org/www-community/attacks/CSV_Injection
func IsFormula(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
}

// csvText makes a text safe for spreadsheets and terminals: it adds a ' before a formula, and
// makes hidden characters visible. It keeps line breaks and tabs.
func csvText(s string) string {
	if IsFormula(s) {
		s = "'" + s
	}
	if isPrintable(s) {
		return s
	}
	lines := strings.Split(s, "\r\n")
	for i := range lines {
		lines[i] = visible(lines[i], "\n\t")
	}
	return strings.Join(lines, "\r\n")
}
