package verify_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// The report of a fleet has compressed files, which verify writes again as it does all others.
func TestTheReportOfAFleetIsWrittenAgain(t *testing.T) {
	var states []*demo.State
	for i := range 100 + 1 {
		states = append(states, simulated(fmt.Sprintf("org-%03d", i), 1))
	}
	path := filepath.Join(t.TempDir(), "auditor.db")
	h := newHouse(t, path, states...)
	formats, err := report.ParseFormats("xlsx,html,md,json,csv,jsonl,ocsf")
	if err != nil {
		t.Fatal(err)
	}
	h.options.Concurrency, h.options.Report.Formats = 8, formats
	folder := h.run().ReportFolder
	h.close()
	found := verifyAgain(t, path, h.reports, toolVersion)
	if len(found.Problems) > 0 || len(found.Again.NotDone) > 0 || found.Again.Reports != 1 {
		t.Errorf("%d reports, problems %+v, not done %+v", found.Again.Reports, found.Problems, found.Again.NotDone)
	}
	for _, name := range []string{"audit.json.gz", "audit.jsonl.gz"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content[1:], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		problems := verifyAgain(t, path, h.reports, toolVersion).Problems
		if !slices.ContainsFunc(problems, func(p verify.Problem) bool {
			return strings.Contains(p.Text, "the database makes another "+name)
		}) {
			t.Errorf("%s was altered: %+v", name, problems)
		}
	}
}

// reportTogether writes the report of the newest night over databases, and returns its folder.
func reportTogether(t *testing.T, dir string, paths ...string) string {
	t.Helper()
	var databases []*report.Database
	for _, path := range paths {
		store, err := snapshot.OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		last, err := report.LastNight(t.Context(), store)
		if err == nil {
			var read *report.Database
			read, err = report.ReadNight(t.Context(), store, last)
			databases = append(databases, read)
		}
		if err = errors.Join(err, store.Close()); err != nil {
			t.Fatal(err)
		}
	}
	path, _, err := report.Write(dir, report.Together(report.NightOf(&databases[0].Run), databases), report.Options{ToolVersion: toolVersion})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Each of the databases confirms its own head and run in a report over several. Another database
// does not check it, and says so.
func TestAReportOverSeveralDatabasesIsCheckedForEach(t *testing.T) {
	var paths []string
	for _, name := range []string{"acme", "birch", "cedar"} {
		h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated(name, 1))
		h.run()
		h.close()
		paths = append(paths, h.path)
	}
	dir := t.TempDir()
	written := reportTogether(t, dir, paths[:2]...)
	for i, path := range paths {
		found := verifyAgain(t, path, dir, toolVersion)
		expectNoProblem(t, found)
		want := verify.FleetReport{Folder: written, Checked: i < 2}
		for _, path := range paths[:2] {
			want.Databases = append(want.Databases, headOf(t, path).DatabaseID)
		}
		slices.Sort(want.Databases)
		if d := cmp.Diff([]verify.FleetReport{want}, found.FleetReports); d != "" {
			t.Errorf("database %d (-want +got):\n%s", i, d)
		}
	}

	manifest, head := filepath.Join(written, folder.ManifestFile), headOf(t, paths[0])
	replaceIn(t, manifest, head.SHA256, strings.Repeat("0", 64))
	expectProblem(t, verifyAgain(t, paths[0], dir, toolVersion).Problems,
		"the database does not contain the history up to its head (run 1)")
	replaceIn(t, manifest, strings.Repeat("0", 64), head.SHA256)
	replaceIn(t, manifest, `"run_id": 1,`, `"run_id": 2,`)
	replaceIn(t, manifest, `"run_id": 1,`, `"run_id": 2,`)
	expectProblem(t, verifyAgain(t, paths[0], dir, toolVersion).Problems, "its head is of run 1, and manifest.json is of run 2")
}

// The report of a run does not pass for that of other databases by a manifest that says so.
func TestTheReportOfARunIsNotThatOfOtherDatabases(t *testing.T) {
	h := newHouse(t, filepath.Join(t.TempDir(), "auditor.db"), simulated("acme", 1))
	folderOfRun := h.run().ReportFolder
	h.close()
	text := `{"night": "2026-01-01", "databases": [{"database_id": "00000000000000000000000000000000"}], "files": []}`
	if err := os.WriteFile(filepath.Join(folderOfRun, folder.ManifestFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	problems := verifyAgain(t, h.path, h.reports, toolVersion).Problems
	expectProblem(t, problems, "it is a copy of 2026-01-01-fleet under another name")
	expectProblem(t, problems, "none of them")
}
