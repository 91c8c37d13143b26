package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// The most serious organization comes first. No value that comes from elsewhere can look like a
// line of its own.
func TestTheTextOfAResultHasALineForEachValue(t *testing.T) {
	change := snapshot.Change{Change: diff.Change{Severity: diff.High}}
	low := snapshot.Change{Change: diff.Change{Severity: diff.Low}}
	r := newResult(&job.Result{
		Run: snapshot.Run{ID: 7, StartedAt: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), Host: "host", Outcome: snapshot.Failed},
		Organizations: []job.Organization{
			{Source: "acme", Snapshot: snapshot.Snapshot{BaselineID: 1}, Changes: []snapshot.Change{change, low, change}},
			{Source: "globex", Err: errors.New("HTTP 403: no\nacme: complete")},
		},
		Headline:     report.Headline{State: report.Red, Text: "NOT COMPLETE: HTTP 403: no\nacme: complete"},
		ReportFolder: "out/run-7",
	}, nil)
	const want = `SCIM audit 2026-11-23 02:00 UTC: NOT COMPLETE: HTTP 403: no acme: complete
run 7 on host
1 of 2 organizations complete, changes: 2 high, 1 low, failing findings: none
report: out/run-7
globex: NOT COMPLETE: HTTP 403: no acme: complete
acme: complete, changes: 2 high, 1 low, failing findings: none
`
	if d := cmp.Diff(want, newMessage(r).Text()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A report is red if two counts that must agree differ, and so is the run.
func TestARunWhoseCountsDifferFails(t *testing.T) {
	r := newResult(&job.Result{
		Run:           snapshot.Run{ID: 1, Outcome: snapshot.Complete},
		Organizations: []job.Organization{{Source: "acme"}},
		Headline:      report.Headline{State: report.Red, Text: "COMPLETE, but 1 tie-out failed"},
	}, nil)
	end, ok := errors.AsType[*failure](exitOf(r, nil))
	if r.Complete || !ok || end.code != exitFailed || !r.meets(settings.Condition{What: settings.Failure}) {
		t.Errorf("complete %t, end %v", r.Complete, end)
	}
}

// A message does not say that nothing changed where nothing could be compared.
func TestAMessageSaysWhatWasNotCompared(t *testing.T) {
	r := newResult(&job.Result{
		Run: snapshot.Run{ID: 1, StartedAt: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), Host: "host", Outcome: snapshot.Complete},
		Organizations: []job.Organization{
			{Source: "acme"},
			{Source: "birch", Snapshot: snapshot.Snapshot{BaselineID: 1},
				Coverage: []report.Coverage{{Part: snapshot.PartSSO, Status: report.NotAssessed}}},
			{Source: "cedar", Snapshot: snapshot.Snapshot{BaselineID: 2}},
		},
		Headline: report.Headline{State: report.Amber, Text: "COMPLETE", Changes: "no SCIM changes; baseline: nothing to compare with for acme"},
	}, nil)
	const want = `SCIM audit 2026-11-23 02:00 UTC: COMPLETE
run 1 on host
3 of 3 organizations complete, no SCIM changes; baseline: nothing to compare with for acme, failing findings: none
acme: complete, first snapshot, the baseline, failing findings: none
birch: complete, no SCIM changes, failing findings: none; SSO not assessed
cedar: complete, changes: none, failing findings: none
`
	if d := cmp.Diff(want, newMessage(r).Text()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
