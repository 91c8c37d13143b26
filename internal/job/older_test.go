package job_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// notes are the changes of an organization, each as kind, subject and note.
func notes(h *house, o *demo.State) []string {
	var all []string
	for _, c := range h.mustRun(h.source("default", o.Token)).Organizations[0].Changes {
		all = append(all, string(c.Kind)+" "+c.SubjectName+": "+c.Note)
	}
	return all
}

func TestWhatTheBaselineCouldNotReadIsComparedWithTheLastThatCould(t *testing.T) {
	acme := organization("acme", 1)
	acme.SSO = []demo.Row{{"id": demo.ID("sso"), "displayName": "Login", "state": "SSO_CONFIGURATION_STATE_ACTIVE"}}
	acme.Policies = demo.Row{"restrictAccountCreationToScim": true}
	h := newHouse(t, acme)
	if first := notes(h, acme); first != nil {
		t.Errorf("the first night has changes: %q", first)
	}
	for _, method := range []string{ona.ListSSOConfigurations, ona.GetOrganizationPolicies} {
		acme.Faults[method] = demo.Fault{Code: "permission_denied", Message: "not for you"}
	}
	acme.SSO[0]["state"] = "SSO_CONFIGURATION_STATE_INACTIVE"
	acme.Policies = demo.Row{}
	for range 2 {
		if unread := notes(h, acme); unread != nil {
			t.Errorf("what could not be read has changed: %q", unread)
		}
	}
	clear(acme.Faults)
	acme.SCIM[0]["name"] = "Okta two"
	const since = "net change since 2026-11-16 02:00:00 UTC, the last snapshot that could read it"
	want := []string{"renamed Okta two: ", "disabled Login: no SCIM configuration links to it; " + since,
		"restriction_lifted acme: organization policy; " + since}

	if d := cmp.Diff(want, notes(h, acme)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if again := notes(h, acme); again != nil {
		t.Errorf("told twice: %q", again)
	}
}
