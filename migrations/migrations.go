// Package migrations holds the versions of the database's schema, applied in order by package snapshot. A migration that was shipped never
// changes.
package migrations

import "embed"

// Files are the migrations: NNNNN_verb_object.sql, each with goose's Up and Down.
//
//go:embed *.sql
var Files embed.FS

// Empty is the file of a database with nothing in it but what all migrations make: applying them one by one takes ten times as long as writing
// it. Package snapshot's tests make it, and compare it with what the migrations make: go test ./internal/snapshot -run TestANewDatabase -update
//
//go:embed empty.db
var Empty string

// EmptyAt is the text in Empty in the place of the instant when the migrations were applied, YYYY-MM-DD HH:MM:SS in UTC.
const EmptyAt = "0001-01-01 00:00:00"
