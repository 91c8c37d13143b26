package snapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

func TestRulesAreStoredWhenTheyDifferAndEachNightKeepsItsWording(t *testing.T) {
	store := newStore(t)
	worded := func(title, thresholds string) int64 {
		t.Helper()
		id, err := store.RecordRules(t.Context(), snapshot.RuleSet{Thresholds: thresholds, Wordings: []snapshot.Wording{
			{RuleID: "SCIM-001", Title: title, Expected: "not expired", Remedy: "rotate", TurnedOff: "why"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	ids := []int64{
		worded("Expired", "{}"), worded("Expired", "{}"), worded("Expired", `{"a":"1"}`), worded("Token expired", `{"a":"1"}`),
		worded("Expired", "{}"),
	}
	if d := cmp.Diff([]int64{1, 1, 2, 3, 4}, ids); d != "" {
		t.Errorf("rule sets (-want +got):\n%s", d)
	}
	run := beginRun(t, store, night(1))
	open := []finding.Finding{{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"}}
	for _, ruleSet := range []int64{3, 4} {
		saved, err := store.SaveFailed(t.Context(), snapshot.Snapshot{
			RunID: run, RuleSetID: ruleSet, Source: "default", OrganizationID: acme, TakenAt: night(1), Error: "no",
		}, open)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int64]string{3: "Token expired", 4: "Expired"}[ruleSet]
		got, err := store.Findings(t.Context(), saved.ID)
		if err != nil || len(got) != 1 || got[0].Title != want || got[0].Expected != "not expired" || got[0].Remedy != "rotate" {
			t.Errorf("%+v (error %v), want the title %q", got, err, want)
		}
	}
}
