package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/fetch"
)

// threeNights runs three nights in which a configuration is renamed and another is removed, and gives what was stored.
func threeNights(t *testing.T, limits fetch.Limits) []string {
	t.Helper()
	s := newSite(t, nil)
	s.limits = limits
	for n := range 250 {
		s.state.SCIM = append(s.state.SCIM, configuration(n))
	}
	for _, change := range []func(){
		func() {},
		func() { s.state.SCIM[200]["name"] = "renamed" },
		func() { s.state.SCIM = s.state.SCIM[1:] },
	} {
		change()
		if code := s.run("--page-size", "20"); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
	if left, _ := filepath.Glob(s.path(".auditor-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if code := s.tonight("verify"); code != exitComplete {
		t.Errorf("verify: exit code %d\n%s", code, &s.printed)
	}
	return append(s.query("SELECT id, outcome, scim_configurations, changes, failing_findings, content_sha256, records_sha256 FROM snapshots ORDER BY id"),
		s.query("SELECT snapshot_id, kind, subject_name FROM changes ORDER BY snapshot_id, number")...)
}

func TestALongListingLiesBesideTheDatabaseAndChangesNothing(t *testing.T) {
	want := threeNights(t, fetch.Limits{})
	if !strings.Contains(strings.Join(want, "\n"), "2|renamed|renamed\n3|removed|Okta 000") {
		t.Fatalf("not what happened: %q", want)
	}
	// The system's own folder for temporary files may be small, or memory.
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if _, err := os.CreateTemp("", ""); err == nil {
		t.Skip("this system goes by another variable than TMPDIR")
	}
	if d := cmp.Diff(want, threeNights(t, fetch.Limits{MaxInMemory: 4000})); d != "" {
		t.Errorf("(-in memory +not):\n%s", d)
	}
}
