package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"scim-auditor/migrations"
)

// SchemaVersion is the version of the schema that this program writes.
func SchemaVersion() (int64, error) { return newestVersion(migrations.Files) }

func newestVersion(versions fs.FS) (int64, error) {
	files, err := fs.Glob(versions, "*.sql") // sorted
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("reading the migrations: %d files: %w", len(files), err)
	}
	version, err := goose.NumericComponent(files[len(files)-1])
	if err != nil {
		return 0, fmt.Errorf("reading the migrations: %w", err)
	}
	return version, nil
}

func checkVersion(path string, version int64, versions fs.FS) error {
	newest, err := newestVersion(versions)
	if err != nil {
		return err
	}
	if version > newest {
		return fmt.Errorf("%s: %w: its schema is version %d, this program knows up to %d", path, ErrNewerVersion, version, newest)
	}
	return nil
}

// bringUpToDate migrates a database of a version. One that is up to date is only connected to: asking goose takes as long as opening it.
func bringUpToDate(ctx context.Context, db *sql.DB, version int64, versions fs.FS) error {
	newest, err := newestVersion(versions)
	if err != nil {
		return err
	}
	if version == newest {
		return db.PingContext(ctx)
	}
	return migrate(ctx, db, versions)
}

func migrate(ctx context.Context, db *sql.DB, versions fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, versions)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// mostCopies bounds how many copies a migration that fails night after night leaves beside the database.
const mostCopies = 3

// backupBeforeMigration writes a copy beside a database that is about to be brought to a newer version: <path>.before-v<version>, or with -2 or
// -3 after it where an earlier try has left one.
func backupBeforeMigration(ctx context.Context, path string, version int64, versions fs.FS) error {
	newest, err := newestVersion(versions)
	if err != nil || version == 0 || version == newest {
		return err
	}
	to := fmt.Sprintf("%s.before-v%d", path, newest)
	for n := 1; n <= mostCopies; n++ {
		name := to
		if n > 1 {
			name = fmt.Sprintf("%s-%d", to, n)
		}
		err = writeCopy(ctx, path, name)
		if !errors.Is(err, ErrFileExists) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("copying the database before bringing it to version %d: %w", newest, err)
	}
	return nil
}
