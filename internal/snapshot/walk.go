package snapshot

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// visitFunction is a function of SQL that hands a row's values to Go: what it is called with is still SQLite's own memory, where a cursor of
// database/sql copies each value and locks the connection for it three times, which takes eight times as long.
const visitFunction = "auditor_visit"

func init() {
	sqlite.MustRegisterFunction(visitFunction, &sqlite.FunctionImpl{NArgs: -1, VolatileArgs: true, Scalar: visit})
}

// visitors are what visitFunction calls, by the number that is its first argument.
var visitors lending[func(values []driver.Value) error]

// visit is false in SQL, so that a statement that calls it in its WHERE gives no rows.
func visit(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if len(args) > 0 {
		if call, ok := visitors.get(args[0]); ok {
			return int64(0), call(args[1:])
		}
	}
	return nil, errors.New("nobody is there to be visited")
}

// walk hands the rows that hold now to each, sorted by id, as they are stored. Their texts are gone when each returns.
func (t table) walk(ctx context.Context, tx *sql.Tx, organizationKey int64, each func(row) error) error {
	values := make([]any, len(t.columns)+1)
	var last []byte // the id of the row before
	var failed error
	visitor, back := visitors.lend(func(stored []driver.Value) error {
		for i, v := range stored {
			values[i] = v
		}
		id, ok := stored[0].(string)
		if !ok || id <= string(last) && last != nil {
			failed = fmt.Errorf("row %v comes after row %q: %w", stored[0], last, ErrDamaged)
			return failed
		}
		last = append(last[:0], id...)
		failed = each(row{values: values})
		return failed
	})
	defer back()
	_, err := tx.ExecContext(ctx, "SELECT 1 FROM "+t.live()+" WHERE organization_key = ? AND "+visitFunction+"(?, id, "+strings.Join(t.columns, ", ")+") ORDER BY id",
		organizationKey, visitor)
	if failed != nil {
		err = failed // SQLite has made a text of it
	}
	if err != nil {
		return fmt.Errorf("reading %s rows: %w", t.name, err)
	}
	return nil
}
