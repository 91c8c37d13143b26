package snapshot

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that a caller distinguishes.
var (
	ErrNotFound = errors.New("not found")
	ErrPruned   = errors.New("retention removed it")

	// The file was left untouched.
	ErrNotDatabase    = errors.New("not a database of auditor")
	ErrOlderVersion   = errors.New("made by a development version of auditor")
	ErrNewerVersion   = errors.New("made by a newer version of auditor")
	ErrNoDatabaseFile = errors.New("no such database file")
	ErrFileExists     = errors.New("the file exists already")

	// A person can do something about these.
	ErrBusy     = errors.New("another process is writing to the database")
	ErrReadOnly = errors.New("the database cannot be written")
	ErrDiskFull = errors.New("the disk is full, or it cannot be read or written")
	ErrDamaged  = errors.New("the database file is damaged")
)

// explain adds to an error of SQLite which of the errors above it is: https://www.sqlite.org/rescode.html
func explain(err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
