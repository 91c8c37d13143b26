package main

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/job"
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
			{Source: "acme", Changes: []snapshot.Change{change, low, change}},
			{Source: "globex", Err: errors.New("HTTP 403: no\nacme: complete")},
		},
		ReportFolder: "out/run-7",
	}, nil)
	const want = `SCIM audit 2026-11-23 02:00 UTC: NOT COMPLETE
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
