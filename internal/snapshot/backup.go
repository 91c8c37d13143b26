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

	"scim-auditor/migrations"
)

// ErrFileExists says that a file to be written is there already; it was left as it is.
var ErrFileExists = errors.New("the file exists already")

// Backup writes a copy of the database from into the file to (mode 0600), also while a run writes: the copy is one consistent state, checked,
// in rollback-journal mode, so that it opens on a read-only medium too. It appears whole or not at all and never takes the place of a file
// (ErrFileExists). The database may be of an older version; it is not changed.
func Backup(ctx context.Context, from, to string) error {
	if err := checkThere(from); err != nil {
		return err
	}
	if _, err := inspect(ctx, from, migrations.Files); err != nil {
		return err
	}
	return writeCopy(ctx, from, to)
}

func writeCopy(ctx context.Context, from, to string) error {
	err := writeNew(to, func(partial *os.File) error { return copyInto(ctx, from, partial.Name()) })
	if err != nil {
		return fmt.Errorf("writing the backup %s: %w", to, explain(err))
	}
	return nil
}

// writeNew makes a file of mode 0600 that appears whole or not at all, and never takes the place of another (ErrFileExists).
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
	return publish(partial.Name(), path)
}

// publish gives a finished file its name, unless something has taken the name by now.
func publish(partial, path string) error {
	if err := os.Link(partial, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return ErrFileExists
		}
		// A file system without hard links.
		if err := os.Rename(partial, path); err != nil {
			return err
		}
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	// A folder that cannot be synced, as on Windows, is no reason to distrust the file.
	_ = folder.Sync()
	return folder.Close()
}

// copyInto writes the state of the database into an empty file: https://www.sqlite.org/lang_vacuum.html#vacuuminto
func copyInto(ctx context.Context, from, to string) (err error) {
	db, err := sql.Open("sqlite", copyDSN(from))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	return checkCopy(ctx, to)
}

func copyDSN(path string) string {
	mode := url.Values{"_pragma": {busyTimeout()}, "mode": {"rw"}}
	if !writable(path) {
		mode = url.Values{"_pragma": {busyTimeout()}, "immutable": {"1"}}
	}
	return fileURI(path) + "?" + mode.Encode()
}

func checkCopy(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", fileURI(path)+"?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("the copy is not sound: %s", result)
	}
	return nil
}
