// Package table holds the tables of a report: rows of typed cells, made once, and how they become
// CSV, Markdown, JSON and JSON lines. It owns the one way in which a cell's value is spelled.
package table

import (
	"slices"
	"strings"
	"time"
)

// Table is one set of rows. Add measures each row, so that no renderer has to read all of them
// before it writes the first.
type Table struct {
	Name    string // of the sheet
	File    string // CSV file, empty where the table has none
	Key     string // name of the array in JSON, empty where the table is not in it
	Columns []Column
	Rows    []Row
	Remarks []Remark
	// Widths are the widest cell of each column, in characters of a terminal.
	Widths []int
	Counts // of its cells

	sizes map[int]int // rows by organization
	zone  *time.Location
}

// Row is one row: Cells has one value for each column. See Cell types in value.go.
type Row struct {
	Organization int // index into the report's organizations, or RunLevel
	Cells        []any
}

// RunLevel marks a row or a remark that belongs to no single organization.
const RunLevel = -1

// Remark is what a reader must know beside the rows.
type Remark struct {
	Organization int
	Text         string
	// Missing is true where the remark stands for rows that are missing because nothing is known;
	// it is then a row of the CSV file too.
	Missing bool
	// Alarm is true where the remark says that something is not complete.
	Alarm bool
}

// New returns a table without rows. Where zone is not nil, each column of instants is followed by
// one with the same instants in that zone; JSON leaves it out.
func New(name string, zone *time.Location, columns ...Column) *Table {
	t := &Table{Name: name, zone: zone, sizes: make(map[int]int)}
	for _, c := range columns {
		t.Columns = append(t.Columns, c)
		if zone != nil && c.hasLocal() {
			title := strings.TrimSuffix(c.Title, InUTC) + "(" + zone.String() + ")"
			t.Columns = append(t.Columns, Column{Title: title, Key: c.Key + LocalSuffix, Kind: TextKind, in: notJSON})
		}
	}
	t.Widths = make([]int, len(t.Columns))
	return t
}

// InUTC ends the title of each column, and the name of each fact, whose values are instants.
const InUTC = "(UTC)"

// LocalSuffix ends the key of a column of local times.
const LocalSuffix = "_local"

// Add appends a row and measures it. The cells are in the order of the columns given to New; those
// that are missing at the end have no value.
func (t *Table) Add(organization int, cells ...any) {
	if t.zone != nil {
		cells = t.withLocal(cells)
	}
	for i, value := range cells {
		if t.Columns[i].in != jsonOnly {
			t.Widths[i] = max(t.Widths[i], DisplayWidth(t.Count(value)))
		}
	}
	cells = append(cells, make([]any, len(t.Columns)-len(cells))...)
	t.Rows = append(t.Rows, Row{organization, cells})
	t.sizes[organization]++
}

// withLocal inserts the local time after each cell of a column of instants.
func (t *Table) withLocal(cells []any) []any {
	all := make([]any, 0, len(t.Columns))
	for _, value := range cells {
		hasLocal := t.Columns[len(all)].hasLocal()
		all = append(all, value)
		if hasLocal {
			all = append(all, InZone(value, t.zone))
		}
	}
	return all
}

// Remark appends a remark.
func (t *Table) Remark(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{Organization: organization, Text: text})
}

// Missing appends a remark that stands for rows which nobody knows.
func (t *Table) Missing(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{Organization: organization, Text: text, Missing: true})
}

// Alarm appends such a remark that says that something is not complete.
func (t *Table) Alarm(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{organization, text, true, true})
}

// Size is the number of rows of one organization, or of RunLevel.
func (t *Table) Size(organization int) int { return t.sizes[organization] }

// Column returns the index of the column with a key. The key must be one of the table's.
func (t *Table) Column(key string) int {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key })
	if i < 0 {
		panic("table: no column " + key + " in " + t.Name)
	}
	return i
}

// Indexes are those of the columns with these keys, or of all that people see without keys.
func (t *Table) Indexes(keys []string) []int {
	var all []int
	for i := range t.Shown() {
		if len(keys) == 0 {
			all = append(all, i)
		}
	}
	for _, key := range keys {
		all = append(all, t.Column(key))
	}
	return all
}

// Shown are the columns that people see: all but those that only JSON has, which stand last.
func (t *Table) Shown() []Column {
	end := len(t.Columns)
	for end > 0 && t.Columns[end-1].in == jsonOnly {
		end--
	}
	return t.Columns[:end]
}

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

// Column is one column. Make it with Text and its like, or with ParseColumns.
type Column struct {
	Title string // in sheets and Markdown, unique in its table
	Key   string // in CSV and JSON
	Kind  Kind
	in    files
}

// Kind is the type of a column's values in JSON. Each may be missing, which is null.
type Kind string

// The kinds. AnyKind is a text, a number, a truth or an instant.
const (
	TextKind Kind = "text"
	IntKind  Kind = "int"
	BoolKind Kind = "bool"
	TimeKind Kind = "time"
	DayKind  Kind = "date"
	ListKind Kind = "list"
	RawKind  Kind = "raw"
	AnyKind  Kind = "any"
)

// files says which files have a column.
type files int

const (
	inAll files = iota
	jsonOnly
	notJSON
)

// Text is a column of texts and of words.
func Text(title, key string) Column { return Column{Title: title, Key: key, Kind: TextKind} }

// Int is a column of whole numbers.
func Int(title, key string) Column { return Column{Title: title, Key: key, Kind: IntKind} }

// Time is a column of instants. Its title gets "(UTC)" at the end.
func Time(title, key string) Column {
	return Column{Title: title + " " + InUTC, Key: key, Kind: TimeKind}
}

// Lists is a column of lists of texts.
func Lists(title, key string) Column { return Column{Title: title, Key: key, Kind: ListKind} }

// ParseColumns reads columns by their tables, a column a line: table, kind, key, title, and "json"
// where only JSON has the column or "no json" where all files but JSON have it, with tabs between.
func ParseColumns(text string) map[string][]Column {
	columns := make(map[string][]Column)
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := Column{Title: parts[3], Key: parts[2], Kind: Kind(parts[1])}
		if c.Kind == TimeKind {
			c.Title += " " + InUTC
		}
		switch parts[len(parts)-1] {
		case "json":
			c.in = jsonOnly // such columns must stand behind all others
		case "no json":
			c.in = notJSON
		}
		columns[parts[0]] = append(columns[parts[0]], c)
	}
	return columns
}

// hasLocal reports whether a column of local times can stand behind the column.
func (c Column) hasLocal() bool { return c.Kind == TimeKind && c.in != jsonOnly }

// InJSON reports whether JSON has the column.
func (c Column) InJSON() bool { return c.in != notJSON }
