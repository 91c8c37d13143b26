package snapshot_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

func TestABackupTakenWhileARunWritesIsOneConsistentState(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	c := newCompany(200)
	c.store(t, store, night(1))
	copied := make(chan error, 1)
	go func() {
		var all error
		for _, name := range []string{"a.db", "b.db", "c.db"} {
			all = errors.Join(all, snapshot.Backup(t.Context(), path, filepath.Join(folder, name)))
		}
		copied <- all
	}()
	for n := 2; len(copied) == 0; n++ {
		c.age()
		c.store(t, store, night(n))
	}
	if err := <-copied; err != nil {
		t.Error(err)
	}
	for _, name := range []string{"a.db", "b.db", "c.db"} {
		found := verifyFile(t, filepath.Join(folder, name))
		if len(found.Problems) > 0 || found.Snapshots == 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("files were left: %v", left)
	}
}

func TestABackupOpensWithoutWritingAnything(t *testing.T) {
	folder := t.TempDir()
	from, to := evidenceFile(t), filepath.Join(folder, "backup.db")
	if err := snapshot.Backup(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	header, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	// https://www.sqlite.org/fileformat2.html#file_format_version_numbers: 1 is the rollback journal, 2 WAL
	if d := cmp.Diff([]byte{1, 1}, header[18:20]); d != "" {
		t.Errorf("journal mode (-want +got):\n%s", d)
	}
	if found := verifyFile(t, to); len(found.Problems) > 0 {
		t.Errorf("%+v", found.Problems)
	}
}

func TestABackupReplacesNothing(t *testing.T) {
	from := evidenceFile(t)
	before, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := snapshot.Backup(t.Context(), from, from); !errors.Is(err, snapshot.ErrFileExists) {
		t.Errorf("error %v, want ErrFileExists", err)
	}
	if err := snapshot.Backup(t.Context(), from, filepath.Join(t.TempDir(), "missing", "b.db")); err == nil {
		t.Error("a backup into a folder that is not there has no error")
	}
	after, err := os.ReadFile(from)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed (error %v)", err)
	}
}
