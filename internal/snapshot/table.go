package snapshot

import (
	"context"
	"database/sql"
	"slices"

	"scim-auditor/internal/evidence"
)

// table is a pair of tables, <name>_live and <name>_history: a row is in the first since the snapshot valid_from; the snapshot that shows it
// otherwise, or no more, moves it to the second and is its valid_to.
type table struct {
	name    string
	columns []string // without organization_key, id, valid_from, valid_to and row_check
	// reads are the expressions that read the columns from a row named v.
	reads []string
	form  evidence.Form // of id and the columns
	// raw is the place of the column "raw" among the columns: how the API spelled a row does not make it another version. -1 without one.
	raw int
	// shaped are the places of shapeValues among the id and the columns; nil for a table whose rows keep their JSON as it is.
	shaped []int
}

func newTable(name string, columns ...string) table {
	t := table{name: name, columns: columns, form: evidence.NewForm(name, append([]string{"id"}, columns...)...), raw: slices.Index(columns, "raw")}
	for _, c := range columns {
		t.reads = append(t.reads, "v."+c)
	}
	return t
}

func (t table) live() string    { return t.name + "_live" }
func (t table) history() string { return t.name + "_history" }

// row is a row of a table: its id, then a value for each of the columns, each a string, an int64 or nil.
type row struct {
	values []any
	check  int64 // what row_check is to be, once it is made
}

func (r row) id() string { return r.values[0].(string) }

// size is the bytes of a row's texts.
func (r row) size() (n int) {
	for _, v := range r.values {
		text, _ := v.(string)
		n += len(text)
	}
	return n
}

// same says whether two rows are the same version.
func (t table) same(a, b row) bool {
	for i := range a.values {
		if i != t.raw+1 && a.values[i] != b.values[i] {
			return false
		}
	}
	return true
}

// checkOf is a short hash over what a row means.
func (t table) checkOf(r row) int64 { return evidence.Check(t.form.Append(nil, r.values)) }

// replace makes the listing what holds for the organization from the snapshot on.
func (t table) replace(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, l listing) error {
	d, err := t.compare(ctx, tx, organizationKey, l, func(row) {})
	if err != nil {
		return err
	}
	return d.write(ctx, tx, organizationKey, snapshotID)
}

// scanValues reads a row of n columns as strings, integers and nil.
func scanValues(rows *sql.Rows, n int) ([]any, error) {
	values, dest := make([]any, n), make([]any, n)
	for i := range values {
		dest[i] = &values[i]
	}
	return values, rows.Scan(dest...)
}
