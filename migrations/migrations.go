// Package migrations holds the schema of the database. Package snapshot applies it to new
// files. A migration that was shipped never changes.
package migrations

import "embed"

// Files are the migrations: NNNNN_verb_object.sql, each with goose's Up and Down.
//
//go:embed *.sql
var Files embed.FS
