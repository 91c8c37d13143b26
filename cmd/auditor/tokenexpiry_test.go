package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/check"
	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// The first night is 2026-11-16 at 02:00.
func TestATokenThatExpiresIsWarnedOfBefore(t *testing.T) {
	for _, test := range []struct{ name, expires, want string }{
		{"far off", "2026-12-01", ""},
		{"two weeks before", "2026-11-30", "auditor: warning: default: the token expires on 2026-11-30, in 13 days\nauditor: hint: create a new "},
		{"the day before", "2026-11-17", "auditor: warning: default: the token expires on 2026-11-17, in less than a day\n"},
		{"on the day", "2026-11-16", "auditor: warning: default: the token expired on 2026-11-16 according to the settings\n"},
	} {
		s := newSite(t, nil)
		if code := s.run("-q", "--token-expires", test.expires, "--metrics-file", s.path("auditor.prom")); code != exitComplete {
			t.Errorf("%s: exit code %d", test.name, code)
		}
		if got := s.printed.String(); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: printed %q, want %q", test.name, got, test.want)
		}
		evidence, err := os.ReadFile(s.report("audit.md"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(evidence), "the token of this run expires on "+test.expires+", by the settings") {
			t.Errorf("%s: the report does not say it", test.name)
		}
		metrics, err := os.ReadFile(s.path("auditor.prom"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(withoutDatabase(string(metrics)), `auditor_token_expires_timestamp_seconds{source="default"} 1.7`) {
			t.Errorf("%s: the metrics do not show it:\n%s", test.name, metrics)
		}
	}
}

func TestARefusedTokenWhoseDayHasPassedGetsAWarning(t *testing.T) {
	s := newSite(t, nil)
	s.state.Faults[ona.GetAuthenticatedIdentity] = demo.Fault{Code: "unauthenticated", Message: "no valid token"}
	if code := s.run("-q", "--token-expires", "2026-11-12"); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"auditor: warning: default: the token expired on 2026-11-12 according to the settings\n", "auditor: hint: the token has expired or was revoked"} {
		if !strings.Contains(s.printed.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &s.printed)
		}
	}
}

