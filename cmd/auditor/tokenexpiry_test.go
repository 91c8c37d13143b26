package main

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

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
