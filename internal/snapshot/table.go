package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

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
	// pack changes rows that are about to be inserted into how they are stored; nil when that is how they are.
	pack func(ctx context.Context, tx *sql.Tx, organizationKey int64, rows []*row) error
	// unpack gives what turns a row as it is stored into what it means, as reads do; it is much faster.
	unpack func(ctx context.Context, tx *sql.Tx, organizationKey int64) (func(values []any), error)
	// shaped are the places of shapeValues among the id and the columns.
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
	// stored are the values to insert where they are not those that the row means, see table.pack.
	stored []any
}

func (r row) id() string { return r.values[0].(string) }

// same says whether two rows are the same version.
func (t table) same(a, b row) bool {
	for i := range a.values {
		if i != t.raw+1 && a.values[i] != b.values[i] {
			return false
		}
	}
	return true
}

// check is a short hash over what a row means.
func (t table) check(r row) int64 { return evidence.Check(t.form.Append(nil, r.values)) }

// replace makes the listing, sorted by id, what holds for the organization from the snapshot on.
func (t table) replace(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, listing []row) error {
	d, err := t.compare(ctx, tx, organizationKey, listing, func(row) {})
	if err != nil {
		return err
	}
	return d.write(ctx, tx, organizationKey, snapshotID)
}

// difference is what has to be written so that a listing holds: rows that differ or are gone move to the history, rows that are unchanged are
// not touched.
type difference struct {
	table  table
	retire []string
	insert []*row
}

// compare walks the listing and the stored rows in lockstep, and hands every row as it will then be stored to each. It writes nothing.
func (t table) compare(ctx context.Context, tx *sql.Tx, organizationKey int64, listing []row, each func(row)) (difference, error) {
	d := difference{table: t}
	next := 0
	insertUntil := func(id string) {
		for ; next < len(listing) && (id == "" || listing[next].id() < id); next++ {
			d.insert = append(d.insert, &listing[next])
			each(listing[next])
		}
	}
	err := t.walk(ctx, tx, organizationKey, func(stored row) {
		insertUntil(stored.id())
		switch {
		case next == len(listing) || listing[next].id() != stored.id():
			d.retire = append(d.retire, stored.id())
			return
		case t.same(stored, listing[next]):
			each(stored)
		default:
			d.retire = append(d.retire, stored.id())
			d.insert = append(d.insert, &listing[next])
			each(listing[next])
		}
		next++
	})
	insertUntil("")
	return d, err
}

func (d difference) write(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64) error {
	if err := d.table.retire(ctx, tx, organizationKey, snapshotID, d.retire); err != nil {
		return err
	}
	return d.table.insert(ctx, tx, organizationKey, snapshotID, d.insert)
}

// walk reads the rows that hold now, sorted by id.
func (t table) walk(ctx context.Context, tx *sql.Tx, organizationKey int64, each func(row)) error {
	unpack := func([]any) {}
	if t.unpack != nil {
		var err error
		if unpack, err = t.unpack(ctx, tx, organizationKey); err != nil {
			return fmt.Errorf("unpacking %s rows: %w", t.name, err)
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, "+strings.Join(t.columns, ", ")+" FROM "+t.live()+" WHERE organization_key = ? ORDER BY id", organizationKey)
	if err != nil {
		return fmt.Errorf("reading %s rows: %w", t.name, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below tells what Close would
	for rows.Next() {
		values, err := scanValues(rows, len(t.columns)+1)
		if err != nil {
			return fmt.Errorf("reading %s rows: %w", t.name, err)
		}
		unpack(values)
		each(row{values: values})
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading %s rows: %w", t.name, err)
	}
	return nil
}

func (t table) insert(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, rows []*row) error {
	if t.pack != nil {
		if err := t.pack(ctx, tx, organizationKey, rows); err != nil {
			return fmt.Errorf("packing %s rows: %w", t.name, err)
		}
	}
	inserted := make([][]any, 0, len(rows))
	var record []byte
	for _, r := range rows {
		record = t.form.Append(record[:0], r.values)
		values := r.values
		if r.stored != nil {
			values = r.stored
		}
		inserted = append(inserted, append([]any{organizationKey, snapshotID, evidence.Check(record)}, values...))
	}
	return insertRows(ctx, tx, t.live(), append([]string{"organization_key", "valid_from", "row_check", "id"}, t.columns...), inserted)
}

// retire moves live rows to the history; they held up to the snapshot.
func (t table) retire(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	columns := "id, valid_from, row_check, " + strings.Join(t.columns, ", ")
	move := "INSERT INTO " + t.history() + " (organization_key, valid_to, " + columns + ")" +
		" SELECT organization_key, ?, " + columns + " FROM " + t.live() + " WHERE organization_key = ? AND id = ?"
	drop := "DELETE FROM " + t.live() + " WHERE organization_key = ? AND id = ?"
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, move, snapshotID, organizationKey, id); err != nil {
			return fmt.Errorf("retiring %s %s: %w", t.name, id, err)
		}
		result, err := tx.ExecContext(ctx, drop, organizationKey, id)
		if err != nil {
			return fmt.Errorf("retiring %s %s: %w", t.name, id, err)
		}
		if err := expectOneRow(result, fmt.Sprintf("retiring %s %s", t.name, id)); err != nil {
			return err
		}
	}
	return nil
}

// scanValues reads a row of n columns as strings, integers and nil.
func scanValues(rows *sql.Rows, n int) ([]any, error) {
	values, dest := make([]any, n), make([]any, n)
	for i := range values {
		dest[i] = &values[i]
	}
	return values, rows.Scan(dest...)
}
