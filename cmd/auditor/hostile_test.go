package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
)

// hostileCase is a server that breaks one method for a night, and what the run must say of it.
type hostileCase struct {
	name   string
	method string // ListSCIMConfigurations unless set
	page   int    // the page that is broken, 1 unless set; the others are answered well
	answer http.HandlerFunc
	// prepare changes what the server has, for the whole night.
	prepare func(*demo.State)
	limits  fetch.Limits
	args    []string

	code  string   // the failed snapshot's
	says  []string // in the message
	waits int      // between tries
}

// hostileRows are as many configurations as the organization has: two pages of two.
const hostileRows = 4

func fillHostile(state *demo.State) {
	state.Identity = demo.NewState(state.Name).Identity
	state.SCIM = nil
	for n := range hostileRows {
		state.SCIM = append(state.SCIM, configuration(n))
	}
	state.SSO = []demo.Row{{"id": demo.ID("sso", "0"), "displayName": "Login"}, {"id": demo.ID("sso", "1"), "displayName": "Login 1"},
		{"id": demo.ID("sso", "2"), "displayName": "Login 2"}}
}

// TestANightThatIsNotWholeIsAFailedNight shows each hostile server to the command the night after a
// good one: the run ends with 1, names the person on call what is wrong and what to do, stores no
// configuration and no change, and the next good night is compared with the first.
func TestANightThatIsNotWholeIsAFailedNight(t *testing.T) {
	first := newSite(t, nil)
	fillHostile(first.state)
	if code := first.run("--page-size", "2"); code != exitComplete {
		t.Fatalf("the first night: exit code %d\n%s", code, &first.printed)
	}
	database, err := os.ReadFile(first.path("auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	cases := slices.Concat(refusedNights, senselessNights, brokenNights, pagingNights, confirmationNights)
	if len(cases) < 40 {
		t.Errorf("%d cases, want 40 or more", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, database)
		})
	}
}

