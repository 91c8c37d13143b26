package snapshot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"scim-auditor/migrations"
)

// withNext are the migrations and one more.
func withNext(t *testing.T, next string) (versions fstest.MapFS, newest int64) {
	t.Helper()
	versions = fstest.MapFS{"99999_add_next.sql": {Data: []byte(next)}}
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := migrations.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		versions[name] = &fstest.MapFile{Data: content}
	}
	return versions, 99999
}

const goodNext = "-- +goose Up\nPRAGMA user_version = 99999;\nCREATE TABLE next (id INTEGER PRIMARY KEY) STRICT;\n-- +goose Down\nDROP TABLE next;\n"

// storedRun is a database with a run in it.
func storedRun(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.BeginRun(t.Context(), Run{Trigger: "manual", ToolVersion: "1", Host: "h"}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAMigrationLeavesACopyOfBefore(t *testing.T) {
	path := storedRun(t)
	versions, _ := withNext(t, goodNext)
	for range 2 { // the second time there is nothing to do
		store, err := openAs(t.Context(), path, versions)
		if err != nil {
			t.Fatal(err)
		}
		if runs, err := store.Runs(t.Context(), 0, 0); err != nil || len(runs) != 1 {
			t.Errorf("%d runs (error %v), want 1", len(runs), err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	copies, err := filepath.Glob(path + ".before-v*")
	if err != nil || len(copies) != 1 || copies[0] != path+".before-v99999" {
		t.Fatalf("copies %v (error %v)", copies, err)
	}
	before, err := OpenReadOnly(t.Context(), copies[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = before.Close() }()
	if found, err := before.Verify(t.Context()); err != nil || len(found.Problems) > 0 || found.Runs != 1 {
		t.Errorf("the copy: %+v (error %v)", found, err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNewerVersion) {
		t.Errorf("the version before opens it: error %v, want ErrNewerVersion", err)
	}
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	path := storedRun(t)
	versions, _ := withNext(t, "-- +goose Up\nDROP VIEW findings;\nINSERT INTO nowhere VALUES (1);\n")
	for range mostCopies {
		if _, err := openAs(t.Context(), path, versions); err == nil {
			t.Fatal("it went through")
		}
	}
	if _, err := openAs(t.Context(), path, versions); !errors.Is(err, ErrFileExists) {
		t.Errorf("error %v, want ErrFileExists after %d copies", err, mostCopies)
	}
	store, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if found, err := store.Verify(t.Context()); err != nil || len(found.Problems) > 0 || found.Runs != 1 {
		t.Errorf("%+v (error %v)", found, err)
	}
}

func TestAnEmptyFileIsANewDatabaseAndLeavesNoCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if copies, _ := filepath.Glob(path + ".*"); len(copies) > 0 {
		t.Errorf("copies %v", copies)
	}
}
