package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// command runs any command on the site's database and returns what it prints.
func (s *site) command(args ...string) string {
	s.t.Helper()
	printed, code := s.ask(args...)
	if code != exitComplete {
		s.t.Fatalf("%q: exit code %d\n%s", args, code, printed)
	}
	return printed
}

// ask is command for one that may fail.
func (s *site) ask(args ...string) (printed string, code int) {
	var text strings.Builder
	code = run(s.ctx, environment{
		args: append(args, "--db", s.path("auditor.db")), getenv: func(string) string { return "" }, stdout: &text, stderr: &text,
		now: func() time.Time { return demo.Night(s.night) }, hostname: func() (string, error) { return "host", nil },
	})
	return text.String(), code
}

// report is a file of the newest run's report.
func (s *site) report(name string) string {
	s.t.Helper()
	found, err := filepath.Glob(s.path(fmt.Sprintf("reports/*-run-%d/%s", s.night, name)))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("%s of run %d: %q, %v", name, s.night, found, err)
	}
	return found[0]
}

// unreadableNights runs a readable night, then two on which the SSO configurations and the policies
// cannot be read while they change, then a readable one.
func unreadableNights(t *testing.T, code string) *site {
	s := newSite(t, nil)
	fillHostile(s.state)
	s.state.SSO[0]["state"] = "SSO_CONFIGURATION_STATE_ACTIVE"
	s.state.Policies = demo.Row{"restrictAccountCreationToScim": true}
	s.mustRun()
	s.state.Faults[ona.ListSSOConfigurations] = demo.Fault{Code: code, Message: "not for you"}
	s.state.Faults[ona.GetOrganizationPolicies] = demo.Fault{Code: code, Message: "not for you"}
	s.state.SCIM[0] = configuration(0)
	s.state.SCIM[0]["name"] = "Okta renamed"
	s.state.SSO[0]["state"] = "SSO_CONFIGURATION_STATE_INACTIVE"
	s.state.SSO = s.state.SSO[:2]
	s.state.Policies = demo.Row{}
	s.mustRun()
	return s
}

func (s *site) mustRun(args ...string) {
	s.t.Helper()
	if code := s.run(args...); code != exitComplete {
		s.t.Fatalf("night %d: exit code %d\n%s", s.night, code, &s.printed)
	}
}

func TestWhatMayNotBeReadIsNotAssessedAndNotCompared(t *testing.T) {
	for _, code := range []string{"permission_denied", "unimplemented"} {
		t.Run(code, func(t *testing.T) {
			s := unreadableNights(t, code)
			if d := cmp.Diff([]string{"renamed|Okta renamed"}, s.query("SELECT kind, subject_name FROM changes")); d != "" {
				t.Errorf("changes of the night (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{"4|0"}, s.query("SELECT count(*), count(sso_configuration_name) FROM scim_configurations WHERE snapshot_id = 2")); d != "" {
				t.Errorf("configurations, names of links (-want +got):\n%s", d)
			}
			assessed := s.query("SELECT DISTINCT rule_id FROM findings WHERE snapshot_id = 2 AND status <> 'not_assessed' AND rule_id IN ('SCIM-010', 'SCIM-011', 'SCIM-013', 'SCIM-025')")
			if len(assessed) > 0 {
				t.Errorf("rules that were assessed without knowing: %q", assessed)
			}
			if printed := s.printed.String(); !strings.Contains(printed, "SSO not assessed") {
				t.Errorf("the summary does not say that SSO was not assessed:\n%s", printed)
			}
			checkUnreadableReport(t, s)
			checkUnreadableDiff(t, s)
			checkReadableAgain(t, s)
		})
	}
}

// checkUnreadableReport looks where the workbook, the Markdown and the JSON would show what could
// not be read.
func checkUnreadableReport(t *testing.T, s *site) {
	t.Helper()
	book, err := excelize.OpenFile(s.report("audit.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for sheet, want := range map[string]int{"Summary": 3, "Changes": 2, "Inventory": 4, "SSO": 1, "Rules": 4, "Evidence": 2} {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(fmt.Sprintf("%q", rows), "not assessed"); n < want {
			t.Errorf("the sheet %s says \"not assessed\" %d times, want %d or more: %q", sheet, n, want, rows)
		}
	}
	text, err := os.ReadFile(s.report("audit.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"changes of SSO configurations not assessed", "changes of organization policies not assessed", "not for you"} {
		if !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), part) {
			t.Errorf("the Markdown does not say %q", part)
		}
	}
	content, err := os.ReadFile(s.report("audit.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Snapshots []struct {
			SSO      *int  `json:"sso_configurations"`
			Policies *bool `json:"restrict_account_creation_to_scim"`
		} `json:"snapshots"`
	}
	if err := json.Unmarshal(content, &report); err != nil {
		t.Fatal(err)
	}
	if s := report.Snapshots[0]; s.SSO != nil || s.Policies != nil {
		t.Errorf("the JSON says %v SSO configurations, restricted %v; want null, which is not known", *s.SSO, *s.Policies)
	}
}

func checkUnreadableDiff(t *testing.T, s *site) {
	t.Helper()
	for _, pair := range [][]string{{"1", "2"}, {"2", "1"}} {
		printed := s.command("diff", pair[0], pair[1])
		for _, part := range []string{": 1 change\n", "not assessed: SSO configurations in snapshot 2: ", "not assessed: organization policies in snapshot 2: "} {
			if !strings.Contains(printed, part) {
				t.Errorf("diff %v does not say %q:\n%s", pair, part, printed)
			}
		}
	}
}

// checkReadableAgain runs the night on which everything can be read: nothing that changed meanwhile
// is lost.
func checkReadableAgain(t *testing.T, s *site) {
	t.Helper()
	s.mustRun()
	clear(s.state.Faults)
	s.mustRun()
	got := s.query("SELECT kind, subject_name, note LIKE '%net change since 2026-11-16 02:00:00 UTC%' FROM changes WHERE snapshot_id > 2 ORDER BY kind")
	want := []string{"disabled|Login|1", "removed|Login 2|1", "restriction_lifted|acme|1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("changes when it can be read again (-want +got):\n%s", d)
	}
}