func (c hostileCase) test(t *testing.T, database []byte) {
	hostile := true
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if hostile && c.hits(r, method) {
				c.answer(w, r)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	fillHostile(s.state)
	s.night = 1
	if err := os.WriteFile(s.path("auditor.db"), database, 0o600); err != nil {
		t.Fatal(err)
	}
	if c.prepare != nil {
		c.prepare(s.state)
	}
	s.limits = c.limits
	code := s.run(append([]string{"-v", "--page-size", "2"}, c.args...)...)
	c.check(t, s, code)
	c.checkReport(t, s)
	s.expectNoToken()

	hostile, s.limits = false, fetch.Limits{}
	fillHostile(s.state)
	if code := s.run("--page-size", "2"); code != exitComplete {
		t.Fatalf("the good night after it: exit code %d\n%s", code, &s.printed)
	}
	want := []string{"complete||4", "failed||0", "complete|1|4"}
	if d := cmp.Diff(want, s.query("SELECT outcome, baseline_id, scim_configurations FROM snapshots ORDER BY id")); d != "" {
		t.Errorf("snapshots (-want +got):\n%s", d)
	}
	if changes := s.query("SELECT * FROM changes"); len(changes) > 0 {
		t.Errorf("the good night after it has changes: %q", changes)
	}
}

// hits says whether a request is the one to break. The body is read in any case: a handler that
// waits for the client to go away would wait for ever before an unread one.
func (c hostileCase) hits(r *http.Request, method string) bool {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	page := 1
	if bytes.Contains(body, []byte(`"token"`)) {
		page = 2
	}
	wanted := c.method
	if wanted == "" {
		wanted = ona.ListSCIMConfigurations
	}
	return c.answer != nil && method == wanted && page == max(c.page, 1)
}

// check looks at what the failed night left behind.
func (c hostileCase) check(t *testing.T, s *site, code int) {
	t.Helper()
	if code != exitFailed {
		t.Fatalf("exit code %d, want %d\n%s", code, exitFailed, &s.printed)
	}
	if d := cmp.Diff([]string{"2|failed|" + c.code + "|0|0|0"}, s.query(
		"SELECT id, outcome, error_code, scim_configurations, sso_configurations, (SELECT count(*) FROM changes) FROM snapshots WHERE id > 1")); d != "" {
		t.Errorf("snapshot: id, outcome, code, counts, changes (-want +got):\n%s", d)
	}
	printed := s.printed.String()
	for _, text := range append(c.says, "NOT COMPLETE", "auditor: error: default: ", "auditor: hint: ") {
		if !strings.Contains(printed, text) {
			t.Errorf("it does not say %q:\n%s", text, printed)
		}
	}
	if stored := s.query("SELECT error FROM snapshots WHERE id = 2")[0]; !strings.Contains(printed, "auditor: error: default: "+report.Visible(stored)) {
		t.Errorf("stored is %q, printed is another:\n%s", stored, printed)
	}
	if c.waits != unknownWaits && c.waits != len(s.waits) {
		t.Errorf("%d waits, want %d: %v", len(s.waits), c.waits, s.waits)
	}
	if c.waits > 0 {
		if d := cmp.Diff([]string{"5|1"}, s.query("SELECT retries, notes LIKE '%was sent again after%' FROM snapshots WHERE id = 2")); d != "" {
			t.Errorf("retries, and whether the notes say why (-want +got):\n%s", d)
		}
	}
	failing := s.query("SELECT rule_id FROM findings WHERE snapshot_id = 2 AND status = 'fail' ORDER BY rule_id")
	want := []string{"RUN-001"}
	if c.code == fetch.CodeForeignOrganization {
		want = append(want, "SCIM-020")
	}
	if d := cmp.Diff(want, failing); d != "" {
		t.Errorf("rules that fail (-want +got):\n%s", d)
	}
}

// checkReport looks for what must not be said to an auditor about a night that is not complete.
func (c hostileCase) checkReport(t *testing.T, s *site) {
	t.Helper()
	reports, err := filepath.Glob(s.path("reports/*-run-2/audit.md"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports of the night: %q, %v", reports, err)
	}
	text, err := os.ReadFile(reports[0])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("**NOT COMPLETE")) || bytes.Contains(text, []byte("| removed |")) {
		t.Errorf("the report says:\n%s", text)
	}
}

// TestAServerThatRecoversIsACompleteNight checks that each way of asking for patience is waited for
// as the server said, once, and is in the evidence.
func TestAServerThatRecoversIsACompleteNight(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		wait   time.Duration // 0 where the client chooses
	}{
		{"429 with RetryInfo", fault(demo.Fault{Code: "resource_exhausted", RetryDelay: 2500 * time.Millisecond}), 2500 * time.Millisecond},
		{"429 with RateLimit-RetryAfter", respond(429, "", "RateLimit-RetryAfter", "3", "Retry-After", "9"), 3 * time.Second},
		{"429 with Retry-After in seconds", respond(429, "", "Retry-After", "4"), 4 * time.Second},
		{"503 with Retry-After as a date", respond(503, "", "Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT"), 30 * time.Second},
		{"500", fault(demo.Fault{Code: "internal"}), 0},
		{"502 in HTML", respond(502, "<html>Bad gateway</html>"), 0},
		{"524 in HTML", respond(524, "<html>A timeout occurred</html>"), 0},
		{"504", fault(demo.Fault{Code: "deadline_exceeded"}), 0},
		{"dropped connection", wire(""), 0},
		{"answer cut short", wire("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := true
			s := newSite(t, func(server *demo.Server) {
				server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
					if method == ona.ListSCIMConfigurations && broken {
						broken = false
						c.answer(w, r)
						return
					}
					next.ServeHTTP(w, r)
				}
			})
			fillHostile(s.state)
			if code := s.run("--page-size", "2"); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &s.printed)
			}
			if len(s.waits) != 1 || c.wait != 0 && s.waits[0] != c.wait || s.waits[0] <= 0 {
				t.Errorf("waits %v, want %v", s.waits, c.wait)
			}
			if d := cmp.Diff([]string{"4|1|1"}, s.query("SELECT scim_configurations, retries, (SELECT count(*) FROM exchanges WHERE retries LIKE '%(waited %') FROM snapshots")); d != "" {
				t.Errorf("configurations, retries, retries with a reason (-want +got):\n%s", d)
			}
		})
	}
}
