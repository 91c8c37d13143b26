package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// TestAFieldThatThisVersionDoesNotKnowIsKeptComparedAndShown follows a newer server's field over
// four nights. The server refuses a request with a field that the API does not document, so that
// the nights show that too.
func TestAFieldThatThisVersionDoesNotKnowIsKeptComparedAndShown(t *testing.T) {
	s := newSite(t, nil)
	fillHostile(s.state)
	s.state.Policies = demo.Row{"restrictAccountCreationToScim": true, "maximumEnvironments": 5}
	field := func(value string) {
		s.state.SCIM[0] = configuration(0)
		s.state.SCIM[0]["region"] = json.RawMessage(value)
	}
	field(`{"zone":1.50,"name":"eu"}`)
	s.mustRun()
	field(`{"name":"\u0065u","zone":1.5}`)
	s.mustRun()
	if changes := s.query("SELECT * FROM changes"); len(changes) > 0 {
		t.Errorf("another spelling of the same value is a change: %q", changes)
	}
	field(`{"name":"us","zone":1.5}`)
	s.state.Policies["maximumEnvironments"] = 6
	s.mustRun()
	want := []string{"field_changed|maximumEnvironments|5|6", `field_changed|region|{"name":"eu","zone":1.5}|{"name":"us","zone":1.5}`}
	if d := cmp.Diff(want, s.query("SELECT kind, field, before, after FROM changes ORDER BY field")); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"SCIMConfiguration.region"}, s.query("SELECT subject_id FROM findings WHERE snapshot_id = 3 AND rule_id = 'RUN-004'")); d != "" {
		t.Errorf("unknown fields: another policy is none (-want +got):\n%s", d)
	}
	for _, file := range []string{"inventory.csv", "audit.json"} {
		text, err := os.ReadFile(s.report(file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "region") {
			t.Errorf("%s does not show the field", file)
		}
	}
}
