package table

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// htmlRows is the maximum number of rows of a table in HTML, so that a browser stays quick.
const htmlRows = 1000

// HTML is a table for templates of html/template, which escapes the texts of all methods but Table.
type HTML struct {
	forTemplate
	anchors Anchors
}

// Anchors has the rows of a page to which cells link: the id of the row's element by the value that
// names the row. The id is empty if rows of two tables have that value.
type Anchors map[string]string

// Add adds the rows of a table, if it has an Anchor.
func (a Anchors) Add(t *Table) {
	column := t.Column(t.Anchor)
	if column < 0 {
		return
	}
	for _, r := range t.Rows[:min(len(t.Rows), htmlRows)] {
		value := Plain(r.Made().Cells[column])
		id := t.Key + "-" + value
		if other, taken := a[value]; taken && other != id {
			id = ""
		}
		a[value] = id
	}
}

// HTML returns the table as HTML with the columns of these keys and their local times; no keys
// select all columns. rest names the file with the rows that it leaves out. Cells link to the rows
// in anchors.
func (t *Table) HTML(rest string, anchors Anchors, keys ...string) HTML {
	return HTML{forTemplate{t, t.withLocal(keys), rest, Visible, Visible}, anchors}
}

// Known reports whether the number of rows is known: a remark may stand for rows that are not.
func (h HTML) Known() bool {
	return h.Len() > 0 || !slices.ContainsFunc(h.table.Remarks, func(r Remark) bool { return r.Missing })
}

// Example returns the table with one row of empty values and one remark, to check a template before
// a report is made.
func (h HTML) Example() HTML {
	h.table = h.table.example()
	return h
}

// Table returns a table element with at most 1,000 rows, then at most 1,000 remarks. Every text is
// escaped.
func (h HTML) Table() template.HTML {
	var b strings.Builder
	if h.Len() > 0 {
		h.writeTable(&b)
	}
	if h.Len() > htmlRows {
		fmt.Fprintf(&b, "<p class=\"remark\">%d more in %s</p>\n", h.Len()-htmlRows, html.EscapeString(h.rest))
	}
	remarks := h.table.Remarks
	for _, r := range remarks[:min(len(remarks), htmlRows)] {
		class := "remark"
		if r.Alarm {
			class = "remark alarm"
		}
		fmt.Fprintf(&b, "<p class=\"%s\">%s</p>\n", class, html.EscapeString(Visible(r.Text)))
	}
	if more := len(remarks) - htmlRows; more > 0 {
		fmt.Fprintf(&b, "<p class=\"remark\">%d more remarks in %s</p>\n", more, html.EscapeString(h.rest))
	}
	if b.Len() == 0 {
		b.WriteString("<p class=\"remark\">none</p>\n")
	}
	return template.HTML(b.String()) //nolint:gosec // every text is escaped above
}

func (h HTML) writeTable(b *strings.Builder) {
	b.WriteString("<div class=\"wide\"><table>\n")
	if !h.table.Bare {
		b.WriteString("<thead><tr>")
		for _, column := range h.columns {
			fmt.Fprintf(b, "<th scope=\"col\">%s</th>", html.EscapeString(h.table.Columns[column].Title))
		}
		b.WriteString("</tr></thead>\n")
	}
	b.WriteString("<tbody>\n")
	anchored := make(map[string]bool)
	for _, r := range h.table.Rows[:min(h.Len(), htmlRows)] {
		r = r.Made()
		b.WriteString("<tr")
		if column := h.table.Column(h.table.Anchor); column >= 0 {
			id := h.anchors[Plain(r.Cells[column])]
			if id != "" && !anchored[id] { // several rows may have one value: the first is the anchor
				fmt.Fprintf(b, " id=\"%s\"", html.EscapeString(id))
			}
			anchored[id] = true
		}
		b.WriteString(">")
		for _, column := range h.columns {
			h.writeCell(b, r, column)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}

// shortText is the length of the longest text, in bytes, that stays on one line.
const shortText = 28

// toneClasses has the class of a word, by its tone.
var toneClasses = []string{"", "critical", "high", "medium", "low", "info", "good", "bad"}

func (h HTML) writeCell(b *strings.Builder, r Row, column int) {
	text := html.EscapeString(Visible(Shown(r.Cells[column])))
	short := len(text) <= shortText
	if named := h.table.Column(h.table.Links[h.table.Columns[column].Key]); named >= 0 && text != "" {
		if id := h.anchors[Plain(r.Cells[named])]; id != "" {
			text = fmt.Sprintf("<a href=\"#%s\">%s</a>", html.EscapeString(url.PathEscape(id)), text)
		}
	}
	switch v := r.Cells[column].(type) {
	case int:
		fmt.Fprintf(b, "<td class=\"number\">%s</td>", text)
	case Word:
		fmt.Fprintf(b, "<td><span class=\"word %s\">%s</span></td>", toneClasses[v.Tone], text)
	default:
		if short {
			b.WriteString("<td class=\"short\">" + text + "</td>")
			return
		}
		b.WriteString("<td>" + text + "</td>")
	}
}
