package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// querier is a database or a transaction.
type querier interface {
	statement(ctx context.Context, text string) (*sql.Stmt, error)
}

// database keeps its prepared statements until close, because SQLite takes longer to prepare most of them than
// to run them. Their texts are constants, so there are few.
type database struct {
	*sql.DB          // has one connection
	kept    sync.Map // *sql.Stmt by text
	wanted  sync.Map // texts that only a transaction has prepared; begin prepares them
}

func openDatabase(dsn string) (*database, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	// SQLite allows one writer, the job reads back what it wrote, and each connection to :memory: would be a
	// separate database.
	db.SetMaxOpenConns(1)
	return &database{DB: db}, nil
}

func (d *database) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if kept, ok := d.kept.Load(text); ok {
		return kept.(*sql.Stmt), nil
	}
	stmt, err := d.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if other, ok := d.kept.LoadOrStore(text, stmt); ok {
		return other.(*sql.Stmt), stmt.Close()
	}
	return stmt, nil
}

// begin begins a transaction. It first prepares the statements that only earlier transactions prepared.
func (d *database) begin(ctx context.Context, options *sql.TxOptions) (*transaction, error) {
	for text := range d.wanted.Range {
		if _, err := d.statement(ctx, text.(string)); err != nil {
			return nil, err
		}
		d.wanted.Delete(text)
	}
	tx, err := d.BeginTx(ctx, options)
	return &transaction{Tx: tx, db: d, prepared: make(map[string]*sql.Stmt)}, err
}

// close also closes the statements. SQLite would leave the -wal file behind if one of them were open.
func (d *database) close() error {
	var errs []error
	for _, stmt := range d.kept.Range {
		errs = append(errs, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(append(errs, d.Close())...)
}

// transaction is a transaction in a database. After its first error it executes nothing more. Only one goroutine
// may use it.
type transaction struct {
	*sql.Tx
	db       *database
	prepared map[string]*sql.Stmt
	err      error // the first one
}

// fail ends the transaction without a commit, unless err is nil.
func (t *transaction) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// statement returns a kept statement, or prepares one for this transaction only. Preparing it on the database
// would wait until the transaction ends.
func (t *transaction) statement(ctx context.Context, text string) (stmt *sql.Stmt, err error) {
	if stmt = t.prepared[text]; stmt != nil || t.err != nil {
		return stmt, t.err
	}
	if kept, ok := t.db.kept.Load(text); ok {
		stmt = t.StmtContext(ctx, kept.(*sql.Stmt))
	} else if stmt, err = t.PrepareContext(ctx, text); err == nil {
		t.db.wanted.Store(text, true)
	}
	if err == nil {
		t.prepared[text] = stmt
	}
	return stmt, err
}

// execute executes a statement and returns the number of changed rows.
func (t *transaction) execute(ctx context.Context, doing, text string, args ...any) int {
	stmt, err := t.statement(ctx, text)
	if err != nil {
		t.fail(fmt.Errorf("%s: %w", doing, err))
		return 0
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		t.fail(fmt.Errorf("%s: %w", doing, err))
		return 0
	}
	n, err := result.RowsAffected()
	t.fail(err)
	return int(n)
}

// eachRow calls do for each row of a query. The values are valid until do returns.
func eachRow(
	ctx context.Context, q querier, query string, args []any, do func(columns []string, values []any) error,
) error {
	stmt, err := q.statement(ctx, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err below reports what Close would
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		if err := do(columns, values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// queryAll returns every row of a query. For each row read gets a reader at the first column, and must not
// keep it.
func queryAll[T any](
	ctx context.Context, q querier, doing string, read func(*reader) T, query string, args ...any,
) (all []T, err error) {
	var r reader
	err = eachRow(ctx, q, query, args, func(_ []string, values []any) error {
		r.values, r.next = values, 0
		all = append(all, read(&r))
		if r.err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, r.err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	return all, nil
}

// first returns the first row that a query found, and whether there is one.
func first[T any](found []T, err error) (T, bool, error) {
	if err != nil || len(found) == 0 {
		var none T
		return none, false, err
	}
	return found[0], true, nil
}

// rowsPerInsert limits the rows in one INSERT. More rows make a statement slower to prepare; near 50 was
// fastest when measured.
const rowsPerInsert = 64

// insertRows inserts rows with a value for every column, rowsPerInsert at a time, and the remaining rows one
// by one, so that only two statements are kept for a table.
func insertRows(ctx context.Context, tx *transaction, table string, columns []string, rows [][]any) {
	insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	place := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	for len(rows) > 0 {
		text, n := insert+place, 1
		if len(rows) >= rowsPerInsert {
			text, n = insert+strings.Repeat(place+", ", rowsPerInsert-1)+place, rowsPerInsert
		}
		tx.execute(ctx, "inserting into "+table, text, slices.Concat(rows[:n]...)...)
		rows = rows[n:]
	}
}

// inTransaction commits everything that do writes, or nothing if the transaction fails.
func (s *Store) inTransaction(ctx context.Context, doing string, do func(*transaction)) error {
	tx, err := s.db.begin(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit; after an error that error is returned
	if do(tx); tx.err == nil {
		tx.err = tx.Commit()
	}
	if tx.err != nil {
		return fmt.Errorf("%s: %w", doing, explain(tx.err))
	}
	return nil
}
