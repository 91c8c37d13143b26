package xlsx

import (
	"slices"
	"strings"

	"scim-auditor/internal/report/table"
)

// Sheet has lines, then a table, then the table's remarks.
type Sheet struct {
	Name  string
	Lines []Line
	Table *table.Table // nil for none
	// Widths has the minimum widths of the first columns, in characters. Fixed has exact
	// widths.
	Widths, Fixed []float64
	Charts        *Charts
}

// Line is a row outside the table. Package table lists the types of its cells.
type Line struct {
	Look  Look
	Cells []any
}

// Widths, in characters.
const (
	HashWidth    = 68  // of a column with SHA-256 in hex
	minWidth     = 9   // of a column
	maxWidth     = 60  // of a column
	filterButton = 3   // room for the button in a header
	narrowWidth  = 45  // of a column, if the sheet is too wide for paper
	pageWidth    = 220 // the widest sheet that is readable on A4
	largeWidth   = 400 // the widest sheet that is readable on A3
	remarkWidth  = 150 // of a remark in one row
)

// Add appends a line.
func (s *Sheet) Add(l Look, cells ...any) { s.Lines = append(s.Lines, Line{l, cells}) }

// AddText appends a text in as many rows as it needs. Its background spans the columns.
func (s *Sheet) AddText(l Look, text string, columns int) {
	s.Lines = append(s.Lines, textLines(l, text, columns)...)
}

func textLines(l Look, text string, columns int) []Line {
	var lines []Line
	for _, part := range wrap(table.Visible(text), remarkWidth, " ") {
		cells := make([]any, columns)
		cells[0] = part
		lines = append(lines, Line{l, cells})
	}
	return lines
}

// AddHeading appends an empty line and a heading.
func (s *Sheet) AddHeading(text string) {
	s.Add(Plain)
	s.Add(Heading, text)
}

// AddBlock appends a heading and a small table as lines, with the columns of these keys; no
// keys select all columns.
func (s *Sheet) AddBlock(heading string, t *table.Table, keys ...string) {
	s.AddHeading(heading)
	s.AddRows(t, keys...)
}

// AddRows appends a small table as lines. See AddBlock.
func (s *Sheet) AddRows(t *table.Table, keys ...string) {
	columns := t.Indexes(keys)
	s.Add(Header, pick(titles(t.Columns), columns)...)
	for _, r := range t.Rows {
		s.Add(Plain, pick(r.Cells, columns)...)
	}
	if len(t.Rows) == 0 && len(t.Remarks) == 0 {
		s.Add(Note, "none")
	}
	for _, r := range t.Remarks {
		s.AddText(Note, r.Text, 1)
	}
}

func pick(cells []any, columns []int) []any {
	some := make([]any, len(columns))
	for i, column := range columns {
		some[i] = cells[column]
	}
	return some
}

func titles(columns []table.Column) []any {
	all := make([]any, len(columns))
	for i, c := range columns {
		all[i] = c.Title
	}
	return all
}

// widths returns the widths of the columns that fit their content.
func (s *Sheet) widths() []float64 {
	widths := slices.Clone(s.Widths)
	grow := func(i, width int) {
		for len(widths) <= i {
			widths = append(widths, minWidth)
		}
		widths[i] = max(widths[i], float64(min(width, maxWidth)))
	}
	for _, l := range s.Lines {
		for i, value := range l.Cells {
			if l.Look == Plain || l.Look == Header {
				grow(i, table.DisplayWidth(table.CellText(value))+1)
			}
		}
	}
	if s.Table != nil {
		for i, c := range s.Table.Shown() {
			for word := range strings.FieldsSeq(c.Title) {
				grow(i, len(word)+filterButton)
			}
			grow(i, s.Table.Widths[i]+1)
		}
	}
	if totalWidth(widths) > largeWidth {
		for i := range widths {
			widths[i] = min(widths[i], narrowWidth)
		}
	}
	for i, width := range s.Fixed {
		grow(i, minWidth)
		widths[i] = width
	}
	return widths
}

func totalWidth(widths []float64) (sum float64) {
	for _, width := range widths {
		sum += width
	}
	return sum
}

// remarkLines returns the lines below the table: its remarks, or "none" if it has no rows
// either.
func (s *Sheet) remarkLines(widths []float64) []Line {
	columns, room := 0, float64(remarkWidth) // a remark spreads over these columns
	for columns < len(widths) && room > 0 {
		room -= widths[columns]
		columns++
	}
	var lines []Line
	for _, r := range s.Table.Remarks {
		l := Note
		if r.Alarm {
			l = Alarm
		}
		lines = append(lines, textLines(l, r.Text, columns)...)
	}
	if len(lines) == 0 && len(s.Table.Rows) == 0 {
		return []Line{{Note, []any{"none"}}}
	}
	return lines
}
