package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"syscall"

	"scim-auditor/migrations"
)

// ErrOlderVersion says that a database that is only to be read has not been brought up to date yet.
var ErrOlderVersion = errors.New("made by an older version of auditor")

// OpenReadOnly opens a database that is there to be read alone: nothing on the disk changes, and it also opens on a medium that cannot be
// written. Its schema must be this version's: ErrOlderVersion, ErrNewerVersion, ErrNotDatabase and ErrNoDatabaseFile tell why it is not.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	if err := checkThere(path); err != nil {
		return nil, err
	}
	header, err := inspect(ctx, path, migrations.Files)
	if err != nil {
		return nil, err
	}
	newest, err := SchemaVersion()
	if err != nil {
		return nil, err
	}
	if header == 0 {
		return nil, fmt.Errorf("%s: %w: the file is there, but nothing was stored in it yet", path, ErrNoDatabaseFile)
	}
	if header < newest {
		return nil, fmt.Errorf("%s: %w: its schema is version %d, this program reads version %d", path, ErrOlderVersion, header, newest)
	}
	db, err := openDB(readOnlyDSN(path))
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", path, explain(err)), db.Close())
	}
	return &Store{db: db}, nil
}

func checkThere(path string) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrNoDatabaseFile)
	}
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	return nil
}

// readOnlyDSN finds the way to read a database without changing it: https://www.sqlite.org/wal.html#read_only_databases
func readOnlyDSN(path string) string {
	pragmas := url.Values{"_pragma": {busyTimeout(), "query_only(1)", "temp_store(MEMORY)"}}
	_, err := os.Stat(path + "-wal")
	switch {
	case err == nil:
		// What a run that goes on, or that was killed, left in the log belongs to the database and stays there.
		pragmas.Set("mode", "ro")
	case writable(path):
		// A connection that may write takes away the two files that reading in WAL mode needs; query_only keeps it from anything else.
		pragmas.Set("mode", "rw")
	default:
		pragmas.Set("immutable", "1")
	}
	return fileURI(path) + "?" + pragmas.Encode()
}

// writable says whether the file can be written; it is not changed.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS)
	}
	return f.Close() == nil
}
