package main

import (
	"context"
	"errors"
	"fmt"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// databaseFiles is the flag --db of a command that reads several databases. As a text it is the
// first file, which the settings read.
type databaseFiles []string

// String implements pflag.Value.
func (f *databaseFiles) String() string {
	if len(*f) == 0 {
		return ""
	}
	return (*f)[0]
}

// Set implements pflag.Value.
func (f *databaseFiles) Set(path string) error {
	*f = append(*f, path)
	return nil
}

// Type implements pflag.Value.
func (f *databaseFiles) Type() string { return "string" }

// paths returns the files, each with the index of the shard in the place of {shard}. Without the
// flag it returns the file of the settings.
func (f *databaseFiles) paths(s *settings.Settings) ([]string, error) {
	if len(*f) == 0 {
		return []string{s.DB}, nil
	}
	var paths []string
	for _, path := range *f {
		path, err := s.InShard("db", path)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// readDatabases calls do with all databases open, in the order of the files. It refuses a file that
// is named twice, and two copies of one database. Unless missing is nil, it adds the files to it
// that do not exist, otherwise it refuses them.
func readDatabases(ctx context.Context, files []string, missing *[]string, do func([]*snapshot.Store) error,
) (err error) {
	var stores []*snapshot.Store
	defer func() {
		for _, store := range stores {
			err = errors.Join(err, store.Close())
		}
	}()
	named := make(map[string]string) // id of the database → file
	for _, path := range files {
		store, err := snapshot.OpenExisting(ctx, path)
		if missing != nil && errors.Is(err, snapshot.ErrNoDatabaseFile) {
			*missing = append(*missing, path)
			continue
		}
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
