// Package table has the tables of a report, with rows of typed cells, and writes them as CSV, HTML,
// Markdown, JSON and JSON lines. It owns the text form of every cell.
package table

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Table is one set of rows. Add measures each row, so that renderers know the widths before
// they write the first row.
type Table struct {
	Name    string // of the sheet
	File    string // CSV file, empty for none
	Key     string // name of the array in JSON, empty for none
	Columns []Column
	Rows    []Row
	Remarks []Remark
	// ForPrograms are the remarks in CSV and JSON, nil for Remarks.
	ForPrograms []Remark
	Bare        bool // shown without a header, except in Markdown
	// Anchor is the key of the column that names a row in links. Links has the keys of columns that
	// link to other rows, each with the key of the column that names the other row.
	Anchor string
	Links  map[string]string
	// Widths has the width of the widest cell of each column, in characters of a terminal.
	Widths []int
	Counts // of its cells

	sizes map[int]int // rows by organization
	zone  *time.Location
}

// Row is one row. Cells has one value for each column; value.go lists their types.
type Row struct {
	Organization int   // index into the report's organizations, RunLevel, or a DatabaseLevel
	Cells        []any // nil for a row of AddLater, see Made
	make         func() []any
}

// Made returns the row with its cells.
func (r Row) Made() Row {
	if r.make != nil {
		r.Cells = r.make()
	}
	return r
}

// RunLevel marks a row or a remark that belongs to no single organization.
const RunLevel = -1

// DatabaseLevel marks a row or a remark that belongs to one of several databases, by its index.
func DatabaseLevel(database int) int { return RunLevel - 1 - database }

// DatabaseOf returns the index of the database of a DatabaseLevel.
func DatabaseOf(level int) int { return RunLevel - 1 - level }

// Remark is a text that a reader must know beside the rows.
type Remark struct {
	Organization int
	Text         string
	// Missing is true if the remark stands for rows that are not known. CSV has it as a row.
	Missing bool
	// Alarm is true if the remark says that a snapshot is not complete.
	Alarm bool
}

// New returns a table without rows. If zone is not nil, New adds a column with the local times
// after each column of instants; JSON omits it.
func New(name string, zone *time.Location, columns ...Column) *Table {
	t := &Table{Name: name, zone: zone, sizes: make(map[int]int)}
	for _, c := range columns {
		t.Columns = append(t.Columns, c)
		if zone != nil && c.hasLocal() {
			title := strings.TrimSuffix(c.Title, InUTC) + "(" + zone.String() + ")"
			t.Columns = append(t.Columns, Column{Title: title, Key: c.Key + "_local", Kind: TextKind, in: notJSON})
		}
	}
	t.Widths = make([]int, len(t.Columns))
	return t
}

// InUTC ends the titles of columns of instants, and the names of facts that are instants.
const InUTC = "(UTC)"

// Add appends a row and measures it. The cells are in the order of the columns passed to New.
// Cells missing at the end are nil.
func (t *Table) Add(organization int, cells ...any) {
	t.add(Row{Organization: organization, Cells: t.row(t.Columns, cells)})
}

// AddLater appends and measures a row like Add. It does not keep the cells: each reader of the row
// calls cells again, which must return the same ones. The rows of many organizations would take
// most of the memory otherwise.
func (t *Table) AddLater(organization int, cells func() []any) {
	columns := t.Columns
	t.add(Row{Organization: organization, make: func() []any { return t.row(columns, cells()) }})
}

// row returns the cells of a row of these columns with the local times.
func (t *Table) row(columns []Column, cells []any) []any {
	row := make([]any, 0, len(columns))
	for _, value := range cells {
		row = append(row, value)
		if t.zone != nil && columns[len(row)-1].hasLocal() {
			row = append(row, InZone(value, t.zone))
		}
	}
	return row[:len(columns)]
}

func (t *Table) add(r Row) {
	for i, value := range r.Made().Cells {
		if t.Columns[i].in != jsonOnly {
			t.Widths[i] = max(t.Widths[i], DisplayWidth(t.Count(value)))
		}
	}
	t.Rows = append(t.Rows, r)
	t.sizes[r.Organization]++
}

