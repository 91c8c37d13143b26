package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// waitLess makes statements give up at once where another process writes.
func waitLess(t *testing.T) {
	t.Helper()
	before := busyWait
	busyWait = time.Millisecond
	t.Cleanup(func() { busyWait = before })
}

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

func begin(t *testing.T, path, how string) (*sql.Conn, func()) {
	t.Helper()
	db, err := sql.Open("sqlite", fileURI(path))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), how); err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func runsSeen(t *testing.T, conn *sql.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRowContext(t.Context(), "SELECT count(*) FROM runs").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAReaderWithAnOpenTransactionDoesNotStopARun(t *testing.T) {
	waitLess(t)
	path := storedRun(t)
	reader, end := begin(t, path, "BEGIN")
	if n := runsSeen(t, reader); n != 1 {
		t.Fatalf("%d runs", n)
	}
	store, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.BeginRun(t.Context(), Run{Trigger: "manual", ToolVersion: "1", Host: "h"}); err != nil {
		t.Errorf("beginning a run beside a reader: %v", err)
	}
	if n := runsSeen(t, reader); n != 1 {
		t.Errorf("the reader's transaction sees %d runs, want 1 still", n)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	end()
	if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
		t.Errorf("files were left when the last reader was gone: %v", left)
	}
}

func TestASecondWriterIsNamed(t *testing.T) {
	waitLess(t)
	path := storedRun(t)
	store, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	_, end := begin(t, path, "BEGIN IMMEDIATE")
	attempts := map[string]func() error{
		"beginning a run": func() error {
			_, err := store.BeginRun(t.Context(), Run{Trigger: "manual", ToolVersion: "1", Host: "h"})
			return err
		},
		"finishing a run": func() error { return store.FinishRun(t.Context(), 1, time.Now(), Complete, "") },
		"saving a snapshot": func() error {
			_, err := store.SaveFailed(t.Context(), Snapshot{RunID: 1, Source: "a"}, nil)
			return err
		},
		"pruning": func() error {
			_, err := store.Prune(t.Context(), Retention{KeepLast: 1}, time.Now(), false)
			return err
		},
	}
	for name, try := range attempts {
		if err := try(); !errors.Is(err, ErrBusy) {
			t.Errorf("%s: error %v, want ErrBusy", name, err)
		}
	}
	end()
	if err := store.FinishRun(t.Context(), 1, time.Now(), Complete, ""); err != nil {
		t.Errorf("after the other writer ended: %v", err)
	}
}

func TestADamagedFileIsNamed(t *testing.T) {
	path := storedRun(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(content); i++ {
		content[i] = 0xff
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := OpenReadOnly(t.Context(), path)
	if err == nil {
		_, err = store.Runs(t.Context(), 0, 0)
		_ = store.Close()
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
	}
}

func TestAFileThatCannotBeWrittenIsReadAndNotChanged(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("file modes do not bind this user")
	}
	path := storedRun(t)
	folder := filepath.Dir(path)
	for name, mode := range map[string]os.FileMode{path: 0o400, folder: 0o500} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	for name, open := range map[string]func(context.Context, string) (*Store, error){"OpenExisting": OpenExisting, "OpenReadOnly": OpenReadOnly} {
		store, err := open(t.Context(), path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if runs, err := store.Runs(t.Context(), 0, 0); err != nil || len(runs) != 1 {
			t.Errorf("%s: %d runs (error %v), want 1", name, len(runs), err)
		}
		if _, err := store.BeginRun(t.Context(), Run{Trigger: "manual", ToolVersion: "1", Host: "h"}); !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: writing: error %v, want ErrReadOnly", name, err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}
