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

// readDatabase opens a database that exists while do runs. It takes no lock: readers and a run do not disturb each
// other.
func readDatabase(ctx context.Context, path string, do func(*snapshot.Store) error) (err error) {
	store, err := snapshot.OpenExisting(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// openToRun holds the lock and the open database while do runs. It makes the database, and its folder, where they are
// missing.
func openToRun(ctx context.Context, path string, now time.Time, do func(*snapshot.Store) error) error {
	// The lock lies beside the database.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("creating the database's folder: %w", err)
		return failed(err, cmp.Or(hintFor(err), "name a file with --db in a folder that this user may make"))
	}
	return lockDatabase(ctx, path, now, snapshot.Open, do)
}

// openToChange is openToRun for a database that must exist.
func openToChange(ctx context.Context, path string, now time.Time, do func(*snapshot.Store) error) error {
	return lockDatabase(ctx, path, now, snapshot.OpenExisting, do)
}

func lockDatabase(ctx context.Context, path string, now time.Time,
	open func(context.Context, string) (*snapshot.Store, error), do func(*snapshot.Store) error) (err error) {
	unlock, err := job.Lock(path, now)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, snapshot.ErrNoDatabaseFile)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	store, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}
