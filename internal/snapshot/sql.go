package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"scim-auditor/internal/ona"
)

// querier is a database or a transaction.
type querier interface {
	statement(ctx context.Context, text string) (*sql.Stmt, error)
}

// database keeps its prepared statements until close, because SQLite takes longer to prepare
// most of them than to run them. Their texts are constants, so there are few.
type database struct {
	*sql.DB          // has one connection
	kept    sync.Map // *sql.Stmt by text
	used    sync.Map // the texts of statements of transactions
}

func openDatabase(dsn string) (*database, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	// SQLite allows one writer, the job reads back what it wrote, and each connection to
	// :memory: would be a separate database.
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

func (d *database) begin(ctx context.Context, options *sql.TxOptions) (*transaction, error) {
	tx, err := d.BeginTx(ctx, options)
	return &transaction{Tx: tx, db: d, prepared: make(map[string]*sql.Stmt)}, err
}

// close also closes the statements. SQLite would leave the -wal file behind if one of them were
// open.
func (d *database) close() error {
	var errs []error
	for _, stmt := range d.kept.Range {
		errs = append(errs, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(append(errs, d.Close())...)
}

// transaction is a transaction in a database. After its first error it executes nothing more.
// Only one goroutine may use it.
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

// statement returns a kept statement, or prepares one for this transaction. Preparing it on the
// database would wait until the transaction ends; inTransaction does so afterwards.
func (t *transaction) statement(ctx context.Context, text string) (stmt *sql.Stmt, err error) {
	if stmt = t.prepared[text]; stmt != nil || t.err != nil {
		return stmt, t.err
	}
	if kept, ok := t.db.kept.Load(text); ok {
		stmt = t.StmtContext(ctx, kept.(*sql.Stmt))
	} else if stmt, err = t.PrepareContext(ctx, text); err != nil {
		return nil, err
	}
	t.prepared[text] = stmt
	return stmt, nil
}

// execute executes a statement and returns the number of changed rows.
func (t *transaction) execute(ctx context.Context, doing, text string, args ...any) int {
	stmt, err := t.statement(ctx, text)
	var result sql.Result
	if err == nil {
		result, err = stmt.ExecContext(ctx, args...)
	}
	if err != nil {
		t.fail(fmt.Errorf("%s: %w", doing, err))
		return 0
	}
	changed, err := result.RowsAffected()
	t.fail(err)
	return int(changed)
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

// queryEach calls read for each row of a query, with a reader at the first column that read must not
// keep.
func queryEach(
	ctx context.Context, q querier, doing string, read func(*reader), query string, args ...any,
) error {
	var r reader
	err := eachRow(ctx, q, query, args, func(_ []string, values []any) error {
		r.values, r.next = values, 0
		if read(&r); r.err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, r.err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, explain(err))
	}
	return nil
}

// queryAll returns what read makes of each row of a query, see queryEach.
func queryAll[T any](
	ctx context.Context, q querier, doing string, read func(*reader) T, query string, args ...any,
) (all []T, err error) {
	err = queryEach(ctx, q, doing, func(r *reader) { all = append(all, read(r)) }, query, args...)
	if err != nil {
		return nil, err
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

// rowsPerInsert limits the rows in one INSERT. More rows make a statement slower to prepare;
// near 50 was fastest when measured.
const rowsPerInsert = 64

// insertRows inserts rows with a value for every column, rowsPerInsert at a time, and the
// remaining rows one by one, so that only two statements are kept for a table.
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
	if tx.fail(s.inPlace()); tx.err == nil {
		do(tx)
	}
	if tx.fail(s.inPlace()); tx.err == nil {
		tx.err = tx.Commit()
	}
	if tx.err != nil {
		return fmt.Errorf("%s: %w", doing, explain(tx.err))
	}
	for text := range tx.prepared {
		// Most runs need it once. Without a kept one, the next transaction prepares it again.
		if _, again := s.db.used.LoadOrStore(text, nil); again {
			_, _ = s.db.statement(ctx, text)
		}
	}
	return nil
}

// A value in a row is a string, an int64, a []byte or nil. The functions in this file convert
// Go values to such values and back. An empty text, a zero id and a zero time become nil if the
// column allows null.

// Instants from auditor are whole seconds; instants from the API keep their precision
// (ona.TimeLayout).
func formatSeconds(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func nullSeconds(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatSeconds(t)
}

func nullInstant(t time.Time) any { return orNull(ona.FormatTime(t)) }

// orNull returns nil for the empty text and for zero.
func orNull[T string | int64](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func nullFlag(b *bool) any {
	if b == nil {
		return nil
	}
	return flag(*b)
}

// jsonText returns a list or a map as JSON, with sorted keys. For an empty value it returns
// empty.
func jsonText[T []string | map[string]string](v T, empty string) string {
	if len(v) == 0 {
		return empty
	}
	text, _ := json.Marshal(v) // strings and maps of strings always have a JSON form
	return string(text)
}

// reader reads the values of one row in the order of its columns. The first value with an
// unexpected type or format sets err.
type reader struct {
	values []any
	next   int
	err    error
}

func (r *reader) value() any {
	r.next++
	return r.values[r.next-1]
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = fmt.Errorf("column %d: %w", r.next, err)
	}
}

func (r *reader) text() string  { return read[string](r) }
func (r *reader) number() int64 { return read[int64](r) }

// read returns the zero value for null.
func read[T string | int64](r *reader) T {
	value := r.value()
	v, ok := value.(T)
	if !ok && value != nil {
		r.fail(fmt.Errorf("%v is not a %T", value, v))
	}
	return v
}

func (r *reader) count() int { return int(r.number()) }

func (r *reader) flag() bool { return r.number() != 0 }

// nullFlag returns nil for null.
func (r *reader) nullFlag() *bool {
	if r.values[r.next] == nil {
		r.next++
		return nil
	}
	set := r.flag()
	return &set
}

func (r *reader) instant() time.Time { return r.time(time.RFC3339) }

func (r *reader) time(layout string) time.Time {
	text := r.text()
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		r.fail(err)
	}
	return t.UTC()
}

func (r *reader) texts() []string { return readJSON[[]string](r) }

// readJSON parses what jsonText or ona.CanonicalUnknown wrote. It returns nil for an empty list
// or map, as package fetch does.
func readJSON[T []string | map[string]string | map[string]json.RawMessage](r *reader) (v T) {
	text := r.text()
	if text == "" || text == "[]" || text == "{}" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.fail(err)
	}
	return v
}
