package main

import (
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// A run and a diff say when they do not compare members, also where nothing else changed.
func TestMembersThatAreNotComparedAreNotWithoutChanges(t *testing.T) {
	s := newSite(t, nil)
	s.state.Members = []demo.Row{{
		"userId": demo.ID("acme", "user", "ada"), "fullName": "Ada", "email": "ada@acme.example", "role": ona.OrganizationRoleMember,
		"status": ona.UserStatusActive, "loginProvider": ona.LoginProviderCustom,
	}}
	s.mustRun()
	for _, args := range [][]string{{"--members"}, {"--members", "--members-redact"}} {
		s.printed.Reset()
		s.mustRun(args...)
		s.expect("no SCIM changes; changes of members not assessed")
	}
	s.printed.Reset()
	s.mustRun("--members", "--members-redact")
	if text := s.printed.String(); !strings.Contains(text, "no changes") || strings.Contains(text, "changes of members") {
		t.Errorf("members that are compared: %s", text)
	}
	for pair, want := range map[string]string{
		"1 2": "not assessed: members in snapshot 1: the settings do not ask for members",
		"2 1": "not assessed: members in snapshot 1: the settings do not ask for members",
		"2 3": "not assessed: members: snapshot 2 stores them in another form: redacted, or with another salt",
		"3 4": "no changes\n",
	} {
		printed := s.command(append([]string{"diff"}, strings.Fields(pair)...)...)
		if !strings.Contains(printed, want) || want == "no changes\n" && strings.Contains(printed, "not assessed") {
			t.Errorf("diff %s does not say %q:\n%s", pair, want, printed)
		}
	}
}

// No retention removed the responses that redaction withholds.
func TestVerifySaysThatResponsesAreWithheld(t *testing.T) {
	s := newSite(t, nil)
	s.state.Members = []demo.Row{{"userId": demo.ID("acme", "user", "ada"), "status": ona.UserStatusActive}}
	s.mustRun("--members", "--members-redact")
	const want = "others only the hash: retention removed the bytes, or members are redacted)"
	if text := s.command("verify"); !strings.Contains(text, want) {
		t.Errorf("verify of redacted members says:\n%s", text)
	}
}
