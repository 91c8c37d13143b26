package snapshot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"scim-auditor/internal/snapshot"
)

// Closing a file ends the locks that the process has on it, whoever opened it. A process of auditor
// that looks at a database while it writes to it must not open the file beside SQLite.
func TestLookingAtADatabaseEndsNoLockOfTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	running, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = running.Close() }()
	save(t, running, night(1), inventory(scim("a", "Okta")))
	before := locksOf(t, path)
	if len(before) == 0 {
		t.Skip("this system shows no locks")
	}
	for name, look := range map[string]func() error{
		"reading": func() error {
			s, err := snapshot.OpenReadOnly(t.Context(), path)
			if err != nil {
				return err
			}
			return s.Close()
		},
		"opening": func() error {
			s, err := snapshot.OpenExisting(t.Context(), path)
			if err != nil {
				return err
			}
			return s.Close()
		},
		"a backup": func() error { return snapshot.Backup(t.Context(), path, filepath.Join(t.TempDir(), "b.db")) },
	} {
		if err := look(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if after := locksOf(t, path); len(after) == 0 {
			t.Fatalf("%s ended the locks of the run, which were %q", name, before)
		}
	}
}

// locksOf returns the lines of /proc/locks about a file:
// https://man7.org/linux/man-pages/man5/proc_locks.5.html
func locksOf(t *testing.T, path string) (lines []string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return nil
	}
	inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)
	for line := range strings.Lines(string(locks)) {
		if strings.Contains(line, inode) && strings.Contains(line, "POSIX") {
			lines = append(lines, line)
		}
	}
	return lines
}
