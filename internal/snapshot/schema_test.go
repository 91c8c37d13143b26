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
		"current_sso_configurations": 1, "domain_verifications": 2, "members": 4, "current_members": 2, "member_tokens": 2, "member_history": 2,
		"organization_policies": 2, "scim_configuration_history": 3, "sso_configuration_history": 1,
		"changes": 0, "findings": 2, "exchanges": 2, "organization_details": 2, "change_candidates": 0, "exceptions": 0,
		"whole_snapshots": 2, "carried_findings": 0, "heads": 2,
	} {
		if got := countRows(t, db, name); got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
	var views int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE type = 'view'").Scan(&views); err != nil || views != 23 {
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

// TestNoTableCanBeRewritten tries every table that has rows, so that a new one cannot be forgotten.
func TestNoTableCanBeRewritten(t *testing.T) {
	tried := make(map[string]bool)
	for _, path := range []string{evidenceFile(t), judgedFile(t), prunedFile(t)} {
		db := openFile(t, path)
		for name, rows := range everyRow(t, db) {
			if tried[name] = tried[name] || len(rows) > 0; len(rows) == 0 {
				continue
			}
			key := texts(t, db, "SELECT name FROM pragma_table_info('"+name+"') WHERE pk = 1")[0]
			for _, statement := range []string{
				"UPDATE " + name + " SET " + key + " = " + key,
				"DELETE FROM " + name,
				"INSERT OR REPLACE INTO " + name + " SELECT * FROM " + name,
			} {
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

// prunedFile has a schedule, rules, pruned snapshots and a pruned report folder.
func prunedFile(t *testing.T) string {
	t.Helper()
	store, path, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: "@daily"}, night(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AddReview(t.Context(), review(1)); err != nil {
		t.Fatal(err)
	}
	rules := snapshot.RuleSet{Thresholds: "{}", Wordings: []snapshot.Wording{{RuleID: "SCIM-001", Title: "t"}}}
	if _, err := store.RecordRules(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	blind := inventory(dangling("b", "Okta"))
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	judged(t, store, 7, inventory(dangling("b", "Okta")))
	judged(t, store, 8, blind)
	retention := snapshot.Retention{KeepLast: 3, Reports: []snapshot.PrunedReport{
		{Folder: "2026-11-16T020000Z-run-1", RunID: 1, SumsSHA256: "a1b2c3"},
	}}
	if _, err := store.Prune(t.Context(), retention, night(9), false); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNoColumnOfAVersionCanBeRewrittenAndItsEndOnlyOnce(t *testing.T) {
	tables := []string{"organization", "policy", "scim", "sso", "domain", "member", "member_token", "finding", "exception", "carried_finding"}
	for _, path := range []string{evidenceFile(t), judgedFile(t), prunedFile(t)} {
		db := openFile(t, path)
		for _, name := range tables {
			name += "_versions"
			for _, c := range texts(t, db, "SELECT name FROM pragma_table_info('"+name+"') WHERE name <> 'valid_to'") {
				_, err := db.ExecContext(t.Context(), "UPDATE "+name+" SET "+c+" = "+c)
				if rows := countRows(t, db, name); rows > 0 && err == nil {
					t.Errorf("%s.%s can be rewritten: name it in the trigger %s_no_update", name, c, name)
				}
			}
			for _, statement := range []string{
				"UPDATE " + name + " SET valid_to = valid_to + 1 WHERE valid_to IS NOT NULL",
				"UPDATE " + name + " SET valid_to = NULL WHERE valid_to IS NOT NULL",
			} {
				result, err := db.ExecContext(t.Context(), statement)
				if err == nil {
					if n, _ := result.RowsAffected(); n > 0 {
						t.Errorf("%s: went through", statement)
					}
				}
			}
		}
	}
}

// TestNoRowIsReplacedThroughAnotherKey replaces rows by a unique column that is not the key.
func TestNoRowIsReplacedThroughAnotherKey(t *testing.T) {
	db := openFile(t, evidenceFile(t))
	for _, statement := range []string{
		"INSERT OR REPLACE INTO organizations SELECT key + 1000, id FROM organizations",
		"INSERT OR REPLACE INTO requests SELECT id + 1000, method, body FROM requests",
		"INSERT OR REPLACE INTO responses SELECT id + 1000, sha256, size, body, body_crc32 FROM responses",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "never replaced") {
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

func TestTheFileHeaderHasTheVersionOfTheSchema(t *testing.T) {
	_, db := filled(t)
	var got int64
	if err := db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&got); err != nil || got != snapshot.SchemaVersion {
		t.Errorf("user_version %d (error %v), want %d: the newest migration must set it", got, err, snapshot.SchemaVersion)
	}
}
