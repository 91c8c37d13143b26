package folder

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const other = "9b7d51a2486e8d20c6b1f4a7e9153f0c"

// writeOf writes a report of a database with the name of run 7.
func writeOf(t *testing.T, dir, databaseID string) string {
	t.Helper()
	manifest := func(files []Written) any { return manifest{databaseID, files} }
	path, err := Write(dir, name, databaseID, []File{text("a.md", databaseID)}, manifest, nil)
	if err == nil {
		err = SetLatest(dir, filepath.Base(path), databaseID, false)
	}
	if err != nil {
		t.Error(err)
	}
	return path
}

// Two databases whose run of the same number began in the same second write into one folder.
func TestEachDatabaseHasItsOwnReports(t *testing.T) {
	dir := t.TempDir()
	paths := []string{writeOf(t, dir, database), writeOf(t, dir, other)}
	want := []string{filepath.Join(dir, name), filepath.Join(dir, name+"-9b7d51a2")}
	if d := cmp.Diff(want, paths); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i, id := range []string{database, other} { // again, after both are there
		if got := writeOf(t, dir, id); got != paths[i] || Find(dir, name, id) != paths[i] || DatabaseOf(got) != id {
			t.Errorf("%s has its report in %s, which is of %q", id, got, DatabaseOf(got))
		}
		if got := contentsOf(t, paths[i])["a.md"]; got != id {
			t.Errorf("the report of %s says %q", id, got)
		}
		if run, isReport := Of(filepath.Base(paths[i])); run != 7 || !isReport {
			t.Errorf("%s is of run %d", paths[i], run)
		}
	}
	files := contentsOf(t, dir)
	if files["latest-3f0c9b7d"] != "-> "+name || files["latest-9b7d51a2"] != "-> "+name+"-9b7d51a2" {
		t.Errorf("the links are %v", files)
	}
}

// A report over several databases belongs to all of them, in any order.
func TestAReportOverOtherDatabasesReplacesNone(t *testing.T) {
	dir, night := t.TempDir(), NightName(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	write := func(ids ...string) string {
		var databases []map[string]string
		for _, id := range ids {
			databases = append(databases, map[string]string{"database_id": id})
		}
		manifest := func([]Written) any { return map[string]any{"databases": databases} }
		path, err := Write(dir, night, FleetID(ids), []File{text("a.md", ids[0])}, manifest, nil)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(path)
	}
	first, second := write(database, other), write(database)
	if first != night || second != Suffixed(night, FleetID([]string{database})) {
		t.Errorf("the reports are in %s and %s", first, second)
	}
	if again := write(other, database); again != first {
		t.Errorf("the same databases in another order write into %s", again)
	}
	if again := write(database); again != second {
		t.Errorf("the second report is written again into %s", again)
	}
}

// Only one of many that write at the same moment gets the name.
func TestReportsOfTheSameMomentDoNotReplaceEachOther(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	paths := make([]string, len(ids))
	var all sync.WaitGroup
	for i := range ids {
		ids[i] = strings.Repeat(string(rune('a'+i%6))+string(rune('0'+i)), 16)
		all.Go(func() { paths[i] = writeOf(t, dir, ids[i]) })
	}
	all.Wait()
	for i, path := range paths {
		if got := DatabaseOf(path); got != ids[i] {
			t.Errorf("%s is the report of %s, not of %s", path, got, ids[i])
		}
	}
}

// startsOf returns the runs of a database by the names of their folders.
func startsOf(names []string) map[int64]time.Time {
	starts := make(map[int64]time.Time)
	for _, name := range names {
		text, run := splitRun(name)
		starts[run], _ = time.Parse(instantForm, text)
	}
	return starts
}

func TestTheReportsOfAnotherDatabaseAreNotKeptInsteadOfItsOwn(t *testing.T) {
	runs := []string{"2026-11-21T020000Z-run-5", name, name + "-9b7d51a2"}
	dir := t.TempDir()
	writeOf(t, dir, database)
	writeOf(t, dir, other)
	r := Retention{KeepLast: 2, DatabaseID: database, Runs: startsOf(runs[:2])}
	if got := r.oldest(dir, runs); len(got) != 0 {
		t.Errorf("selected of its own two reports: %v", got)
	}
}

// Run 2 was recorded in 2036, and runs 3 and 4 with the right clock again.
func TestTheOrderOfRecordingSaysWhichReportsAreTheNewest(t *testing.T) {
	runs := []string{
		"2036-11-17T020000Z-run-2", "2026-11-16T020000Z-run-1", "2026-11-19T020000Z-run-4", "2026-11-18T020000Z-run-3",
	}
	got := (Retention{KeepLast: 2, DatabaseID: "3f0c9b7d", Runs: startsOf(runs)}).oldest(t.TempDir(), runs)
	want := []string{"2026-11-16T020000Z-run-1", "2036-11-17T020000Z-run-2"}
	if !slices.Equal(got, want) {
		t.Errorf("selected %v, want %v", got, want)
	}
}
