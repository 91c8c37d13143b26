package table

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// markdownSpace turns every line break into a space: none may end a table's row.
	markdownSpace = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ",
		"\u0085", " ", "\u2028", " ", "\u2029", " ")
	// markdownEscape takes the meaning from every character that has one in a cell or a line, and
	// from what would become a link. No backslash keeps GitHub from linking an address or from
	// notifying a team that is mentioned; an empty comment behind the @ does.
	markdownEscape = strings.NewReplacer(
		`\`, `\\`, `|`, `\|`, `<`, `\<`, `>`, `\>`, `&`, `\&`, `*`, `\*`, `_`, `\_`, `[`, `\[`,
		`]`, `\]`, `!`, `\!`, `~`, `\~`, `#`, `\#`, "`", "\\`", `$`, `\$`, `://`, `\://`,
		`www.`, `www\.`, `@`, `@<!-- -->`)
	// markdownList is what makes the beginning of a text an item of a list:
	// https://spec.commonmark.org/0.31.2/#list-items
	markdownList = regexp.MustCompile(`^(\d*)([-+.)])( |$)`)
)

// EscapeMarkdown returns a text that cannot break out of a cell or a line of GitHub Flavored
// Markdown. Line breaks become spaces and hidden characters visible.
func EscapeMarkdown(s string) string {
	text := strings.TrimSpace(markdownEscape.Replace(Visible(markdownSpace.Replace(s))))
	return markdownList.ReplaceAllString(text, `${1}\${2}${3}`)
}

// markdownRows is the most rows of a table that Markdown shows.
const markdownRows = 200

// Markdown is a table as a template uses it: written as it is, it is a table of GitHub Flavored
// Markdown with at most 200 rows, and its remarks.
type Markdown struct {
	table   *Table
	columns []int  // that String shows
	rest    string // where the other rows are
}

// Markdown returns the table as Markdown that shows the columns of these keys, with local times
// behind instants, or all columns without keys. rest names where the rows are that it leaves out.
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

// Len is the number of rows.
func (m Markdown) Len() int { return len(m.table.Rows) }

// Rows returns all rows, each as its escaped values by the keys of all columns.
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

// Remarks is what must be known beside the rows, escaped.
func (m Markdown) Remarks() []string {
	all := make([]string, len(m.table.Remarks))
	for i, r := range m.table.Remarks {
		all[i] = EscapeMarkdown(r.Text)
	}
	return all
}

// Example returns the table with one row of empty values and one remark: what a template is tried
// with before there is a report.
func (m Markdown) Example() Markdown {
	one := *m.table
	one.Rows = []Row{{RunLevel, make([]any, len(one.Columns))}}
	one.Remarks = []Remark{{Organization: RunLevel}}
	m.table = &one
	return m
}

// String needs an empty line before and after it in Markdown.
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
	titles, rule := make([]string, len(m.columns)), make([]string, len(m.columns))
	for i, column := range m.columns {
		titles[i], rule[i] = m.table.Columns[column].Title, "---"
	}
	writeMarkdownRow(b, titles)
	writeMarkdownRow(b, rule)
	cells := make([]string, len(m.columns))
	for _, r := range m.table.Rows[:min(m.Len(), markdownRows)] {
		for i, column := range m.columns {
			cells[i] = EscapeMarkdown(Shown(r.Cells[column]))
		}
		writeMarkdownRow(b, cells)
	}
}

func writeMarkdownRow(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
