package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// openFunc is snapshot.Open or one of its variants.
type openFunc = func(context.Context, string) (*snapshot.Store, error)

// withDatabase opens the database, calls do, and closes it.
func withDatabase(ctx context.Context, path string, open openFunc, do func(*snapshot.Store) error) (err error) {
	store, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// readDatabase calls do with an existing database. It takes no lock, because reading does not interfere with a run.
func readDatabase(ctx context.Context, path string, do func(*snapshot.Store) error) error {
	return withDatabase(ctx, path, snapshot.OpenExisting, do)
}

// openToRun is like lockDatabase, but creates the database and its folder if they do not exist.
func openToRun(ctx context.Context, path string, now time.Time, do func(*snapshot.Store) error) error {
	// The lock file is in the same folder.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("creating the database's folder: %w", err)
		return failed(err, cmp.Or(hintFor(err), "name a file with --db in a folder that this user may create"))
	}
	return lockDatabase(ctx, path, now, snapshot.Open, do)
}

// lockDatabase locks and opens the database, calls do, and closes and unlocks it.
func lockDatabase(ctx context.Context, path string, now time.Time, open openFunc, do func(*snapshot.Store) error,
) (err error) {
	unlock, err := job.Lock(path, now)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, snapshot.ErrNoDatabaseFile)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	return withDatabase(ctx, path, open, do)
}
