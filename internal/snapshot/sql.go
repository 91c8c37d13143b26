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

// transaction is a transaction in a database. Only one goroutine may use it.
type transaction struct {
	*sql.Tx
	db       *database
	prepared map[string]*sql.Stmt
}

// statement returns a kept statement, or prepares one for this transaction only. Preparing it on the database
// would wait until the transaction ends.
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

// execute executes a statement and returns the number of changed rows.
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

// queryAll returns every row of a query. For each row read gets a reader at the first column, and must not
// keep it.
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

// inTransaction commits everything that do writes, or nothing if do fails.
func (s *Store) inTransaction(ctx context.Context, doing string, do func(*transaction) error) error {
	tx, err := s.db.begin(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit; after an error that error is returned
	if err := do(tx); err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}
