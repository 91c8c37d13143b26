package verify_test

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var mutations = flag.Int("mutations", 40, "single bytes that TestEverySingleByteIsFound changes")

// The tables of the schema. Each value of the first is in a hash, or is the place of a row that is.
var (
	hashedTables = []string{
		"ledger", "databases", "run_starts", "run_ends", "rule_sets", "rule_wordings", "organizations", "stored_snapshots",
		"schedules", "reviews", "organization_versions", "policy_versions", "scim_versions", "sso_versions", "domain_versions", "member_versions", "member_token_versions", "finding_versions",
		"exception_versions", "carried_finding_versions", "failed_findings", "stored_changes", "audit_log_readings",
		"audit_log_entries", "stored_candidates", "requests", "responses", "stored_exchanges",
	}
	prunedTables = []string{"prunes", "pruned_snapshots", "pruned_versions", "pruned_reports"}
)

func TestEveryTableIsVerified(t *testing.T) {
	tables := texts(t, evidenceFile(t),
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'")
	known := slices.Concat(hashedTables, prunedTables)
	for _, name := range tables {
		if !slices.Contains(known, name) {
			t.Errorf("no test alters the table %s", name)
		}
	}
}

// TestEverySingleByteIsFound changes one byte of one value at a time, as someone could who puts the triggers
// back afterwards.
func TestEverySingleByteIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it verifies a hundred files")
	}
	random := rand.New(rand.NewPCG(3, uint64(*mutations)))
	whole, pruned := evidenceFile(t), prunedFile(t)
	for i := range *mutations {
		original, table := whole, hashedTables[random.IntN(len(hashedTables))]
		if i%10 == 0 {
			original, table = pruned, prunedTables[random.IntN(len(prunedTables))]
		}
		path := copyFile(t, original)
		var what string
		withoutTriggers(t, path, table, func(db *sql.DB) { what = mutateRow(t, db, table, random) })
		if found := verifyFile(t, path); len(found.Problems) == 0 {
			t.Errorf("not found: %s", what)
		}
	}
}

// TestEveryMissingRowIsFound deletes one row of every table at a time.
func TestEveryMissingRowIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it verifies a hundred files")
	}
	random := rand.New(rand.NewPCG(7, uint64(*mutations)))
	whole, pruned := evidenceFile(t), prunedFile(t)
	for _, table := range slices.Concat(hashedTables, prunedTables) {
		original := whole
		if slices.Contains(prunedTables, table) {
			original = pruned
		}
		for range max(1, *mutations/40) {
			path := copyFile(t, original)
			var gone []string
			withoutTriggers(t, path, table, func(db *sql.DB) {
				keys := strings.Join(keysOf(t, db, table), ", ")
				gone = queryTexts(t, db, fmt.Sprintf(`DELETE FROM %[1]s
					WHERE (%[2]s) = (SELECT %[2]s FROM %[1]s LIMIT 1 OFFSET %[3]d %% (SELECT max(count(*), 1) FROM %[1]s))
					RETURNING %[4]s`, table, keys, random.Int32N(1e6), strings.ReplaceAll(keys, ", ", " || ' ' || ")))
			})
			if len(gone) != 1 {
				t.Errorf("%s has no row to delete", table)
			}
			if found := verifyFile(t, path); len(found.Problems) == 0 {
				t.Errorf("%s: the missing row %q is not found", table, gone)
			}
		}
	}
}

// TestADamagedPageIsFound clears one page of the file at a time.
func TestADamagedPageIsFound(t *testing.T) {
	original, err := os.ReadFile(evidenceFile(t))
	if err != nil {
		t.Fatal(err)
	}
	pageSize := int(original[16])<<8 | int(original[17])
	path := filepath.Join(t.TempDir(), "damaged.db")
	for page := 0; page < len(original); page += pageSize * max(1, 400/(*mutations)) {
		damaged := slices.Clone(original)
		clear(damaged[page : page+pageSize])
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if found := verifyFile(t, path); len(found.Problems) == 0 {
			t.Errorf("page %d is empty, and nothing was found", page/pageSize+1)
		}
	}
}

func copyFile(t *testing.T, original string) string {
	t.Helper()
	content, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "altered.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openRaw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// withoutTriggers lets a table be changed, and puts its triggers back.
func withoutTriggers(t *testing.T, path, table string, change func(*sql.DB)) {
	t.Helper()
	db := openRaw(t, path)
	defer func() { _ = db.Close() }()
	exec := func(query string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	triggers := queryTexts(t, db,
		"SELECT name || char(0) || sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '"+table+"'")
	for _, trigger := range triggers {
		name, _, _ := strings.Cut(trigger, "\x00")
		exec("DROP TRIGGER " + name)
	}
	exec("PRAGMA ignore_check_constraints = 1")
	change(db)
	for _, trigger := range triggers {
		_, create, _ := strings.Cut(trigger, "\x00")
		exec(create)
	}
}

// alter runs a statement that changes a row of a table.
func alter(t *testing.T, path, table, statement string) {
	t.Helper()
	withoutTriggers(t, path, table, func(db *sql.DB) {
		result, err := db.ExecContext(t.Context(), statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if n, err := result.RowsAffected(); n != 1 || err != nil {
			t.Fatalf("%s: %d rows changed (error %v)", statement, n, err)
		}
	})
}

func keysOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	return queryTexts(t, db, "SELECT name FROM pragma_table_info('"+table+"') WHERE pk > 0 ORDER BY pk")
}

// mutateRow changes a byte of a text or a blob, or a bit of an integer, of a random column of a random row.
func mutateRow(t *testing.T, db *sql.DB, table string, random *rand.Rand) string {
	t.Helper()
	keys := keysOf(t, db, table)
	columns := queryTexts(t, db, "SELECT name FROM pragma_table_info('"+table+"')")
	for {
		column := columns[random.IntN(len(columns))]
		values := make([]any, len(keys)+1)
		dest := make([]any, len(values))
		for i := range values {
			dest[i] = &values[i]
		}
		query := fmt.Sprintf("SELECT %s, %s FROM %s ORDER BY %s LIMIT 1 OFFSET (SELECT abs(%d) %% count(*) FROM %s)",
			strings.Join(keys, ", "), column, table, strings.Join(keys, ", "), random.Int32(), table)
		if err := db.QueryRowContext(t.Context(), query).Scan(dest...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		cast, changed := changeByte(values[len(keys)], random)
		if changed == nil {
			continue
		}
		update := "UPDATE " + table + " SET " + column + " = " + cast + " WHERE " + strings.Join(keys, " = ? AND ") + " = ?"
		if _, err := db.ExecContext(t.Context(), update, append([]any{changed}, values[:len(keys)]...)...); err != nil {
			continue // a key that another row has: SQLite refuses it
		}
		return fmt.Sprintf("%s.%s of row %v became %v", table, column, values, changed)
	}
}

// changeByte returns how to bind another value; nil when there is nothing to change.
func changeByte(value any, random *rand.Rand) (cast string, changed any) {
	flip := func(b []byte) []byte {
		b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		return b
	}
	switch v := value.(type) {
	case int64:
		return "?", v ^ 1<<random.IntN(40)
	case string:
		if v != "" {
			return "CAST(? AS TEXT)", flip([]byte(v))
		}
	case []byte:
		if len(v) > 0 {
			return "?", flip(slices.Clone(v))
		}
	}
	return "", nil
}

func texts(t *testing.T, path, query string) []string {
	t.Helper()
	db := openRaw(t, path)
	defer func() { _ = db.Close() }()
	return queryTexts(t, db, query)
}

func queryTexts(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
