package snapshot

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// A night of a thousand organizations runs the same few dozen statements a thousand times, and preparing them took as long as executing them.
// The driver prepares each anew, and a statement of database/sql cannot outlive its transaction on a single connection; so the connection
// itself keeps them.

// openDB opens a database whose one connection keeps its statements, and begins with some.
func openDB(dsn string, beginning ...string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(keepingConnector{connector, beginning})
	// One connection: SQLite has one writer, and the job reads back what it wrote.
	db.SetMaxOpenConns(1)
	return db, nil
}

type keepingConnector struct {
	driver.Connector
	beginning []string
}

func (k keepingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	c, ok := opened.(fullConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's connection %T lacks a method", opened), opened.Close())
	}
	for _, statement := range k.beginning {
		if _, err := c.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return &keepingConn{fullConn: c, idle: list.New(), byQuery: make(map[string]*list.Element)}, nil
}

// fullConn is all that database/sql makes use of in a connection of SQLite's driver.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxIdle is how many statements a connection keeps; a run has about a hundred.
const maxIdle = 256

// keepingConn keeps what it has prepared. database/sql uses a connection from one goroutine at a time.
type keepingConn struct {
	fullConn
	idle    *list.List // of statement, the last used in front
	byQuery map[string]*list.Element
}

type statement struct {
	driver.Stmt
	query string
}

// Unwrap gives the driver's own connection, as the driver asks of a wrapper.
func (c *keepingConn) Unwrap() driver.Conn { return c.fullConn }

// take gives an idle statement of the query, or a new one: that of a query whose rows are still read is not idle.
func (c *keepingConn) take(ctx context.Context, query string) (statement, error) {
	if kept, ok := c.byQuery[query]; ok {
		delete(c.byQuery, query)
		return c.idle.Remove(kept).(statement), nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	return statement{prepared, query}, err
}

// giveBack keeps a statement that is reset, and closes the one that has been idle longest when there are too many.
func (c *keepingConn) giveBack(s statement) error {
	if _, other := c.byQuery[s.query]; other {
		return s.Close()
	}
	c.byQuery[s.query] = c.idle.PushFront(s)
	if c.idle.Len() <= maxIdle {
		return nil
	}
	oldest := c.idle.Remove(c.idle.Back()).(statement)
	delete(c.byQuery, oldest.query)
	return oldest.Close()
}

// ExecContext executes a query as database/sql asks.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return result, c.giveBack(s)
}

// QueryContext executes a query as database/sql asks; its statement is idle once its rows are closed.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &keptRows{rows, s, c}, nil
}

// Close closes the statements before the connection: with one that is open, SQLite would leave the -wal file behind.
func (c *keepingConn) Close() error {
	var errs []error
	for e := c.idle.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(statement).Close())
	}
	return errors.Join(append(errs, c.fullConn.Close())...)
}

// keptRows are rows whose statement is given back at their end.
type keptRows struct {
	driver.Rows
	statement statement
	conn      *keepingConn
}

// Close ends the rows. After an error the statement is not used again.
func (r *keptRows) Close() error {
	if err := r.Rows.Close(); err != nil {
		return errors.Join(err, r.statement.Close())
	}
	return r.conn.giveBack(r.statement)
}
