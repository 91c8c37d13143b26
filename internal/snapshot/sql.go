package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// queryAll reads every row of a query. The reader is at the first column each time, and is not to be kept.
func queryAll[T any](
	ctx context.Context, q querier, doing string, read func(*reader) T, query string, args ...any,
) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
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

// insertRows inserts rows, each a value for every column, many to a statement.
func insertRows(ctx context.Context, tx *sql.Tx, table string, columns []string, rows [][]any) error {
	for some := range slices.Chunk(rows, rowsPerInsert) {
		query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " +
			places(len(some), len(columns))
		if _, err := tx.ExecContext(ctx, query, slices.Concat(some...)...); err != nil {
			return fmt.Errorf("inserting into %s: %w", table, err)
		}
	}
	return nil
}

// places are the parameters of some rows of values: (?, ?), (?, ?).
func places(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

// inTransaction commits what do writes, or none of it.
func (s *Store) inTransaction(ctx context.Context, doing string, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
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
