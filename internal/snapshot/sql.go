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

// database keeps its statements prepared: SQLite takes longer to prepare most of them than to run them. Their
// texts are constants, so there are not many.
type database struct {
	*sql.DB          // of one connection
	kept    sync.Map // of *sql.Stmt by text
	wanted  sync.Map // texts that a transaction prepared for itself
}

func openDatabase(dsn string) (*database, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	// SQLite has one writer, the job reads back what it wrote, and each connection to :memory: is a database
	// of its own.
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

// begin begins a transaction, and prepares for it what the transactions before it wanted.
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

// close also closes the statements: while one of them is open SQLite leaves the -wal file behind.
func (d *database) close() error {
	var errs []error
	for _, stmt := range d.kept.Range {
		errs = append(errs, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(append(errs, d.DB.Close())...)
}

// transaction is a transaction of a database. It is for one goroutine.
type transaction struct {
	*sql.Tx
	db       *database
	prepared map[string]*sql.Stmt
}

// statement prepares what the database has not prepared for this transaction alone: for the database it would
// wait for the end of the transaction.
func (t *transaction) statement(ctx context.Context, text string) (stmt *sql.Stmt, err error) {
	if stmt = t.prepared[text]; stmt != nil {
		return stmt, nil
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

// execute executes a statement, and returns how many rows it changed.
func execute(ctx context.Context, q querier, text string, args ...any) (int, error) {
	stmt, err := q.statement(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// queryAll reads every row of a query. The reader is at the first column each time, and is not to be kept.
func queryAll[T any](
	ctx context.Context, q querier, doing string, read func(*reader) T, query string, args ...any,
) ([]T, error) {
	stmt, err := q.statement(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer func() { _ = rows.Close() }() // rows.Err below reports what Close would
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	r := newReader(len(columns))
	var all []T
	for rows.Next() {
		if err := rows.Scan(r.scanned...); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, explain(err))
		}
		r.next = 0
		all = append(all, read(r))
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w: %w", doing, ErrDamaged, r.err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	return all, nil
}

// first is the first of what a query found.
func first[T any](found []T, err error) (T, bool, error) {
	if err != nil || len(found) == 0 {
		var none T
		return none, false, err
	}
	return found[0], true, nil
}

// rowsPerInsert keeps the number of statements small without making them slow to prepare (measured best
// near 50).
const rowsPerInsert = 64

// insertRows inserts rows, each a value for every column, many to a statement, and the last ones one by one:
// a statement for each number of rows would be too many to keep.
func insertRows(ctx context.Context, tx querier, table string, columns []string, rows [][]any) error {
	insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES "
	place := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	for len(rows) > 0 {
		text, n := insert+place, 1
		if len(rows) >= rowsPerInsert {
			text, n = insert+strings.Repeat(place+", ", rowsPerInsert-1)+place, rowsPerInsert
		}
		if _, err := execute(ctx, tx, text, slices.Concat(rows[:n]...)...); err != nil {
			return fmt.Errorf("inserting into %s: %w", table, err)
		}
		rows = rows[n:]
	}
	return nil
}

// inTransaction commits what do writes, or none of it.
func (s *Store) inTransaction(ctx context.Context, doing string, do func(*transaction) error) error {
	tx, err := s.db.begin(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing; after an error that error counts
	if err := do(tx); err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}
