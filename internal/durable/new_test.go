package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"scim-auditor/internal/durable"
)

func write(t *testing.T, path, text string, during func(partial string)) error {
	t.Helper()
	return durable.WriteNew(path, func(partial string) error {
		if during != nil {
			during(partial)
		}
		return os.WriteFile(partial, []byte(text), 0o600)
	})
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func TestANewFileAppearsWholeAndReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	failing := errors.New("the disk is full")
	if err := durable.WriteNew(path, func(string) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("error %v", err)
	}
	if got := entries(t, dir); len(got) > 0 {
		t.Errorf("left after an error: %q", got)
	}
	if err := write(t, path, "first", nil); err != nil {
		t.Fatal(err)
	}
	if err := write(t, path, "second", nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	other := filepath.Join(dir, "b.db")
	late := write(t, other, "second", func(string) {
		if err := os.WriteFile(other, []byte("first"), 0o600); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(late, fs.ErrExist) {
		t.Errorf("a file that appears meanwhile: error %v, want fs.ErrExist", late)
	}
	for _, name := range []string{path, other} {
		if content, err := os.ReadFile(name); string(content) != "first" {
			t.Errorf("%s is %q (%v)", name, content, err)
		}
	}
	if got := entries(t, dir); len(got) != 2 {
		t.Errorf("the folder has %q", got)
	}
}

// What a killed process left is removed by the next that writes the same file; what another process
// is writing, or has nothing to do with it, stays.
func TestTheNextFileRemovesWhatAKilledProcessLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	leave := func(name string) {
		t.Helper()
		folder := filepath.Join(dir, name)
		err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "lock"), nil, 0o600),
			os.WriteFile(filepath.Join(folder, "a.db"), []byte("part"), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".a.db-123", ".b.db-123", ".a.db-x", "a.db-1"} {
		leave(name)
	}
	err := write(t, path, "outer", func(string) {
		if err := write(t, path, "inner", nil); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("two writers of one file: error %v", err)
	}
	got := entries(t, dir)
	if len(got) != 4 || got[0] != ".a.db-x" || got[1] != ".b.db-123" || got[2] != "a.db" || got[3] != "a.db-1" {
		t.Errorf("the folder has %q", got)
	}
}
