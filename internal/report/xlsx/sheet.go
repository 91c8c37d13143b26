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
	// OnePage prints the sheet on one page, smaller if it is too long.
	OnePage bool

	firstPage int // number of lines on the first page, which ends with a page break; 0 for no break
}

// Line is a row outside the table. Package table lists the types of its cells.
type Line struct {
	Look  Look
	Cells []any
	link  string // the sheet to which the last cell leads
	spill bool   // the last cell is a text over the empty cells at its right
}

// Widths, in characters.
const (
	HashWidth    = 68  // of a column with SHA-256 in hex
	minWidth     = 9   // of a column
	maxWidth     = 60  // of a column
	filterButton = 3   // room for the button in a header
	narrowWidth  = 20  // of a column that prints, at least, if it has to be narrower to print
	pageWidth    = 200 // of the columns that print on A4 in landscape in 8 pt
	printed      = 8   // columns that print at least
	remarkWidth  = 150 // of a remark in one row
)

// spillAbove is the number of lines in its own column above which a text spreads over others.
const spillAbove = 3

// Add appends a line.
func (s *Sheet) Add(l Look, cells ...any) { s.Lines = append(s.Lines, Line{Look: l, Cells: cells}) }

// AddText appends a text in as many rows as it needs. Its background spans the columns.
func (s *Sheet) AddText(l Look, text string, columns int) {
	s.Lines = append(s.Lines, textLines(l, text, columns)...)
}

func textLines(l Look, text string, columns int) []Line {
	var lines []Line
	for _, part := range wrap(table.Visible(text), remarkWidth) {
		cells := make([]any, columns)
		cells[0] = part
		lines = append(lines, Line{Look: l, Cells: cells})
	}
	return lines
}

// AddHeading appends an empty line and a heading.
func (s *Sheet) AddHeading(text string) {
	s.Add(Plain)
	s.Add(Heading, text)
}

// AddBlock appends a heading and a small table as lines.
func (s *Sheet) AddBlock(heading string, t *table.Table) {
	s.AddHeading(heading)
	s.AddRows(t)
}

// AddPart appends a part of a page: a heading, with a link to the sheet that has every row unless
// all is empty, and a small table.
func (s *Sheet) AddPart(heading, all string, t *table.Table) {
	s.Add(lookGap)
	s.Add(Heading, heading)
	if all != "" {
		line := &s.Lines[len(s.Lines)-1]
		line.Cells, line.link = append(line.Cells, nil, nil, nil, "all in the sheet "+all), all
	}
	s.AddRows(t)
}

// EndFirstPage puts the following lines on the next page in print.
func (s *Sheet) EndFirstPage() { s.firstPage = len(s.Lines) }

// AddRows appends a small table as lines. See AddBlock.
func (s *Sheet) AddRows(t *table.Table) {
	columns := t.Shown()
	if !t.Bare && len(t.Rows) > 0 {
		s.Add(Header, titles(columns)...)
	}
	for _, r := range t.Rows {
		s.addRow(r.Made().Cells[:len(columns)])
	}
	if len(t.Rows) == 0 && len(t.Remarks) == 0 {
		s.Add(Note, "none")
	}
	for _, r := range t.Remarks {
		s.AddText(Note, r.Text, 1)
	}
}

// addRow appends a row. On a sheet with fixed widths, a text at its end that its own column would
// make high spreads over the columns at its right, and over as many lines as it needs.
func (s *Sheet) addRow(cells []any) {
	last := len(cells) - 1
	text, isText := cells[last].(string)
	if !isText || len(cells) >= len(s.Fixed) || linesOf(text, s.Fixed[last]) <= spillAbove {
		s.Add(Plain, cells...)
		return
	}
	for _, part := range wrap(table.Visible(text), totalWidth(s.Fixed[last:])) {
		s.Lines = append(s.Lines, Line{Look: Plain, Cells: append(slices.Clone(cells[:last]), part), spill: true})
		cells = make([]any, len(cells)) // the other cells are on the first line
	}
	if text == "" {
		s.Add(Plain, cells[:last]...)
	}
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
			if (l.Look == Plain || l.Look == Header) && !l.spill {
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
	if s.Table != nil {
		narrow(widths[:min(printed, len(widths))])
	}
	for i, width := range s.Fixed {
		grow(i, minWidth)
		widths[i] = width
	}
	return widths
}

// narrow makes the widest columns narrower until all fit on a page.
func narrow(widths []float64) {
	for limit := float64(maxWidth); totalWidth(widths) > pageWidth && limit >= narrowWidth; limit-- {
		for i := range widths {
			widths[i] = min(widths[i], limit)
		}
	}
}

// printedColumns returns the number of columns that fit on a page, at least one.
func printedColumns(widths []float64) int {
	n := len(widths)
	for n > 1 && totalWidth(widths[:n]) > pageWidth {
		n--
	}
	return n
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
		return []Line{{Look: Note, Cells: []any{"none"}}}
	}
	return lines
}
