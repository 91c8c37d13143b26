package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"scim-auditor/migrations"
)

// freshSchema is what the migrations make of an empty database, by type and name.
func freshSchema(ctx context.Context) (schema map[string]string, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // each connection to :memory: has a database of its own
	if err := migrate(ctx, db, migrations.Files); err != nil {
		return nil, err
	}
	return readSchema(ctx, db)
}

// readSchema is a database's schema, by type and name, without what SQLite and goose keep for themselves.
func readSchema(ctx context.Context, q querier) (map[string]string, error) {
	type object struct{ name, text string }
	all, err := queryAll(ctx, q, "reading the schema", func(row *sql.Rows) (object, error) {
		var o object
		return o, row.Scan(&o.name, &o.text)
	}, `SELECT type || ' ' || name, sql
		FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'goose\_%' ESCAPE '\'
		ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	schema := make(map[string]string, len(all))
	for _, o := range all {
		schema[o.name] = o.text
	}
	return schema, nil
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
