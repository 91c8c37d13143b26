package table

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
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

// The lengths of the longest texts that Markdown shows in full.
const (
	cellRunes  = 300  // of a cell
	alarmRunes = 1000 // of an alarm, a remark or another text outside of a table
)

// cutRunes cuts a long text, and marks the cut.
func cutRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// MarkdownText escapes a text outside of a table, and cuts it if it is very long.
func MarkdownText(s string) string { return EscapeMarkdown(cutRunes(s, alarmRunes)) }

// Markdown is a table for templates. Its String is a table in GitHub Flavored Markdown, then the
// remarks.
type Markdown struct {
	forTemplate
	rows int // the most rows, and remarks, of String
}

// Markdown returns the table as Markdown with the columns of these keys and their local times; no
// keys select all columns. It shows at most this number of rows; rest names the file with the
// others.
func (t *Table) Markdown(rest string, rows int, keys ...string) Markdown {
	return Markdown{forTemplate{t, t.withLocal(keys), rest, EscapeMarkdown, MarkdownText}, rows}
}

// Example returns the table with one row of empty values and one remark, to check a template
// before a report is made.
func (m Markdown) Example() Markdown {
	m.table = m.table.example()
	return m
}

// String returns the Markdown. It needs an empty line before and after it.
func (m Markdown) String() string {
	var b strings.Builder
	if min(m.Len(), m.rows) > 0 {
		m.writeRows(&b)
	}
	if more := m.Len() - m.rows; more > 0 {
		fmt.Fprintf(&b, "\n%d more in %s\n", more, m.rest)
	}
	if m.Len() > 0 && len(m.table.Remarks) > 0 {
		b.WriteString("\n")
	}
	remarks := m.Remarks()
	for _, text := range remarks[:min(len(remarks), m.rows)] {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	if more := len(remarks) - m.rows; more > 0 {
		fmt.Fprintf(&b, "- %d more remarks in %s\n", more, m.rest)
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
	for _, r := range m.table.Rows[:min(m.Len(), m.rows)] {
		r = r.Made()
		for _, column := range m.columns {
			b.WriteString("| " + EscapeMarkdown(cutRunes(Shown(r.Cells[column]), cellRunes)) + " ")
		}
		b.WriteString("|\n")
	}
}
