package snapshot_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"scim-auditor/internal/snapshot"
	"scim-auditor/migrations"
)

// storedThen is a database as the program of an earlier version left it after seven nights: complete, failed and pruned ones, every kind of change,
// what could not be read, and from version 2 on the audit log and exceptions, from 3 on a schedule.
func storedThen(t *testing.T, version int64) string {
	t.Helper()
	rows, err := os.ReadFile(fmt.Sprintf("testdata/version-%d.sql", version))
	if err != nil {
		t.Fatalf("each version needs what its program stored: %v", err)
	}
	path := filepath.Join(t.TempDir(), "auditor.db")
	db, provider := openMigrator(t, path)
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(rows)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// openMigrator opens a database without the foreign keys' checks, which Verify makes later.
func openMigrator(t *testing.T, path string) (*sql.DB, *goose.Provider) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	return db, provider
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

func rowsOf(t *testing.T, path string) map[string][]string {
	t.Helper()
	db, _ := openMigrator(t, path)
	defer func() { _ = db.Close() }()
	return everyRow(t, db)
}

func eachVersion(t *testing.T, test func(t *testing.T, version int64, path string)) {
	_, provider := openMigrator(t, ":memory:")
	for _, source := range provider.ListSources() {
		t.Run(fmt.Sprint(source.Version), func(t *testing.T) { test(t, source.Version, storedThen(t, source.Version)) })
	}
}

func TestWhatEachVersionStoredIsReadVerifiedAndContinued(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int64, path string) {
		newest, err := snapshot.SchemaVersion()
		if err != nil {
			t.Fatal(err)
		}
		before := rowsOf(t, path)
		if _, err := snapshot.OpenReadOnly(t.Context(), path); (version < newest) != errors.Is(err, snapshot.ErrOlderVersion) {
			t.Errorf("reading before it is brought up to date: error %v", err)
		}
		store, err := snapshot.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		expectCopyOfBefore(t, path, version, newest, before)
		if runs, err := store.Runs(t.Context(), 0, 0); err != nil || len(runs) != 7 {
			t.Errorf("%d runs (error %v), want 7", len(runs), err)
		}
		continueUnchanged(t, store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		found := verifyFile(t, path)
		for _, p := range found.Problems {
			t.Errorf("%+v", p)
		}
		if found.Snapshots != 8 || found.Pruned != 1 || found.Runs != 8 {
			t.Errorf("%+v, want 8 snapshots of which 1 is pruned, and 8 runs", found)
		}
	})
}

// expectCopyOfBefore looks for the copy that is made before a database is brought to another version.
func expectCopyOfBefore(t *testing.T, path string, version, newest int64, before map[string][]string) {
	t.Helper()
	copies, err := filepath.Glob(path + ".before-v*")
	if err != nil || len(copies) != int(min(newest-version, 1)) {
		t.Fatalf("copies %v (error %v)", copies, err)
	}
	for _, c := range copies {
		if d := cmp.Diff(before, rowsOf(t, c)); d != "" {
			t.Errorf("the copy (-want +got):\n%s", d)
		}
	}
}

// continueUnchanged stores a night on which everything is as it was in the last complete one, which an earlier version stored.
func continueUnchanged(t *testing.T, store *snapshot.Store) {
	t.Helper()
	all, err := store.CompleteSnapshots(t.Context(), "")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d complete snapshots (error %v)", len(all), err)
	}
	last := all[len(all)-1]
	baseline, found, err := store.Baseline(t.Context(), last.OrganizationID)
	if err != nil || !found || baseline.Snapshot.ID != last.ID || len(baseline.Inventory.SCIM) != 4 || len(baseline.Inventory.SSO) != 3 {
		t.Fatalf("baseline %+v (error %v)", baseline, err)
	}
	header := last
	header.RunID, header.TakenAt, header.BaselineID = beginRun(t, store, night(8)), night(8), last.ID
	saved, err := store.SaveComplete(t.Context(), snapshot.Collected{Snapshot: header, Inventory: baseline.Inventory})
	if err != nil {
		t.Fatal(err)
	}
	if saved.ContentSHA256 != last.ContentSHA256 {
		t.Errorf("content %s, before %s, and nothing changed", saved.ContentSHA256, last.ContentSHA256)
	}
	if err := store.FinishRun(t.Context(), header.RunID, night(8), snapshot.Complete, ""); err != nil {
		t.Fatal(err)
	}
}

func TestEachVersionGoesUpAndDownAndUpWithWhatItStored(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int64, path string) {
		db, provider := openMigrator(t, path)
		before := everyRow(t, db)
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := provider.DownTo(t.Context(), version); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, everyRow(t, db)); d != "" {
			t.Errorf("up and down (-before +after):\n%s", d)
		}
		if _, err := provider.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, p := range verifyFile(t, path).Problems {
			t.Errorf("up again: %+v", p)
		}
	})
}

// A run that brought a database to a new version and was killed leaves the version in the log beside the file.
func TestTheVersionThatTheLogHasCounts(t *testing.T) {
	path := storedThen(t, 1)
	db, provider := openMigrator(t, path+"?_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)")
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Open(t.Context(), path); !errors.Is(err, snapshot.ErrNewerVersion) {
		t.Errorf("error %v, want ErrNewerVersion", err)
	}
	if copies, _ := filepath.Glob(path + ".before-v*"); len(copies) > 0 {
		t.Errorf("copies %v", copies)
	}
}
