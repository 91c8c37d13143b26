package report

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leave makes a folder with a file of this text, as a process leaves one that is killed.
func leave(t *testing.T, path, text string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, MarkdownFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, example(), Options{})
	for _, name := range []string{
		".2026-11-22T020000Z-run-6-123", ".2026-11-01--2026-11-30-period-99", "." + exampleFolder + "-7.old",
		".2026-11-21T020000Z-run-5-8.old", ".2026-11-21T020000Z-run-5-8", ".notes-1", "run-5-1",
	} {
		leave(t, filepath.Join(dir, name), name)
	}
	write(t, dir, example(), Options{})
	want := map[string]string{
		exampleFolder: "folder", latestLink: "-> " + exampleFolder, folderLock: "", ".notes-1": "folder", "run-5-1": "folder",
		"2026-11-21T020000Z-run-5": "folder", // was moved aside, and nothing had taken its place
	}
	if d := cmp.Diff(want, contentsOf(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := contentsOf(t, filepath.Join(dir, "2026-11-21T020000Z-run-5"))[MarkdownFile]; got != ".2026-11-21T020000Z-run-5-8.old" {
		t.Errorf("the report that was moved aside is now %q", got)
	}
}

// during is a document with one file, while which is written something else happens.
type during func() error

func (during) prepare() {}

func (d during) files() []file {
	return []file{{"during.csv", FormatCSV, func(io.Writer) error { return d() }}}
}

func (during) writeManifest(io.Writer, []written) error { return nil }

func TestAReportThatIsBeingWrittenIsNoLeftover(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "2026-11-22T020000Z-run-6")
	err := writeFolder(first, during(func() error {
		_, err := Begin(Options{}).Write(dir, example())
		return err
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(first, "during.csv"), filepath.Join(dir, exampleFolder, WorkbookFile)} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestALockThatCannotBeOpenedIsTold(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, folderLock), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(Options{}).Write(dir, example()); err == nil {
		t.Error("a report is written without the lock")
	}
}
