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

// opening is snapshot.Open or one of its kind.
type opening = func(context.Context, string) (*snapshot.Store, error)

// withDatabase opens a database while do runs.
func withDatabase(ctx context.Context, path string, open opening, do func(*snapshot.Store) error) (err error) {
	store, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// readDatabase opens a database that exists while do runs. It takes no lock: readers and a run do not disturb each
// other.
func readDatabase(ctx context.Context, path string, do func(*snapshot.Store) error) error {
	return withDatabase(ctx, path, snapshot.OpenExisting, do)
}

// openToRun is lockDatabase that makes the database, and its folder, where they are missing.
func openToRun(ctx context.Context, path string, now time.Time, do func(*snapshot.Store) error) error {
	// The lock lies beside the database.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("creating the database's folder: %w", err)
		return failed(err, cmp.Or(hintFor(err), "name a file with --db in a folder that this user may make"))
	}
	return lockDatabase(ctx, path, now, snapshot.Open, do)
}

// lockDatabase holds the lock and the open database while do runs.
func lockDatabase(ctx context.Context, path string, now time.Time, open opening, do func(*snapshot.Store) error,
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
