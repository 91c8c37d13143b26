//go:build !windows

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// reportFolders returns the names in the folder of the reports, without hidden files.
func (s *site) reportFolders() []string {
	s.t.Helper()
	entries, err := os.ReadDir(s.path("reports"))
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") || strings.Contains(e.Name(), "run") {
			names = append(names, e.Name())
		}
	}
	return names
}

// runFolder is the name of the report folder of a night.
func runFolder(night int) string {
	return demo.Night(night).Format("2006-01-02T150405Z") + fmt.Sprint("-run-", night)
}

// tenNights runs ten nights with a small report.
func tenNights(t *testing.T) *site {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0)}
	for range 10 {
		s.mustRun("--formats", "csv")
	}
	return s
}

// prune runs auditor prune and returns what it prints.
func (s *site) prune(args ...string) string {
	s.t.Helper()
	s.printed.Reset()
	if code := s.tonight("prune", args...); code != exitComplete {
		s.t.Fatalf("prune %q: exit code %d\n%s", args, code, &s.printed)
	}
	return s.printed.String()
}

func TestPruneRemovesOldReportFoldersAndRecordsIt(t *testing.T) {
	skipIfShort(t)
	for name, c := range map[string]struct {
		args []string
		left []int
	}{
		"older than days":      {[]string{"--reports-older-than", "3"}, []int{7, 8, 9, 10}},
		"all but the newest":   {[]string{"--keep-reports", "2"}, []int{9, 10}},
		"both must select":     {[]string{"--reports-older-than", "3", "--keep-reports", "6"}, []int{5, 6, 7, 8, 9, 10}},
		"fewer than are there": {[]string{"--keep-reports", "20"}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			s := tenNights(t)
			before := s.reportFolders()
			dry := s.prune(append(c.args, "--dry-run")...)
			if d := cmp.Diff(before, s.reportFolders()); d != "" || s.query("SELECT count(*) FROM prunes")[0] != "0" {
				t.Errorf("the dry run changed something (-want +got):\n%s", d)
			}
			printed := s.prune(c.args...)
			if strings.ReplaceAll(dry, "would remove", "removed") != printed {
				t.Errorf("the dry run prints %q, the prune %q", dry, printed)
			}
			var want, gone []string
			for night := range 10 {
				if slices.Contains(c.left, night+1) {
					want = append(want, runFolder(night+1))
				} else {
					gone = append(gone, runFolder(night+1))
				}
			}
			if d := cmp.Diff(append(want, "latest"), s.reportFolders()); d != "" {
				t.Errorf("left (-want +got):\n%s", d)
			}
			if d := cmp.Diff(gone, s.query("SELECT folder FROM pruned_reports ORDER BY run_id")); d != "" {
				t.Errorf("recorded (-want +got):\n%s", d)
			}
			s.verify(exitComplete)
			if runs := s.command("runs"); strings.Contains(runs, "REPORT REMOVED") != (len(gone) > 0) {
				t.Errorf("the register is\n%s", runs)
			}
		})
	}
}

// TestPruneRemovesOnlyWhatAuditorWrote puts in the place of old reports what is not one, and keeps what
// a report still names.
func TestPruneRemovesOnlyWhatAuditorWrote(t *testing.T) {
	skipIfShort(t)
	s := tenNights(t)
	other := tenNights(t)
	place := func(night int) string { return filepath.Join(s.path("reports"), runFolder(night)) }
	outside := s.path("outside")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Rename(place(1), outside))
	must(os.Symlink(outside, place(1)))
	must(os.RemoveAll(place(2)))
	if err := syscall.Mkfifo(place(2), 0o600); err != nil {
		t.Skip("no FIFO can be made here: ", err)
	}
	must(os.RemoveAll(place(3)))
	must(os.Mkdir(place(3), 0o700))
	writeText(t, filepath.Join(place(4), "notes.txt"), "of an auditor")
	writeText(t, filepath.Join(place(5), "changes.csv"), "altered")
	must(os.RemoveAll(place(6)))
	must(os.Rename(filepath.Join(other.path("reports"), runFolder(6)), place(6)))
	s.command("report", "--from", "2026-11-22", "--to", "2026-11-22", "--out", s.path("reports"), "--formats", "csv")
	s.command("review", "--run", "8", "--by", "Ada", "--conclusion", "as expected")
	before := s.reportFolders()

	printed := s.prune("--keep-reports", "1")
	for _, text := range []string{
		runFolder(1) + ": it is not a folder", runFolder(2) + ": it is not a folder",
		runFolder(3) + ": it is not as auditor wrote it: SHA256SUMS is missing",
		runFolder(4) + ": it is not as auditor wrote it: notes.txt is not named in SHA256SUMS",
		runFolder(5) + ": it is not as auditor wrote it: changes.csv has SHA-256 ",
		runFolder(6) + ": it belongs to another database",
		runFolder(7) + ": the report 2026-11-22--2026-11-22-period names its run",
		runFolder(8) + ": a review names its run",
	} {
		if !strings.Contains(printed, "kept the report "+text) {
			t.Errorf("%q is not in\n%s", text, printed)
		}
	}
	gone := slices.DeleteFunc(before, func(name string) bool { return slices.Contains(s.reportFolders(), name) })
	if d := cmp.Diff([]string{runFolder(9)}, gone); d != "" {
		t.Errorf("removed (-want +got):\n%s", d)
	}
	if _, err := os.Stat(filepath.Join(outside, "manifest.json")); err != nil {
		t.Errorf("a folder behind a link was changed: %v", err)
	}
	s.night = 40
	if text := runFolder(10) + ": it is the latest report"; !strings.Contains(s.prune("--reports-older-than", "1"), text) {
		t.Errorf("%q is not in\n%s", text, &s.printed)
	}
}

// TestPruneThatIsInterruptedIsFinished: folders that are recorded and still there are removed by the
// next prune.
func TestPruneThatIsInterruptedIsFinished(t *testing.T) {
	skipIfShort(t)
	s := tenNights(t)
	hidden := filepath.Join(s.path("reports"), "."+runFolder(1)+"-0")
	if err := os.MkdirAll(filepath.Join(hidden, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code := s.tonight("prune", "--keep-reports", "8"); code != exitFailed {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	s.mustRun("--formats", "csv") // removes what is left over
	s.prune("--keep-reports", "8")
	if folders := s.reportFolders(); len(folders) != 9 || folders[0] != runFolder(4) {
		t.Errorf("left: %v", folders)
	}
	s.verify(exitComplete)
}
