package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/report"
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
