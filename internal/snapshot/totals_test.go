package snapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

func TestTotalsAreOfEachRunAndUnknownOfAPrunedOne(t *testing.T) {
	store := newStore(t)
	fails := func(subject string, severity diff.Severity) finding.Finding {
		return finding.Finding{RuleID: "SCIM-001", Severity: severity, Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: subject,
			Fingerprint: finding.Fingerprint("SCIM-001", acme, diff.SCIMConfiguration, subject)}
	}
	notAssessed := inventory(scim("a", "Okta"))
	notAssessed.SSO, notAssessed.SSONotAssessed = nil, "permission_denied"
	save(t, store, night(1), inventory(scim("a", "Okta")), fails("a", diff.High))
	save(t, store, night(2), inventory(scim("a", "Okta")), fails("a", diff.Low), fails("b", diff.High), fails("c", diff.High))
	save(t, store, night(3), notAssessed)
	failed := beginRun(t, store, night(4))
	if _, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: failed, Source: "default", TakenAt: night(4), ErrorCode: "internal", Error: "why"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: night(2)}, night(5), false); err != nil {
		t.Fatal(err)
	}
	got, err := store.Totals(t.Context(), 1, failed)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]*snapshot.Totals{
		1: {SSOConfigurations: 1, SSOKnown: true},
		2: {SSOConfigurations: 1, SSOKnown: true, Failing: map[diff.Severity]int{diff.Low: 1, diff.High: 2}},
		3: {Failing: map[diff.Severity]int{}},
		4: {Failing: map[diff.Severity]int{}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
