package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"scim-auditor/internal/snapshot"
)

// databaseFiles is the flag --db of a command that reads several databases. As a text it is the first
// file, which the settings read.
type databaseFiles []string

// String implements pflag.Value.
func (f *databaseFiles) String() string { return append(slices.Clone(*f), "")[0] }

// Set implements pflag.Value.
func (f *databaseFiles) Set(path string) error {
	*f = append(*f, path)
	return nil
}

// Type implements pflag.Value.
func (f *databaseFiles) Type() string { return "string" }

// readDatabases calls do with all databases open, in the order of the files. It refuses a file that is
// named twice, and two copies of one database.
func readDatabases(ctx context.Context, files databaseFiles, do func([]*snapshot.Store) error) (err error) {
	var stores []*snapshot.Store
	defer func() {
		for _, store := range stores {
			err = errors.Join(err, store.Close())
		}
	}()
	named := make(map[string]string) // id of the database → file
	for _, path := range files {
		store, err := snapshot.OpenExisting(ctx, path)
		if err != nil {
			return err
		}
		stores = append(stores, store)
		id, err := store.DatabaseID(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if other := named[id]; other != "" {
			return usage(fmt.Errorf("%s and %s are the same database %s", other, path, id), "name each database once with --db")
		}
		named[id] = path
	}
	return do(stores)
}