func TestWhoIsNotifiedOfATokenThatExpires(t *testing.T) {
	s := newSite(t, nil)
	all := &heard{}
	server := httptest.NewServer(all)
	t.Cleanup(server.Close)
	config := "token_expires: 2026-11-20\nnotify:\n"
	for _, on := range []string{"", "failure", "token", "changes"} {
		config += "  - {type: webhook, url: " + server.URL + "/on-" + on + ", on: '" + on + "'}\n"
	}
	if err := os.WriteFile(s.path("auditor.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("--config", s.path("auditor.yaml")); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	if d := cmp.Diff([]string{"/on- complete", "/on-token complete"}, all.take()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCheckKnowsTheEndOfATokenFromTheSettings(t *testing.T) {
	c := newCheckup(t)
	for expires, want := range map[string]check.Status{"": check.OK, "2027-01-31": check.OK, "2026-11-28": check.Warning, "2026-11-01": check.Warning} {
		c.args = []string{"--token-expires", expires}
		code, results := c.run(t)
		if got := results["token expiry"]; code != exitComplete || got.Status != want || !strings.Contains(got.Detail, expires) {
			t.Errorf("%q: exit code %d, %+v, want %s", expires, code, got, want)
		}
	}
	c.args = []string{"--token-expires", "soon"}
	if code, results := c.run(t); code != exitFailed || !strings.Contains(results["settings"].Detail, `--token-expires: "soon" is not a date`) {
		t.Errorf("exit code %d, %+v", code, results)
	}
}

// withTokens makes the auditor's token one of a user who has tokens that end on these days.
func withTokens(state *demo.State, ends ...string) {
	user := demo.ID(state.Name, "user", "auditor")
	state.Identity["subject"] = demo.Row{"id": user, "principal": "PRINCIPAL_USER"}
	state.Tokens = nil
	for i, end := range ends {
		state.Tokens = append(state.Tokens, demo.Row{"id": demo.ID(state.Name, "token", fmt.Sprint(i)), "userId": user, "expiresAt": end + "T12:00:00Z"})
	}
}

// The first night is 2026-11-16 at 02:00.
func TestTheAPISaysWhenTheTokenEndsWhereItCan(t *testing.T) {
	for _, test := range []struct {
		name, stated    string
		ends            []string
		warning, report string
		expires         string // as a date, by the metrics
	}{
		{"the only token", "", []string{"2026-11-27", "2026-11-01"},
			"default: the token expires on 2026-11-27, in 11 days\n", "ends on 2026-11-27 12:00:00 UTC", "2026-11-27T12:00:00Z"},
		{"the only token, stated otherwise", "2026-12-24", []string{"2026-11-27"},
			"default: the token expires on 2026-11-27, in 11 days; the settings say 2026-12-24\n", "ends on 2026-11-27", "2026-11-27T12:00:00Z"},
		{"far off", "", []string{"2027-01-31"}, "", "ends on 2027-01-31", "2027-01-31T12:00:00Z"},
		{"one of several", "", []string{"2027-01-31", "2026-11-20", "2026-12-24"},
			"default: the token is one of 3 tokens of its user; the earliest ends on 2026-11-20, in 4 days\n",
			"is one of 3 tokens of its user; the earliest ends on 2026-11-20", "2026-11-20T12:00:00Z"},
		{"one of several, stated", "2027-01-31", []string{"2027-01-31", "2026-11-20"}, "", "is one of 2 tokens", "2027-01-31T00:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, nil)
			withTokens(s.state, test.ends...)
			if code := s.run("-q", "--token-expires", test.stated, "--metrics-file", s.path("auditor.prom")); code != exitComplete {
				t.Errorf("exit code %d", code)
			}
			if got := s.printed.String(); !strings.Contains(got, test.warning) || test.warning == "" && got != "" || strings.Count(got, "warning") > 1 {
				t.Errorf("printed %q, want %q", got, test.warning)
			}
			for file, want := range map[string]string{
				"audit.md":     test.report,
				"auditor.prom": fmt.Sprintf("auditor_token_expires_timestamp_seconds{source=\"default\"} %v\n", seconds(t, test.expires)),
			} {
				path := s.path(file)
				if file == "audit.md" {
					path = s.report(file)
				}
				if text, err := os.ReadFile(path); err != nil || !strings.Contains(withoutDatabase(string(text)), want) {
					t.Errorf("%s does not say %q (error %v)", file, want, err)
				}
			}
		})
	}
}

// seconds is an instant as the metrics show it.
func seconds(t *testing.T, instant string) float64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	return float64(at.Unix())
}

func TestTokensThatMayNotBeReadLeaveTheNightComplete(t *testing.T) {
	s := newSite(t, nil)
	withTokens(s.state)
	s.state.Faults[ona.ListPersonalAccessTokens] = demo.Fault{Code: "permission_denied", Message: "not yours"}
	if code := s.run("-q"); code != exitComplete || s.printed.Len() > 0 {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	want := []string{"0||UserService/ListPersonalAccessTokens, page 1: HTTP 403: not yours (permission_denied)"}
	if d := cmp.Diff(want, s.query("SELECT own_tokens, coalesce(own_token_ends_at, ''), own_token_not_assessed FROM snapshots")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if text, err := os.ReadFile(s.report("audit.md")); err != nil || strings.Count(string(text), "not yours") != 1 {
		t.Errorf("audit.md says it %d times (error %v)", strings.Count(string(text), "not yours"), err)
	}
}

func TestCheckKnowsTheEndOfATokenFromTheAPI(t *testing.T) {
	c := newCheckup(t)
	for _, test := range []struct {
		ends   []string
		status check.Status
		detail string
	}{
		{[]string{"2027-06-30"}, check.OK, "expires on 2027-06-30"},
		{[]string{"2026-11-28"}, check.Warning, "expires on 2026-11-28"},
		{[]string{"2027-06-30", "2026-11-28"}, check.Warning, "is one of 2 tokens of its user; the earliest ends on 2026-11-28"},
		{nil, check.OK, "unknown: the token is not among the tokens that the API lists; set --token-expires"},
	} {
		withTokens(c.site.state, test.ends...)
		code, results := c.run(t)
		if got := results["token expiry"]; code != exitComplete || got.Status != test.status || !strings.Contains(got.Detail, test.detail) {
			t.Errorf("%q: exit code %d, %+v", test.ends, code, got)
		}
	}
}
