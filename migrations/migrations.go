// Package migrations holds the versions of the database's schema, applied in order by package snapshot. A migration that was shipped never
// changes.
package migrations

import "embed"

// Files are the migrations: NNNNN_verb_object.sql, each with goose's Up and Down.
//
//go:embed *.sql
var Files embed.FS
