package table

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// markdownSpace replaces line breaks by spaces, because a line break ends the row of a
	// table.
	markdownSpace = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ",
		"\u0085", " ", "\u2028", " ", "\u2029", " ")
	// markdownEscape escapes every character with a meaning in a cell or a line, and texts that
	// would become links. A backslash before @ does not stop GitHub from linking an address or
	// notifying a team; an empty comment after it does.
	markdownEscape = strings.NewReplacer(
		`\`, `\\`, `|`, `\|`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `*`, `\*`, `_`, `\_`, `[`, `\[`,
		`]`, `\]`, `!`, `\!`, `~`, `\~`, `#`, `\#`, "`", "\\`", `$`, `\$`, `://`, `\://`,
		`www.`, `www\.`, `@`, `@<!-- -->`)
	// markdownList matches the start of a text that would become a list item:
	// https://spec.commonmark.org/0.31.2/#list-items
	markdownList = regexp.MustCompile(`^(\d*)([-+.)])( |$)`)
)

// EscapeMarkdown escapes a text for a cell or a line of GitHub Flavored Markdown. Line breaks
// become spaces, and hidden characters become visible.
func EscapeMarkdown(s string) string {
	text := strings.TrimSpace(markdownEscape.Replace(Visible(markdownSpace.Replace(s))))
	return markdownList.ReplaceAllString(text, `${1}\${2}${3}`)
}

const markdownRows = 200

// Markdown is a table for templates. Its String is a table in GitHub Flavored Markdown with at
// most 200 rows, then the remarks.
type Markdown struct {
	table   *Table
	columns []int  // shown by String
	rest    string // the file with the other rows
}

// Markdown returns the table as Markdown with the columns of these keys and their local times;
// no keys select all columns. rest names the file with the rows that it leaves out.
func (t *Table) Markdown(rest string, keys ...string) Markdown {
	m := Markdown{table: t, rest: rest}
	for _, i := range t.Indexes(keys) {
		m.columns = append(m.columns, i)
		if len(keys) > 0 && t.zone != nil && t.Columns[i].hasLocal() {
			m.columns = append(m.columns, i+1)
		}
	}
	return m
}

// Len returns the number of rows.
func (m Markdown) Len() int { return len(m.table.Rows) }

// Rows returns all rows. Each row has the escaped values of all columns by their keys.
func (m Markdown) Rows() []map[string]string {
	all := make([]map[string]string, m.Len())
	for n, r := range m.table.Rows {
		all[n] = make(map[string]string, len(r.Cells))
		for i, c := range m.table.Shown() {
			all[n][c.Key] = EscapeMarkdown(Shown(r.Cells[i]))
		}
	}
	return all
}

// Remarks returns the escaped remarks.
func (m Markdown) Remarks() []string {
	all := make([]string, len(m.table.Remarks))
	for i, r := range m.table.Remarks {
		all[i] = EscapeMarkdown(r.Text)
	}
	return all
}

// Example returns the table with one row of empty values and one remark, to check a template
// before a report is made.
func (m Markdown) Example() Markdown {
	one := *m.table
	one.Rows = []Row{{RunLevel, make([]any, len(one.Columns))}}
	one.Remarks = []Remark{{Organization: RunLevel}}
	m.table = &one
	return m
}

// String returns the Markdown. It needs an empty line before and after it.
func (m Markdown) String() string {
	var b strings.Builder
	if m.Len() > 0 {
		m.writeRows(&b)
	}
	if m.Len() > markdownRows {
		fmt.Fprintf(&b, "\n%d more in %s\n", m.Len()-markdownRows, m.rest)
	}
	if m.Len() > 0 && len(m.table.Remarks) > 0 {
		b.WriteString("\n")
	}
	for _, text := range m.Remarks() {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	if b.Len() == 0 {
		return "none"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (m Markdown) writeRows(b *strings.Builder) {
	for _, column := range m.columns {
		b.WriteString("| " + m.table.Columns[column].Title + " ")
	}
	b.WriteString("|\n" + strings.Repeat("| --- ", len(m.columns)) + "|\n")
	for _, r := range m.table.Rows[:min(m.Len(), markdownRows)] {
		for _, column := range m.columns {
			b.WriteString("| " + EscapeMarkdown(Shown(r.Cells[column])) + " ")
		}
		b.WriteString("|\n")
	}
}
