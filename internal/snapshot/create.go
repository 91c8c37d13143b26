package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"scim-auditor/internal/durable"
	"scim-auditor/migrations"
)

// create creates a database if the file is missing or empty. The file appears complete or not at all.
func create(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() > 0:
		return nil
	case err == nil:
		if err := os.Remove(path); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	// SQLite would apply the log or the journal of a deleted database to the new one. Beside an empty
	// file SQLite would remove them, but the new file is not empty.
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return writeNew(path, func(partial *os.File) error { return migrate(ctx, partial.Name()) })
}

// migrate creates the schema and the id in an empty file that no other process uses yet. The caller syncs the file.
func migrate(ctx context.Context, path string) (err error) {
	db, err := openDatabase(fileURI(path) + "?_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := applyMigrations(ctx, db.DB); err != nil {
		return err
	}
	if err := (&Store{db}).identify(ctx); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

func applyMigrations(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	return nil
}

// writeNew creates a file of mode 0600 that appears complete or not at all. It never replaces a file
// (ErrFileExists).
func writeNew(path string, write func(partial *os.File) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(ErrFileExists, err)
	}
	partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if left := os.Remove(partial.Name()); left != nil && !errors.Is(left, fs.ErrNotExist) {
			err = errors.Join(err, left)
		}
	}()
	if err := write(partial); err != nil {
		return errors.Join(err, partial.Close())
	}
	if err := errors.Join(partial.Sync(), partial.Close()); err != nil {
		return err
	}
	err = durable.Publish(partial.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return ErrFileExists
	}
	return err
}

// Backup copies the database `from` to the file `to` (mode 0600), also while a run writes. The copy is one
// consistent state and is checked. It is in rollback-journal mode, so that it also opens on a read-only
// medium. It appears complete or not at all, and never replaces a file (ErrFileExists).
func Backup(ctx context.Context, from, to string) error {
	if err := checkFile(from); err != nil {
		return err
	}
	err := writeNew(to, func(partial *os.File) error { return copyInto(ctx, from, partial.Name()) })
	if err != nil {
		return fmt.Errorf("writing the backup %s: %w", to, explain(err))
	}
	return nil
}

// copyInto writes the state of the database into an empty file:
// https://www.sqlite.org/lang_vacuum.html#vacuuminto
func copyInto(ctx context.Context, from, to string) (err error) {
	mode := url.Values{"_pragma": {busyTimeout()}, "mode": {"rw"}}
	if !writable(from) {
		mode = url.Values{"_pragma": {busyTimeout()}, "immutable": {"1"}}
	}
	db, err := openDatabase(fileURI(from) + "?" + mode.Encode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	made, err := openDatabase(fileURI(to) + "?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, made.close()) }()
	return made.check(ctx, "PRAGMA integrity_check(1)")
}
