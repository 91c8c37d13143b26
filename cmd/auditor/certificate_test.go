package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
)

// TestTheCertificateOfCompleteness looks for what proves that the listing of 250 configurations is whole.
func TestTheCertificateOfCompleteness(t *testing.T) {
	hiccup := true
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if hiccup && method == demo.ListSCIMConfigurations {
				hiccup = false
				fault(demo.Fault{Code: "unavailable", Message: "in a moment", RetryDelay: 2 * time.Second})(w, r)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	s.fill()
	s.mustRun()
	principal := s.state.Identity["subject"].(demo.Row)
	if d := cmp.Diff([]string{fmt.Sprintf("%s|%s|%s|3|2 x 100, 50|1|250|250|1|3|1|3|3|1|0", s.state.ID, principal["principal"], principal["id"])}, s.query(
		`SELECT organization_id, principal, principal_id, scim_pages, scim_rows_per_page, scim_final_token_empty, scim_received, scim_distinct,
			sso_pages, sso_rows_per_page, sso_final_token_empty, sso_received, sso_distinct, retries, abs(server_clock_offset_ms) / 86400000 FROM snapshots`)); d != "" {
		t.Errorf("snapshot (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{`["HTTP 503: in a moment (unavailable) (waited 2s)"]`}, s.query("SELECT retries FROM exchanges WHERE retries <> '[]'")); d != "" {
		t.Errorf("retries with their reasons (-want +got):\n%s", d)
	}
	if n := s.query("SELECT count(*) FROM exchanges e JOIN responses r ON r.sha256 = e.response_sha256 WHERE length(r.sha256) = 64 AND r.size > 0 AND e.server_date IS NOT NULL"); n[0] != "7" {
		t.Errorf("%s answers with hash, size and date, want 7", n[0])
	}
	text, err := os.ReadFile(s.report("audit.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"SCIM pages | 3 |", "SCIM rows of each page | 2 x 100, 50 |", "SCIM final page token | empty: the listing is whole |", "SCIM distinct ids | 250 |",
		"Retries | 1 |", "Local clock minus server clock |",
	} {
		if !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), line) {
			t.Errorf("the report does not say %q", line)
		}
	}
}
