package snapshot_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
	"scim-auditor/migrations"
)

// migratedEmpty is a database that the migrations make of an empty file.
func migratedEmpty(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	makeDatabase(t, path)
	return path
}

func makeDatabase(t *testing.T, path string) {
	t.Helper()
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestANewDatabaseIsWhatTheMigrationsMake(t *testing.T) {
	migrated := migratedEmpty(t)
	if *update {
		rewriteEmpty(t, migrated)
		return
	}
	path := filepath.Join(t.TempDir(), "new", "auditor.db")
	makeDatabase(t, path)
	if d := cmp.Diff(everything(t, migrated), everything(t, path)); d != "" {
		t.Errorf("migrations/empty.db is not up to date; run this test with -update (-want +got):\n%s", d)
	}
	for _, at := range query(t, path, "SELECT datetime(tstamp) FROM goose_db_version") {
		applied, err := time.Parse(time.DateTime, at)
		if err != nil || time.Since(applied).Abs() > time.Hour {
			t.Errorf("a version was applied at %s (error %v)", at, err)
		}
	}
	if found := verifyFile(t, path); len(found.Problems) > 0 {
		t.Errorf("%+v", found.Problems)
	}
}

// rewriteEmpty writes the file that new databases are made of.
func rewriteEmpty(t *testing.T, migrated string) {
	t.Helper()
	db, err := sql.Open("sqlite", migrated)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE goose_db_version SET tstamp = ?", migrations.EmptyAt); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(migrated)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../../migrations/empty.db", content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// everything is what is known of a database but for the instants when it was migrated.
func everything(t *testing.T, path string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, pragma := range []string{"application_id", "user_version", "journal_mode", "page_size", "encoding", "auto_vacuum", "integrity_check"} {
		all[pragma] = query(t, path, "PRAGMA "+pragma)
	}
	all["schema"] = query(t, path, "SELECT concat_ws(' ', type, name, tbl_name, sql) FROM sqlite_schema ORDER BY rowid")
	all["versions"] = query(t, path, "SELECT concat_ws(' ', id, version_id, is_applied) FROM goose_db_version ORDER BY id")
	all["sequence"] = query(t, path, "SELECT concat_ws(' ', name, seq) FROM sqlite_sequence ORDER BY name")
	for _, table := range query(t, path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'") {
		all["rows of "+table] = query(t, path, "SELECT count(*) FROM "+table)
	}
	return all
}

func query(t *testing.T, path, statement string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	return texts(t, db, statement)
}

// Whoever removes a database may leave what lies beside it. Written into a new one it would bring back what is gone, or damage it.
func TestWhatLiesBesideADatabaseThatIsGoneIsNoPartOfTheNewOne(t *testing.T) {
	for name, leave := range map[string]func(*testing.T) string{"the log": logAlone, "the journal": journalAlone} {
		t.Run(name, func(t *testing.T) {
			path := leave(t)
			makeDatabase(t, path)
			if d := cmp.Diff(everything(t, migratedEmpty(t)), everything(t, path)); d != "" {
				t.Errorf("(-new +got):\n%s", d)
			}
		})
	}
}

// logAlone is the path of a database of which there is only the log that a killed run left.
func logAlone(t *testing.T) string {
	t.Helper()
	running := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), running)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	save(t, store, night(1), inventory(scim("a", "Okta")))
	log, err := os.ReadFile(running + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("a log of %d bytes (error %v)", len(log), err)
	}
	path := filepath.Join(t.TempDir(), "auditor.db")
	if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func journalAlone(t *testing.T) string {
	t.Helper()
	path := cutOff(t, "CREATE TABLE theirs (x)")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	return path
}
