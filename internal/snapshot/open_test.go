package snapshot_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

func TestFilesThatAreNotOursAreLeftUntouched(t *testing.T) {
	for name, tc := range map[string]struct {
		content []byte
		want    error
		says    string
	}{
		"text":            {[]byte("id,name\n1,Okta\n"), snapshot.ErrNotDatabase, "it is not a SQLite file"},
		"another program": {append([]byte("SQLite format 3\x00"), make([]byte, 4080)...), snapshot.ErrNotDatabase, "auditor.db"},
		"newer version":   {headerOf(99), snapshot.ErrNewerVersion, fmt.Sprintf("its schema version is 99, and this program supports up to %d", snapshot.SchemaVersion)},
		"development version": {
			headerOf(3), snapshot.ErrOlderVersion,
			fmt.Sprintf("created by a development version of auditor (its schema version is 3, this program has %d): "+
				"keep the file and start a new one with --db", snapshot.SchemaVersion),
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auditor.db")
			if err := os.WriteFile(path, tc.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := snapshot.Open(context.Background(), path); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %v and %q", err, tc.want, tc.says)
			}
			after, err := os.ReadFile(path)
			if err != nil || !cmp.Equal(after, tc.content) {
				t.Error("the file was changed")
			}
			if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
				t.Errorf("files were left beside it: %v", left)
			}
		})
	}
}

// headerOf is a database without tables that has a version of the schema:
// https://www.sqlite.org/fileformat2.html#the_database_header
func headerOf(version byte) []byte {
	page := append([]byte("SQLite format 3\x00"), make([]byte, 4080)...)
	copy(page[16:], []byte{0x10, 0, 1, 1, 0, 64, 32, 32})
	page[63] = version
	copy(page[68:], "Aud1")
	page[100] = 0x0d // the leaf of a table
	return page
}

// cutOff is a SQLite file in a transaction that wrote into the file itself and was never committed.
func cutOff(t *testing.T, before string) string {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "whole.db")
	db, err := sql.Open("sqlite", whole)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	for _, statement := range []string{before, "PRAGMA cache_size = 1", "BEGIN", "CREATE TABLE t (x)",
		"INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) SELECT zeroblob(4000) FROM n"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	path := filepath.Join(t.TempDir(), "auditor.db")
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(whole + suffix)
		if err != nil || len(content) == 0 {
			t.Fatalf("%s has %d bytes (error %v)", whole+suffix, len(content), err)
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestAnotherProgramsDatabaseThatWasCutOffIsLeftUntouched(t *testing.T) {
	path := cutOff(t, "CREATE TABLE theirs (x)")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Open(t.Context(), path); !errors.Is(err, snapshot.ErrNotDatabase) {
		t.Errorf("error %v, want ErrNotDatabase", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (error %v)", err)
	}
}

func TestAnEmptyFileIsANewDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.OpenReadOnly(t.Context(), path); !errors.Is(err, snapshot.ErrNoDatabaseFile) {
		t.Errorf("reading: error %v, want ErrNoDatabaseFile", err)
	}
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v (error %v)", entries, err)
	}
}

// What lies beside a database that was removed would bring its rows into a new one, or damage it.
func TestWhatLiesBesideADatabaseThatIsGoneIsNoPartOfTheNewOne(t *testing.T) {
	for name, leave := range map[string]func(*testing.T) string{"the log": logAlone, "the journal": journalAlone} {
		t.Run(name, func(t *testing.T) {
			path := leave(t)
			store, err := snapshot.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			db := openFile(t, path)
			if runs := countRows(t, db, "runs"); runs != 0 || texts(t, db, "PRAGMA integrity_check")[0] != "ok" {
				t.Errorf("the new database has %d runs", runs)
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

// A checkpoint writes the new size of the database before all of its pages are there.
func TestAFileInTheMiddleOfACheckpointIsADatabase(t *testing.T) {
	path := evidenceFile(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[29]++ // 65,536 pages more: https://www.sqlite.org/fileformat2.html#in_header_database_size
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if errors.Is(err, snapshot.ErrNotDatabase) {
		t.Error(err)
	}
	if err == nil {
		_ = store.Close()
	}
}
