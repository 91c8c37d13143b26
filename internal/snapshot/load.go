package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite/vtab"

	"scim-auditor/internal/evidence"
)

// rowsTable is a virtual table of SQL that gives the rows of a listing. A statement that reads it takes them all, where one with a parameter
// for each value spends more time on the parameters than on the rows.
const rowsTable = "temp.auditor_rows"

// createRowsTable belongs at the beginning of a connection that writes: once the table is made, SQLite prepares anew what was prepared before.
const createRowsTable = "CREATE VIRTUAL TABLE " + rowsTable + " USING auditor_rows"

// rowsColumns is how many columns it has, as many as the rows of any table have values: c0, c1 and so on.
const rowsColumns = 24

func init() {
	if err := vtab.RegisterModule(nil, "auditor_rows", rowsModule{}); err != nil {
		panic("snapshot: " + err.Error()) // the name is taken, in this program
	}
}

// source is a listing that a statement reads.
type source struct {
	listing listing
	err     error // what ended it early
}

// sources are the listings that rowsTable gives, by the number that its hidden column has.
var sources lending[*source]

// execRows executes a statement that reads a listing FROM rowsTable WHERE source = the last parameter, and says how many rows it changed.
func execRows(ctx context.Context, tx *sql.Tx, l listing, query string, args ...any) (int64, error) {
	s := &source{listing: l}
	number, back := sources.lend(s)
	defer back()
	result, err := tx.ExecContext(ctx, query, append(args, number)...)
	if s.err != nil {
		return 0, s.err // SQLite only knows that there was an error
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// insertRows inserts what a difference has to insert.
func (t table) insertRows(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, d difference) error {
	columns := append([]string{"row_check", "id"}, t.columns...)
	var from []string
	for i := range columns {
		from = append(from, fmt.Sprintf("c%d", i))
	}
	n, err := execRows(ctx, tx, d.asStored(), "INSERT INTO "+t.live()+" (organization_key, valid_from, "+strings.Join(columns, ", ")+")"+
		" SELECT ?, ?, "+strings.Join(from, ", ")+" FROM "+rowsTable+" WHERE source = ?", organizationKey, snapshotID)
	if err == nil && n != int64(d.inserts) {
		err = fmt.Errorf("%d rows were there to insert, not %d", n, d.inserts)
	}
	return err
}

// asStored gives the rows to insert, each with its row_check.
func (d difference) asStored() listing {
	return func(yield func(row, error) bool) {
		var record []byte
		for r, err := range d.inserted() {
			if err != nil {
				yield(row{}, err)
				return
			}
			record = d.table.form.Append(record[:0], r.values)
			d.shapes.pack(r.values)
			r.check = evidence.Check(record)
			if !yield(r, nil) {
				return
			}
		}
	}
}

// retire moves live rows to the history; they held up to the snapshot.
func (t table) retire(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows := make([]row, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, row{values: []any{id}})
	}
	columns := "id, valid_from, row_check, " + strings.Join(t.columns, ", ")
	for _, query := range []string{
		"INSERT INTO " + t.history() + " (valid_to, organization_key, " + columns + ")" +
			" SELECT ?, organization_key, " + columns + " FROM " + rowsTable + " CROSS JOIN " + t.live() + " ON organization_key = ? AND id = c1 WHERE source = ?",
		// The first parameter is the statement's before, so that both have the same ones.
		"DELETE FROM " + t.live() + " WHERE ? AND organization_key = ? AND id IN (SELECT c1 FROM " + rowsTable + " WHERE source = ?)",
	} {
		n, err := execRows(ctx, tx, listed(rows), query, snapshotID, organizationKey)
		if err != nil {
			return err
		}
		if n != int64(len(ids)) {
			return fmt.Errorf("%d rows were there to change, not %d", n, len(ids))
		}
	}
	return nil
}

type rowsModule struct{}

func (rowsModule) Create(ctx vtab.Context, _ []string) (vtab.Table, error) {
	columns := []string{"source HIDDEN"}
	for i := range rowsColumns {
		columns = append(columns, fmt.Sprintf("c%d", i))
	}
	return rowsOfSources{}, ctx.Declare("CREATE TABLE rows (" + strings.Join(columns, ", ") + ")")
}

func (m rowsModule) Connect(ctx vtab.Context, args []string) (vtab.Table, error) {
	return m.Create(ctx, args)
}

type rowsOfSources struct{}

// BestIndex knows one way to read the table: by its source.
func (rowsOfSources) BestIndex(info *vtab.IndexInfo) error {
	for i := range info.Constraints {
		if c := &info.Constraints[i]; c.Column == 0 && c.Op == vtab.OpEQ && c.Usable {
			c.ArgIndex, c.Omit = 0, true
			return nil
		}
	}
	return errors.New("its rows are read by their source")
}

func (rowsOfSources) Open() (vtab.Cursor, error) { return &rowsCursor{}, nil }
func (rowsOfSources) Disconnect() error          { return nil }
func (rowsOfSources) Destroy() error             { return nil }

type rowsCursor struct {
	source *source
	listed *reader
}

// Filter begins to read the source that is asked for.
func (c *rowsCursor) Filter(_ int, _ string, asked []vtab.Value) error {
	if err := c.Close(); err != nil {
		return err
	}
	if len(asked) == 1 {
		c.source, _ = sources.get(asked[0])
	}
	if c.source == nil {
		return errors.New("there is no such source")
	}
	c.listed = readAhead(c.source.listing)
	return c.ended()
}

func (c *rowsCursor) Next() error {
	c.listed.next()
	return c.ended()
}

func (c *rowsCursor) ended() error {
	c.source.err = c.listed.err
	return c.listed.err
}

func (c *rowsCursor) Eof() bool { return !c.listed.more }

// Column is c0, the row's check, or one of its values.
func (c *rowsCursor) Column(i int) (vtab.Value, error) {
	switch i {
	case 0:
		return nil, nil // the source, which is never read
	case 1:
		return c.listed.row.check, nil
	}
	return c.listed.row.values[i-2], nil
}

func (c *rowsCursor) Rowid() (int64, error) { return 0, errors.New("its rows have no rowid") }

func (c *rowsCursor) Close() error {
	if c.listed != nil {
		c.listed.close()
	}
	c.source, c.listed = nil, nil
	return nil
}
