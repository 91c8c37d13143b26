package snapshot_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
	"scim-auditor/migrations"
)

// filled is a database file with three nights in it, open with a connection of its own beside the store's.
func filled(t *testing.T) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	save(t, store, night(1), inventory(scim("a", "Okta"), scim("b", "Entra ID")), finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	save(t, store, night(2), inventory(scim("a", "Okta production")), finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return path, db
}

func TestEveryViewCanBeRead(t *testing.T) {
	_, db := filled(t)
	for name, want := range map[string]int{
		"runs": 2, "snapshots": 2, "scim_configurations": 3, "current_scim_configurations": 1, "sso_configurations": 2,
		"current_sso_configurations": 1, "organization_policies": 2, "scim_configuration_history": 3, "sso_configuration_history": 1,
		"changes": 0, "findings": 2, "exchanges": 2, "organization_details": 2, "change_candidates": 0, "exceptions": 0,
	} {
		if got := countRows(t, db, name); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
	var views int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE type = 'view'").Scan(&views); err != nil || views != 13 {
		t.Errorf("%d views (error %v): name a new one above", views, err)
	}
}

// countRows reads every column of every row, as SQLite notices a column that is missing only then.
func countRows(t *testing.T, db *sql.DB, name string) int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestThePastCannotBeRewritten(t *testing.T) {
	_, db := filled(t)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO schedules (valid_from, expression) VALUES ('2026-11-16T02:00:00Z', '@daily')"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE schedules SET expression = 'none'",
		"DELETE FROM schedules",
		"UPDATE runs SET outcome = 'failed'",
		"DELETE FROM runs",
		"UPDATE snapshots SET outcome = 'failed'",
		"DELETE FROM snapshots",
		"UPDATE scim_live SET enabled = 0",
		"DELETE FROM scim_live",
		"UPDATE scim_history SET enabled = 0",
		"DELETE FROM scim_history",
		"UPDATE sso_live SET state = ''",
		"DELETE FROM sso_live",
		"UPDATE policies_live SET restrict_account_creation_to_scim = 0",
		"DELETE FROM organization_live",
		"UPDATE finding_live SET status = 'pass'",
		"DELETE FROM finding_live",
		"UPDATE exchange_times SET times = '[]'",
		"DELETE FROM exchange_times",
		"DELETE FROM organizations",
		"UPDATE raw_shapes SET shape = ''",
		"UPDATE responses SET body = x''",
		"DELETE FROM exchange_live",
		"DELETE FROM responses",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: went through", statement)
		}
	}
}

// TestNoTableCanBeRewritten tries every table that has rows, so that a new one cannot be forgotten.
func TestNoTableCanBeRewritten(t *testing.T) {
	newest, err := snapshot.SchemaVersion()
	if err != nil {
		t.Fatal(err)
	}
	tried := make(map[string]bool)
	for _, path := range []string{storedThen(t, newest), evidenceFile(t), judgedFile(t)} {
		db, _ := openMigrator(t, path)
		for name, rows := range everyRow(t, db) {
			if tried[name] = tried[name] || len(rows) > 0; len(rows) == 0 {
				continue
			}
			key := texts(t, db, "SELECT name FROM pragma_table_info('"+name+"') WHERE pk = 1")[0]
			for _, statement := range []string{"UPDATE " + name + " SET " + key + " = " + key, "DELETE FROM " + name} {
				if _, err := db.ExecContext(t.Context(), statement); err == nil {
					t.Errorf("%s: went through", statement)
				}
			}
		}
	}
	for name, done := range tried {
		if !done {
			t.Errorf("%s has no row to try with", name)
		}
	}
}

func TestNoColumnOfTheRegisterCanBeRewritten(t *testing.T) {
	_, db := filled(t)
	columns := texts(t, db, "SELECT name FROM pragma_table_info('snapshots') WHERE name <> 'pruned_at'")
	for _, c := range columns {
		if _, err := db.ExecContext(t.Context(), "UPDATE snapshots SET "+c+" = "+c); err == nil {
			t.Errorf("%s can be rewritten: name it in the trigger snapshots_no_update", c)
		}
	}
	if len(columns) < 30 {
		t.Errorf("%d columns were tried", len(columns))
	}
	for _, statement := range []string{"UPDATE snapshots SET pruned_at = 'x' WHERE id = 1", "UPDATE snapshots SET pruned_at = 'y' WHERE id = 1"} {
		if _, err := db.ExecContext(t.Context(), statement); (err == nil) != strings.Contains(statement, "'x'") {
			t.Errorf("%s: error %v", statement, err)
		}
	}
}

func TestTheMigrationsGoDownAndUpAgain(t *testing.T) {
	_, db := filled(t)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	schema := func() []string {
		rows, err := db.QueryContext(t.Context(), "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY name")
		if err != nil {
			t.Fatal(err)
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
	before := schema()
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if left := schema(); len(left) > 0 {
		t.Errorf("going down leaves %v", left)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, schema()); d != "" {
		t.Errorf("down and up again makes another schema (-before +after):\n%s", d)
	}
}

func TestACleanEndLeavesOneFileThatOthersCannotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "audit #1 %41.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	save(t, store, night(1), inventory(scim("a", "Okta")))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != "audit #1 %41.db" {
		t.Fatalf("the folder has %v (error %v)", entries, err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such file modes")
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v (error %v), want %v", name, info.Mode(), err, want)
		}
	}
}

func TestTheFileHeaderTellsTheSchemasVersion(t *testing.T) {
	_, db := filled(t)
	want, err := snapshot.SchemaVersion()
	if err != nil {
		t.Fatal(err)
	}
	var got int64
	if err := db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&got); err != nil || got != want {
		t.Errorf("user_version %d (error %v), want %d: the newest migration must set it", got, err, want)
	}
}