// Empty returns the table without rows and remarks.
func (t *Table) Empty() *Table {
	empty := *t
	empty.Columns, empty.Widths = slices.Clone(t.Columns), make([]int, len(t.Columns))
	empty.ForPrograms = nil
	empty.Rows, empty.Remarks, empty.Counts, empty.sizes = nil, nil, Counts{}, make(map[int]int)
	return &empty
}

// Join appends the rows and the remarks of a table with the same columns. place returns the
// organization of each in this table.
func (t *Table) Join(other *Table, place func(organization int) int) {
	for _, r := range other.Rows {
		r.Organization = place(r.Organization)
		t.Rows = append(t.Rows, r)
		t.sizes[r.Organization]++
	}
	for _, r := range other.Remarks {
		r.Organization = place(r.Organization)
		t.Remarks = append(t.Remarks, r)
	}
	for i, width := range other.Widths {
		t.Widths[i] = max(t.Widths[i], width)
	}
	t.Altered, t.Cut, t.Guarded = t.Altered+other.Altered, t.Cut+other.Cut, t.Guarded+other.Guarded
}

// Extend adds a visible column after the others, with the value of each row by its organization.
func (t *Table) Extend(column Column, value func(organization int) any) {
	at, width := len(t.Shown()), 0
	t.Columns = slices.Insert(slices.Clone(t.Columns), at, column)
	for i := range t.Rows {
		cell := value(t.Rows[i].Organization)
		if cells := t.Rows[i].make; cells != nil {
			t.Rows[i].make = func() []any { return slices.Insert(cells(), at, cell) }
		} else {
			cells := t.Rows[i].Cells
			t.Rows[i].Cells = slices.Concat(cells[:at], []any{cell}, cells[at:]) // Insert would take twice the memory
		}
		width = max(width, DisplayWidth(t.Count(cell)))
	}
	t.Widths = slices.Insert(t.Widths, at, width)
}

// Remark appends a remark.
func (t *Table) Remark(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{Organization: organization, Text: text})
}

// More appends a remark on the number of rows that are only elsewhere, unless there are none.
func (t *Table) More(rows int, where string) {
	if rows > 0 {
		t.Remark(RunLevel, fmt.Sprintf("%d more in %s", rows, where))
	}
}

// Missing appends a remark that stands for rows that are not known.
func (t *Table) Missing(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{Organization: organization, Text: text, Missing: true})
}

// Alarm appends a remark with both Missing and Alarm.
func (t *Table) Alarm(organization int, text string) {
	t.Remarks = append(t.Remarks, Remark{organization, text, true, true})
}

// forPrograms returns the remarks in CSV and JSON.
func (t *Table) forPrograms() []Remark {
	if t.ForPrograms != nil {
		return t.ForPrograms
	}
	return t.Remarks
}

// Size returns the number of rows of one organization, or of RunLevel.
func (t *Table) Size(organization int) int { return t.sizes[organization] }

// Column returns the index of the column with a key, -1 if there is none.
func (t *Table) Column(key string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key })
}

// Indexes returns the indexes of the columns with these keys; no keys select all visible
// columns.
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

// Shown returns the visible columns: all but those that only JSON has, which are last.
func (t *Table) Shown() []Column {
	end := len(t.Columns)
	for end > 0 && t.Columns[end-1].in == jsonOnly {
		end--
	}
	return t.Columns[:end]
}

// withLocal returns the indexes of the columns with these keys, each with its column of local
// times; no keys select all visible columns.
func (t *Table) withLocal(keys []string) []int {
	if len(keys) == 0 || t.zone == nil {
		return t.Indexes(keys)
	}
	var all []int
	for _, i := range t.Indexes(keys) {
		all = append(all, i)
		if t.Columns[i].hasLocal() {
			all = append(all, i+1)
		}
	}
	return all
}

// forTemplate is a table in a template: what HTML and Markdown have in common.
type forTemplate struct {
	table        *Table
	columns      []int               // shown in the text of the whole table
	rest         string              // the file with the other rows
	cell, remark func(string) string // escape a text
}

