package xlsx

import (
	"slices"
	"strings"

	"scim-auditor/internal/report/table"
)

// Sheet is lines, then a table, then the table's remarks.
type Sheet struct {
	Name  string
	Lines []Line
	Table *table.Table // nil for none
	// Widths are the least widths of the first columns, in characters; Fixed are theirs whatever the
	// columns hold.
	Widths, Fixed []float64
	Charts        *Charts
}

// Line is a row that is not one of the table.
type Line struct {
	Look  Look
	Cells []any // as in package table
}

// Widths of columns, in characters.
const (
	minWidth       = 9
	maxWidth       = 60
	HashWidth      = 68  // a SHA-256 in hex
	squeezed       = 45  // the least that a wide column is squeezed to
	pageWidth      = 400 // what an A3 page shows across in a size that can be read
	smallPageWidth = 220 // what an A4 page shows likewise
	filterButton   = 3   // room for the button in a header
)

// remarkWidth is the most characters of a remark in one row.
const remarkWidth = 150

// Add appends a line.
func (s *Sheet) Add(l Look, cells ...any) { s.Lines = append(s.Lines, Line{l, cells}) }

// AddText appends a text that stands alone, in as many rows as it needs and with the ground of its
// look over a number of columns.
func (s *Sheet) AddText(l Look, text string, columns int) {
	s.Lines = append(s.Lines, textLines(l, text, columns)...)
}

func textLines(l Look, text string, columns int) []Line {
	var lines []Line
	for _, part := range wrapped(table.Visible(text), remarkWidth, " ") {
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

// AddBlock appends a small table as lines, with a heading.
func (s *Sheet) AddBlock(heading string, t *table.Table, keys ...string) {
	s.AddHeading(heading)
	s.AddRows(t, keys...)
}

// AddRows appends a small table as lines: the columns of these keys, or all without keys.
func (s *Sheet) AddRows(t *table.Table, keys ...string) {
	indexes := make([]int, len(keys))
	for i, key := range keys {
		indexes[i] = t.Column(key)
	}
	add := func(l Look, cells []any) {
		if len(keys) > 0 {
			all := cells
			cells = make([]any, len(keys))
			for i, from := range indexes {
				cells[i] = all[from]
			}
		}
		s.Add(l, cells...)
	}
	add(Header, titles(t.Shown()))
	for _, r := range t.Rows {
		add(Plain, r.Cells[:len(t.Shown())])
	}
	if len(t.Rows) == 0 && len(t.Remarks) == 0 {
		s.Add(Note, "none")
	}
	for _, r := range t.Remarks {
		s.AddText(Note, r.Text, 1)
	}
}

func titles(columns []table.Column) []any {
	all := make([]any, len(columns))
	for i, c := range columns {
		all[i] = c.Title
	}
	return all
}

// widths are those of the columns, so that the content fits.
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
				grow(i, table.DisplayWidth(table.CellOf(value).Text)+1)
			}
		}
	}
	if s.Table != nil {
		for i, c := range s.Table.Shown() {
			grow(i, longestWord(c.Title)+filterButton)
			grow(i, s.Table.Widths[i]+1)
		}
	}
	widths = squeeze(widths)
	for i, width := range s.Fixed {
		grow(i, minWidth)
		widths[i] = width
	}
	return widths
}

// squeeze narrows the widest columns, but for the first with the id, so that the sheet can be read
// when it is printed one page wide.
func squeeze(widths []float64) []float64 {
	for limit := float64(maxWidth); limit >= squeezed && sum(widths) > pageWidth; limit-- {
		for i := 1; i < len(widths); i++ {
			widths[i] = min(widths[i], limit)
		}
	}
	return widths
}

func sum(widths []float64) (n float64) {
	for _, width := range widths {
		n += width
	}
	return n
}

func longestWord(s string) int {
	longest := 0
	for word := range strings.FieldsSeq(s) {
		longest = max(longest, table.DisplayWidth(word))
	}
	return longest
}

// remarkLines is what stands beneath the table; one without rows says so.
func (s *Sheet) remarkLines(widths []float64) []Line {
	if s.Table == nil {
		return nil
	}
	columns := columnsOf(widths, remarkWidth)
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

// columnsOf is the number of columns that a text of this many characters spreads over.
func columnsOf(widths []float64, characters float64) int {
	for i, width := range widths {
		if characters -= width; characters <= 0 {
			return i + 1
		}
	}
	return len(widths)
}
