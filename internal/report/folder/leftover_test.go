package folder

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leave makes a folder with a file of this text, as a killed process leaves it.
func leave(t *testing.T, path, text string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "a.md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	writeReport(t, dir, name)
	for _, name := range []string{
		".2026-11-22T020000Z-run-6-123", ".2026-11-01--2026-11-30-period-99", "." + name + "-7.old",
		".2026-11-21T020000Z-run-5-8.old", ".2026-11-21T020000Z-run-5-8", ".notes-1", "run-5-1",
	} {
		leave(t, filepath.Join(dir, name), name)
	}
	writeReport(t, dir, name)
	want := map[string]string{
		name: "folder", latestLink: "-> " + name, lockFile: "", ".notes-1": "folder", "run-5-1": "folder",
		"2026-11-21T020000Z-run-5": "folder", // was moved aside, and no new report has its name
	}
	if d := cmp.Diff(want, contentsOf(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	got := contentsOf(t, filepath.Join(dir, "2026-11-21T020000Z-run-5"))["a.md"]
	if got != ".2026-11-21T020000Z-run-5-8.old" {
		t.Errorf("the report that was moved aside is now %q", got)
	}
}

func TestAReportThatIsBeingWrittenIsNoLeftover(t *testing.T) {
	dir := t.TempDir()
	const first = "2026-11-22T020000Z-run-6"
	during := File{"during.csv", func(io.Writer) error {
		writeReport(t, dir, name)
		return nil
	}}
	if _, err := Write(dir, first, database, []File{during}, list, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, first, "during.csv"), filepath.Join(dir, name, "a.md")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestALockThatCannotBeOpenedIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, lockFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, name, database, nil, list, nil); err == nil {
		t.Error("a report is written without the lock")
	}
}
