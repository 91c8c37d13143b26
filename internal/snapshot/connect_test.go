package snapshot

import (
	"context"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"
)

// connect opens a connection as the store does.
func connect(t *testing.T) *keepingConn {
	t.Helper()
	db, err := openDB(dsn(filepath.Join(t.TempDir(), "auditor.db")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	held, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() }) // the database is closed next
	var c *keepingConn
	if err := held.Raw(func(conn any) error { c = conn.(*keepingConn); return nil }); err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, rows driver.Rows) driver.Value {
	t.Helper()
	values := make([]driver.Value, 1)
	if err := rows.Next(values); err != nil {
		t.Fatal(err)
	}
	return values[0]
}

func query(t *testing.T, c *keepingConn, text string, args ...driver.Value) driver.Rows {
	t.Helper()
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	rows, err := c.QueryContext(t.Context(), text, named)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSameQueryTwiceAtOnce(t *testing.T) {
	c := connect(t)
	const text = "SELECT ?1"
	outer, inner := query(t, c, text, "outer"), query(t, c, text, "inner")
	if a, b := read(t, outer), read(t, inner); a != "outer" || b != "inner" {
		t.Errorf("read %v and %v", a, b)
	}
	for _, rows := range []driver.Rows{outer, inner} {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	if again := query(t, c, text, nil); read(t, again) != nil || again.Close() != nil {
		t.Error("a kept statement still has its last values")
	}
}

func TestStatementAfterError(t *testing.T) {
	c := connect(t)
	if _, err := c.ExecContext(t.Context(), "CREATE TABLE once (id INTEGER PRIMARY KEY)", nil); err != nil {
		t.Fatal(err)
	}
	insert := func(id int64) error {
		_, err := c.ExecContext(t.Context(), "INSERT INTO once VALUES (?)", []driver.NamedValue{{Ordinal: 1, Value: id}})
		return err
	}
	if err := insert(1); err != nil {
		t.Fatal(err)
	}
	if insert(1) == nil {
		t.Error("the same key was inserted twice")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.QueryContext(cancelled, "SELECT count(*) FROM once", nil); err == nil {
		t.Error("a query ran although its context had ended")
	}
	if err := insert(2); err != nil {
		t.Errorf("after an error: %v", err)
	}
	if rows := query(t, c, "SELECT count(*) FROM once"); read(t, rows) != int64(2) || rows.Close() != nil {
		t.Error("not two rows")
	}
}

func TestStatementsKeptAreBounded(t *testing.T) {
	c := connect(t)
	for i := range maxIdle + 10 {
		rows := query(t, c, fmt.Sprintf("SELECT %d", i))
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.byQuery) != maxIdle || c.idle.Len() != maxIdle {
		t.Errorf("%d statements by query, %d idle, want %d", len(c.byQuery), c.idle.Len(), maxIdle)
	}
	if _, oldest := c.byQuery["SELECT 0"]; oldest {
		t.Error("the statement that was idle longest is kept")
	}
}
