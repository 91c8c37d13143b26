package report

import (
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// november is a day of the month in which the nights of these tests are, at two in the morning.
func november(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }

// visited is what a run made of one organization: its inventory, or nil where it failed.
type visited struct {
	source, id, name string
	inventory        *ona.Inventory
}

// acmeWith is Acme with these configurations.
func acmeWith(configurations ...snapshot.SCIMConfiguration) visited {
	inv := inventory(configurations...)
	return visited{"acme", acmeID, "Acme", &inv}
}

// visit stores a run with what it made of each organization, and gives its id.
func visit(t *testing.T, store *snapshot.Store, run snapshot.Run, all ...visited) int64 {
	t.Helper()
	run.ToolVersion, run.Host = "v1.2.3", "audit-01"
	id, err := store.BeginRun(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	outcome, reason := snapshot.Complete, ""
	for _, l := range all {
		if l.inventory == nil {
			outcome, reason = snapshot.Failed, l.source+": HTTP 503"
		}
		l.store(t, store, id, run.StartedAt)
	}
	if err := store.FinishRun(t.Context(), id, run.StartedAt.Add(time.Minute), outcome, reason); err != nil {
		t.Fatal(err)
	}
	return id
}

func (l visited) store(t *testing.T, store *snapshot.Store, run int64, at time.Time) {
	t.Helper()
	header := snapshot.Snapshot{RunID: run, Source: l.source, OrganizationID: l.id, OrganizationName: l.name, BaseURL: "https://app.gitpod.io/api", TakenAt: at}
	if l.inventory == nil {
		header.ErrorCode, header.Error = "unavailable", "fetching page 2: HTTP 503"
		if _, err := store.SaveFailed(t.Context(), header, finding.EvaluateFailed(at, l.id, l.name, header.ErrorCode, header.Error)); err != nil {
			t.Fatal(err)
		}
		return
	}
	baseline, found, err := store.Baseline(t.Context(), l.id)
	if err != nil {
		t.Fatal(err)
	}
	var changes []diff.Change
	if found {
		changes = diff.Compute(baseline.Inventory, *l.inventory, diff.Options{})
		header.BaselineID = baseline.Snapshot.ID
	}
	header.SCIMReceived, header.SCIMDistinct = l.inventory.SCIM.Len(), l.inventory.SCIM.Len()
	header.SSOReceived, header.SSODistinct = len(l.inventory.SSO), len(l.inventory.SSO)
	header.SSONotAssessed, header.PoliciesNotAssessed = l.inventory.SSONotAssessed, l.inventory.PoliciesNotAssessed
	findings := finding.Evaluate(finding.Input{TakenAt: at, Inventory: *l.inventory, Changes: changes}, finding.DefaultThresholds())
	accepted := finding.Accept(findings, l.id, []finding.Exception{
		{RuleID: "SCIM-007", SubjectID: id(2), Owner: "jane@acme.example", Reason: "replaced | soon", Expires: november(4).Truncate(24 * time.Hour)},
	}, at)
	if _, err := store.SaveComplete(t.Context(), snapshot.Collected{
		Snapshot: header, Inventory: *l.inventory, Changes: changes, Findings: findings, Acceptances: accepted,
	}); err != nil {
		t.Fatal(err)
	}
}
