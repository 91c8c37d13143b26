package snapshot_test

import (
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
	newest, err := snapshot.SchemaVersion()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		content []byte
		want    error
		says    string
	}{
		"text":            {[]byte("id,name\n1,Okta\n"), snapshot.ErrNotDatabase, "it is no SQLite file"},
		"another program": {append([]byte("SQLite format 3\x00"), make([]byte, 4080)...), snapshot.ErrNotDatabase, "auditor.db"},
		"newer version":   {newerHeader(), snapshot.ErrNewerVersion, fmt.Sprintf("its schema is version 99, this program knows up to %d", newest)},
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

func newerHeader() []byte {
	header := append([]byte("SQLite format 3\x00"), make([]byte, 4080)...)
	copy(header[60:], []byte{0, 0, 0, 99})
	copy(header[68:], "Aud1")
	return header
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

// A process that is killed while it makes the database leaves such a file: the next run must not be kept from making it.
func TestADatabaseWhoseCreationWasCutOffIsNew(t *testing.T) {
	path := cutOff(t, "SELECT 1")
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
	if found := verifyFile(t, path); len(found.Problems) > 0 {
		t.Errorf("%+v", found.Problems)
	}
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
	if err != nil || !cmp.Equal(before, after) {
		t.Errorf("the file was changed (error %v)", err)
	}
}
