package snapshot

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// SchemaProblems compares the schema, with the triggers that guard the past, with what the migrations make.
func (r *Reader) SchemaProblems(ctx context.Context) (problems []string, err error) {
	want, err := freshSchema(ctx)
	if err != nil {
		return nil, err
	}
	got, err := readSchema(ctx, r.tx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(sortedKeys(want), sortedKeys(got)...)))) {
		switch {
		case got[name] == "":
			problems = append(problems, name+" is missing")
		case want[name] == "":
			problems = append(problems, name+" does not belong to auditor")
		case got[name] != want[name]:
			problems = append(problems, name+" was altered")
		}
	}
	return problems, nil
}

// freshSchema is the schema that the migrations make, by type and name.
func freshSchema(ctx context.Context) (schema map[string]string, err error) {
	db, err := openDatabase(":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := applyMigrations(ctx, db.DB); err != nil {
		return nil, err
	}
	return readSchema(ctx, db)
}

// readSchema is a database's schema, by type and name, without what SQLite and goose keep for themselves.
func readSchema(ctx context.Context, q querier) (map[string]string, error) {
	schema := make(map[string]string)
	_, err := queryAll(ctx, q, "reading the schema", func(r *reader) bool {
		name := r.text()
		schema[name] = r.text()
		return true
	}, `SELECT type || ' ' || name, sql
		FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'goose\_%' ESCAPE '\'
		ORDER BY 1`)
	return schema, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
