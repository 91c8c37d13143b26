package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unique"

	"scim-auditor/internal/ona"
)

// querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// queryAll reads every row of a query.
func queryAll[T any](ctx context.Context, q querier, doing string, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	for value, err := range queryEach(ctx, q, doing, scan, query, args...) {
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}

// queryEach reads the rows of a query one after the other; after an error there is no other. It holds the connection until it ends.
func queryEach[T any](ctx context.Context, q querier, doing string, scan func(*sql.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := q.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, fmt.Errorf("%s: %w", doing, explain(err)))
			return
		}
		defer func() { _ = rows.Close() }() // rows.Err below tells what Close would
		for rows.Next() {
			value, err := scan(rows)
			if err != nil {
				yield(none, fmt.Errorf("%s: %w", doing, err))
				return
			}
			if !yield(value, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, fmt.Errorf("%s: %w", doing, explain(err)))
		}
	}
}

// rowsPerInsert keeps the number of statements small without making them slow to prepare (measured best near 50, and a power of two).
const rowsPerInsert = 64

// insertRows inserts rows, each a value for every column, many to a statement: always a power of two, so that there are few statements for
// the connection to keep.
func insertRows(ctx context.Context, tx *sql.Tx, table string, columns []string, rows [][]any) error {
	for n := rowsPerInsert; len(rows) > 0; {
		for n > len(rows) {
			n /= 2
		}
		if _, err := tx.ExecContext(ctx, insertStatement(table, columns, n), slices.Concat(rows[:n]...)...); err != nil {
			return fmt.Errorf("inserting into %s: %w", table, err)
		}
		rows = rows[n:]
	}
	return nil
}

// insertStatement inserts n rows.
func insertStatement(table string, columns []string, n int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + strings.TrimSuffix(strings.Repeat(one+", ", n), ", ")
}

func rollback(tx *sql.Tx) { _ = tx.Rollback() } // after a commit it has nothing to do; after an error that error is told

func commit(tx *sql.Tx, doing string) error {
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}

func expectOneRow(result sql.Result, doing string) error {
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if n != 1 {
		return fmt.Errorf("%s: %d rows were there to change, not 1", doing, n)
	}
	return nil
}

// shared is the same text in the same memory as others like it: the outcomes of the rules say much the same of every organization, and the
// report of a run holds those of all.
func shared[T ~string](text T) T { return unique.Make(text).Value() }

// nullText is NULL for an empty text.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// Instants of the tool are whole seconds; instants of the API keep what the API gave (ona.TimeLayout).

func formatSeconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func nullSeconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatSeconds(t)
}

func parseSeconds(s string, into *time.Time) error {
	if s == "" {
		*into = time.Time{}
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	*into = t.UTC()
	return err
}

func nullInstant(t time.Time) any { return nullText(ona.FormatTime(t)) }

func parseInstant(s sql.NullString, into *time.Time) error {
	t, err := ona.ParseTime(s.String)
	*into = t
	return err
}
