package snapshot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
)

// Backup writes a copy of the database from into the file to (mode 0600), also while a run writes. The
// copy is one consistent state, checked, in rollback-journal mode, so that it opens on a read-only
// medium too. It appears whole or not at all and never replaces a file (ErrFileExists).
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
