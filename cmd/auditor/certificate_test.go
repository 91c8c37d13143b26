package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// TestTheCertificateOfCompleteness looks for what proves that the listing of 250 configurations is
// whole.
func TestTheCertificateOfCompleteness(t *testing.T) {
	hiccup := true
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListSCIMConfigurations && hiccup {
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
	if n := s.query("SELECT count(*) FROM exchanges e JOIN responses r ON r.sha256 = e.response_sha256 WHERE length(r.sha256) = 64 AND r.size > 0 AND e.server_date IS NOT NULL"); n[0] != "11" {
		t.Errorf("%s answers with hash, size and date, want 11", n[0])
	}
	checkEvidenceSheet(t, s, principal)
}

// checkEvidenceSheet looks for the same on the Evidence sheet, item by item and answer by answer.
func checkEvidenceSheet(t *testing.T, s *site, principal demo.Row) {
	t.Helper()
	book, err := excelize.OpenFile(s.report("audit.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows("Evidence")
	if err != nil {
		t.Fatal(err)
	}
	items := make(map[string]string)
	var answers [][]string
	for _, row := range rows {
		switch {
		case len(row) == 12 && strings.HasPrefix(row[1], "gitpod.v1."):
			answers = append(answers, row)
		case len(row) >= 3 && (row[0] == "acme" || row[0] == s.state.Name):
			items[row[1]] = row[2]
		}
	}
	want := map[string]string{
		"Organization ID": s.state.ID, "Identity": fmt.Sprintf("%s %s", principal["principal"], principal["id"]),
		"SCIM pages": "3", "SCIM rows of each page": "2 x 100, 50", "SCIM final page token": "empty: the listing is complete",
		"SCIM records received": "250", "SCIM distinct ids": "250", "SCIM rows stored": "250",
		"SSO pages": "1", "SSO rows of each page": "3", "SSO final page token": "empty: the listing is complete", "SSO distinct ids": "3",
		"Retries": "1", "Base URL": s.url,
	}
	for item, value := range want {
		if items[item] != value {
			t.Errorf("%s is %q on the Evidence sheet, want %q", item, items[item], value)
		}
	}
	for _, item := range []string{"Local clock minus server clock", "content_sha256", "chain_sha256"} {
		if items[item] == "" {
			t.Errorf("the Evidence sheet has no %s: %q", item, items)
		}
	}
	stored := s.query(`SELECT e.method || '|' || e.request || '|' || e.status || '|' || r.size || '|' || r.sha256 || '|' || coalesce(e.retries ->> 0, 'none')
		FROM exchanges e JOIN responses r ON r.sha256 = e.response_sha256 ORDER BY e.number`)
	var shown []string
	for _, a := range answers {
		shown = append(shown, strings.Join([]string{a[1], a[2], a[4], a[10], a[11], a[8]}, "|"))
		if a[9] == "" || a[9] == "none sent" {
			t.Errorf("no date of the server: %q", a)
		}
	}
	if d := cmp.Diff(stored, shown); d != "" {
		t.Errorf("answers (-stored +on the sheet):\n%s", d)
	}
}
