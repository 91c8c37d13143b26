package main

import (
	"os"
	"strings"
	"testing"
)

// An organization that got another label must not look overdue under the old one for ever.
func TestTheMetricsHaveAnOrganizationUnderItsLabelOfToday(t *testing.T) {
	s := newSite(t, nil)
	metrics := s.path("auditor.prom")
	if code := s.run("--metrics-file", metrics); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	if err := os.WriteFile(s.path("auditor.yaml"), []byte("organizations: [{name: acme, token_env: ONA_TOKEN}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("--metrics-file", metrics, "--config", s.path("auditor.yaml")); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	text, err := os.ReadFile(metrics)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "auditor_last_complete_timestamp_seconds{") {
			found = append(found, line)
		}
	}
	if len(found) != 1 || !strings.Contains(found[0], `source="acme"`) {
		t.Errorf("last complete: %q, want one of acme", found)
	}
}
