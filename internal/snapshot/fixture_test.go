package snapshot_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// evidenceFile is a database with complete and failed snapshots, history, and every kind of row.
func evidenceFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	c := newCompany(40)
	for n := range 4 {
		c.store(t, store, night(n+1))
		c.age()
	}
	id := beginRun(t, store, night(5))
	if _, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: id, Source: "acme", OrganizationID: acme, BaseURL: "https://x/api",
		TakenAt: night(5), ErrorCode: "unavailable", Error: "no"}, finding.EvaluateFailed(acme, "Acme", "unavailable", "no", false)); err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), id, night(5), snapshot.Failed, "no"); err != nil {
		t.Fatal(err)
	}
	save(t, store, night(6), inventory(scim("a", "Okta")), finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	other := inventory(scim("a", "Okta"))
	other.Organization.Name, other.SSO[0].DisplayName, other.Policies.RestrictAccountCreationToSCIM = "Acme Holding", "Okta production", false
	save(t, store, night(7), other, finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func verifyFile(t *testing.T, path string) *verify.Result {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		return &verify.Result{Problems: []verify.Problem{{Text: err.Error()}}}
	}
	defer func() { _ = store.Close() }()
	found, err := verify.Database(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// withoutTriggers lets a table be changed as only somebody can who knows how, and puts its triggers back.
func withoutTriggers(t *testing.T, path, table string, change func(*sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	exec := func(query string, args ...any) {
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	triggers := texts(t, db, "SELECT name || char(0) || sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '"+table+"'")
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

func texts(t *testing.T, db *sql.DB, query string) []string {
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

func openFile(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// everyRow is what the tables hold, by table, each row as text.
func everyRow(t *testing.T, db *sql.DB) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, name := range texts(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`) {
		columns := texts(t, db, "SELECT 'quote(' || name || ')' FROM pragma_table_info('"+name+"') ORDER BY name")
		all[name] = texts(t, db, "SELECT "+strings.Join(columns, " || ',' || ")+" AS line FROM "+name+" ORDER BY line")
	}
	return all
}