// Len returns the number of rows.
func (f forTemplate) Len() int { return len(f.table.Rows) }

// Rows returns all rows. Each row has the escaped values of all columns by their keys.
func (f forTemplate) Rows() []map[string]string {
	all := make([]map[string]string, f.Len())
	for n, r := range f.table.Rows {
		r = r.Made()
		all[n] = make(map[string]string, len(r.Cells))
		for i, c := range f.table.Shown() {
			all[n][c.Key] = f.cell(Shown(r.Cells[i]))
		}
	}
	return all
}

// Remarks returns the escaped remarks.
func (f forTemplate) Remarks() []string {
	all := make([]string, len(f.table.Remarks))
	for i, r := range f.table.Remarks {
		all[i] = f.remark(r.Text)
	}
	return all
}

// example returns the table with one row of empty values and one remark.
func (t *Table) example() *Table {
	one := *t
	one.Rows = []Row{{Organization: RunLevel, Cells: make([]any, len(one.Columns))}}
	one.Remarks = []Remark{{Organization: RunLevel}}
	return &one
}

// Frame has columns that are added around those of every table, to identify a row. They replace the
// table's own columns with the same keys.
type Frame struct {
	Before, After []string // keys
	// Values has the cells by the organization of the row or its level, then by key.
	Values map[int]map[string]any
}

// layout selects the columns of a file: those of the frame and some of the table's.
type layout struct {
	frame   *Frame
	keys    []string
	columns []int // of the table
}

// layout returns the layout of a file for programs, without the columns marked as without.
func (t *Table) layout(f *Frame, without files) *layout {
	l := &layout{frame: f, keys: slices.Clone(f.Before)}
	for i, c := range t.Columns {
		if c.in != without && c.in != forPeople && !slices.Contains(f.Before, c.Key) && !slices.Contains(f.After, c.Key) {
			l.keys, l.columns = append(l.keys, c.Key), append(l.columns, i)
		}
	}
	l.keys = append(l.keys, f.After...)
	return l
}

func (l *layout) of(r Row) []any {
	cells, around := make([]any, 0, len(l.keys)), l.frame.Values[r.Organization]
	for _, key := range l.frame.Before {
		cells = append(cells, around[key])
	}
	r = r.Made()
	for _, i := range l.columns {
		cells = append(cells, r.Cells[i])
	}
	for _, key := range l.frame.After {
		cells = append(cells, around[key])
	}
	return cells
}

// Column is one column. Text, Int, Time, Lists and ParseColumns make columns.
type Column struct {
	Title string // in sheets and Markdown, unique in its table
	Key   string // in CSV and JSON
	Kind  Kind
	in    files
}

// Kind is the type of a column's values in JSON. A missing value is null.
type Kind string

// The kinds. AnyKind is a text, a number, a boolean or an instant.
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

// files selects the files that have a column.
type files int

const (
	inAll files = iota
	jsonOnly
	notJSON
	forPeople // workbook, HTML and Markdown
)

// Text returns a column of texts and words.
func Text(title, key string) Column { return Column{Title: title, Key: key, Kind: TextKind} }

// Time returns a column of instants. It adds "(UTC)" to the title.
func Time(title, key string) Column {
	return Column{Title: title + " " + InUTC, Key: key, Kind: TimeKind}
}

// Lists returns a column of lists of texts.
func Lists(title, key string) Column { return Column{Title: title, Key: key, Kind: ListKind} }

// ParseColumns reads the columns of each table, by its name. Each line has a column: table, kind,
// key, title, and optionally "json" (only JSON has the column), "no json" (JSON does not have it)
// or "people" (only the workbook, HTML and Markdown have it), separated by tabs.
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
			c.in = jsonOnly // such columns must be last
		case "no json":
			c.in = notJSON
		case "people":
			c.in = forPeople
		}
		columns[parts[0]] = append(columns[parts[0]], c)
	}
	return columns
}

func (c Column) hasLocal() bool { return c.Kind == TimeKind && c.in != jsonOnly }

// InJSON reports whether JSON has the column.
func (c Column) InJSON() bool { return c.in != notJSON && c.in != forPeople }
