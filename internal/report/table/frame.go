package table

import "slices"

// Frame is the columns around those of every table of a report, which say what a row is about. It
// stands in for a table's own columns of the same keys.
type Frame struct {
	Before, After []string // keys
	// Values are the cells of these columns, first of RunLevel, then of each organization.
	Values []FrameValues
}

// FrameValues are the cells around a row, in the order of the frame's keys.
type FrameValues struct{ Before, After []any }

// layout is what a file has of each row: the frame's columns and some of the table's.
type layout struct {
	frame   *Frame
	keys    []string
	columns []int // of the table
	cells   []any // of one row after the other
}

// layout leaves out the columns that only another kind of file has.
func (t *Table) layout(f *Frame, without files) *layout {
	l := &layout{frame: f, keys: slices.Clone(f.Before)}
	for i, c := range t.Columns {
		if c.in != without && !slices.Contains(f.Before, c.Key) && !slices.Contains(f.After, c.Key) {
			l.keys, l.columns = append(l.keys, c.Key), append(l.columns, i)
		}
	}
	l.keys = append(l.keys, f.After...)
	return l
}

// of returns the cells of a row in the order of the keys, valid until the next call.
func (l *layout) of(r Row) []any {
	around := &l.frame.Values[r.Organization+1]
	l.cells = append(l.cells[:0], around.Before...)
	for _, i := range l.columns {
		l.cells = append(l.cells, r.Cells[i])
	}
	l.cells = append(l.cells, around.After...)
	return l.cells
}
