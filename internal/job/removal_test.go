package job_test

import (
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
)

// removals counts the removed rows whose note begins in a way.
func removals(result *job.Result, note string) int {
	n := 0
	for _, c := range result.Organizations[0].Changes {
		if c.Kind == diff.Removed && strings.Contains(c.Note, note) {
			n++
		}
	}
	return n
}

func TestRemovalsBeyondTheBoundAreNotConfirmedAndSaySo(t *testing.T) {
	acme := organization("acme", 105)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	acme.SCIM = nil
	result := h.mustRun(h.source("default", acme.Token))
	if n := h.asked[ona.GetSCIMConfiguration]; n != 100 {
		t.Errorf("the API was asked about %d removals, want 100", n)
	}
	if n := removals(result, "removal confirmed: the API answers not_found"); n != 100 {
		t.Errorf("%d removals are confirmed, want 100", n)
	}
	if n := removals(result, "removed, not confirmed: the API was asked only about the first 100 removals"); n != 5 {
		t.Errorf("%d removals say that nobody asked, want 5", n)
	}
}

func TestARemovalThatMayNotBeLookedUpIsNotConfirmed(t *testing.T) {
	acme := organization("acme", 2)
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	acme.SCIM = acme.SCIM[:1]
	acme.Faults[ona.GetSCIMConfiguration] = demo.Fault{Code: "permission_denied", Message: "not for you"}
	result := h.mustRun(h.source("default", acme.Token))
	if n := removals(result, "removed, not confirmed: OrganizationService/GetSCIMConfiguration: HTTP 403: not for you"); n != 1 {
		t.Errorf("changes: %+v", result.Organizations[0].Changes)
	}
}
