package report

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// A table is one set of rows that the workbook, Markdown and CSV all write. A cell is a string, an int, a bool, a time.Time, a localTime, a
// day, nil, or one of the words that have a colour: diff.Severity, finding.Status, schedule.Status, snapshot.Outcome, verdict.
type table struct {
	name    string // of the sheet
	file    string // of the CSV file
	columns []column
	rows    iter.Seq[row]
	remarks []remark
	// sizes counts the rows by organization; nil until it is asked for.
	sizes map[int]int
}

type column struct {
	title string // of the sheet, unique in its table
	key   string // of the CSV file
}

type row struct {
	organization int // index into Model.Organizations, or runLevel
	cells        []any
}

// runLevel marks a row or a remark that belongs to no single organization.
const runLevel = -1

// remark is what a reader must know beside the rows.
type remark struct {
	organization int
	text         string
	// lacking is true where the remark stands for rows that are not there because nothing is known; then it is a row of the CSV file too.
	lacking bool
}

// verdict is the word on a tie-out.
type verdict string

// The verdicts.
const (
	ties       verdict = "ties"
	doesNotTie verdict = "does not tie"
	notChecked verdict = "not assessed"
)

// day is a date without a time of day.
type day time.Time

// view is the model with what all files need of it.
type view struct {
	*Model
	Options
	labels []string       // of the organizations, unique
	byID   map[string]int // organization id → index

	// What the files share is computed once, when it is first asked for.
	ties    []tieOut
	open    map[subjectKey][]string
	sheets  []*content
	tallied *tally

	begin func() (*book, error) // of the workbook
}

func newView(m *Model, opts Options) *view {
	v := &view{Model: m, Options: opts, begin: newBook, labels: make([]string, len(m.Organizations)), byID: make(map[string]int)}
	for i := range m.Organizations {
		o := &m.Organizations[i]
		v.labels[i], v.byID[o.id()] = o.name(), i
	}
	distinguish(v.labels, func(i int) string { return orText(m.Organizations[i].Snapshot.Source, m.Organizations[i].id()) })
	return v
}

func (v *view) prepare() {
	v.openFindings()
	v.tieOuts()
	v.cells()
}

// distinguish puts behind each name that several have what tells them apart.
func distinguish(names []string, by func(i int) string) {
	seen := make(map[string]int)
	for _, name := range names {
		seen[name]++
	}
	for i, name := range names {
		if seen[name] > 1 {
			names[i] += " (" + by(i) + ")"
		}
	}
}

// label names the organization of a row.
func (v *view) label(organization int) string {
	if organization == runLevel {
		return ""
	}
	return v.labels[organization]
}

// each yields the organizations with their index.
func (v *view) each() iter.Seq2[int, *Organization] {
	return func(yield func(int, *Organization) bool) {
		for i := range v.Organizations {
			if !yield(i, &v.Organizations[i]) {
				return
			}
		}
	}
}

// rowsOf yields a row for each item of each organization.
func rowsOf[T any](v *view, items func(*Organization) []T, cells func(i int, o *Organization, item *T) []any) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				if !yield(row{i, cells(i, o, &list[j])}) {
					return
				}
			}
		}
	}
}

// size counts the rows.
func (t *table) size() int {
	n := 0
	for _, rows := range t.rowsByOrganization() {
		n += rows
	}
	return n
}

// sizeOf counts the rows of one organization.
func (t *table) sizeOf(organization int) int { return t.rowsByOrganization()[organization] }

// rowsByOrganization counts the rows when it is first asked for: a report may hold a thousand organizations.
func (t *table) rowsByOrganization() map[int]int {
	if t.sizes == nil {
		t.sizes = make(map[int]int)
		for r := range t.rows {
			t.sizes[r.organization]++
		}
	}
	return t.sizes
}

// plain is a cell as machine-readable text: instants in RFC 3339, truth as true and false.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case localTime:
		return v.Format(time.RFC3339Nano)
	case day:
		return time.Time(v).Format(time.DateOnly)
	case finding.Status:
		return string(v)
	case schedule.Status:
		return string(v)
	default:
		return word(v)
	}
}

// shown is a cell as a person reads it.
func shown(v any) string {
	switch v := v.(type) {
	case bool:
		return yesNo(v)
	case time.Time:
		return v.UTC().Format(time.DateTime)
	case localTime:
		return v.Format(time.DateTime)
	case finding.Status, schedule.Status:
		return word(v)
	default:
		return plain(v)
	}
}

// word is the text of a cell that has a colour, empty for every other type.
func word(v any) string {
	switch v := v.(type) {
	case diff.Severity:
		return string(v)
	case finding.Status:
		return strings.ReplaceAll(string(v), "_", " ")
	case snapshot.Outcome:
		return string(v)
	case schedule.Status:
		return strings.ReplaceAll(string(v), "_", " ")
	case verdict:
		return string(v)
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// instant is a time's cell; what is not known is said in words.
func instant(t time.Time, unknown string) any {
	if t.IsZero() {
		return unknown
	}
	return t
}

// orText is a text's cell; an empty one is said in words.
func orText(s, empty string) string {
	if s == "" {
		return empty
	}
	return s
}

func titles(columns []column) []string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.title
	}
	return all
}

// pick is a table with some of its columns, named by their keys.
func (t *table) pick(keys ...string) *table {
	index := make([]int, len(keys))
	columns := make([]column, len(keys))
	for i, key := range keys {
		index[i] = slices.IndexFunc(t.columns, func(c column) bool { return c.key == key })
		columns[i] = t.columns[index[i]]
	}
	rows := func(yield func(row) bool) {
		for r := range t.rows {
			cells := make([]any, len(index))
			for i, from := range index {
				cells[i] = r.cells[from]
			}
			if !yield(row{r.organization, cells}) {
				return
			}
		}
	}
	return &table{name: t.name, file: t.file, columns: columns, rows: rows, remarks: t.remarks}
}
