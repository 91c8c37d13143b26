package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// threeOrganizations is a server on which globex may not be listed and initech never answers the
// listing.
func threeOrganizations(t *testing.T) (baseURL string, variables map[string]string) {
	t.Helper()
	acme, globex, initech := demo.NewState("acme"), demo.NewState("globex"), demo.NewState("initech")
	fillHostile(acme)
	globex.Faults[ona.ListSCIMConfigurations] = demo.Fault{Code: "permission_denied", Message: "no organization admin"}
	server := demo.NewServerWith(acme, globex, initech)
	server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		if method == ona.ListSCIMConfigurations && r.Header.Get("Authorization") == "Bearer "+initech.Token {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		next.ServeHTTP(w, r)
	}
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	return api.URL + "/api", map[string]string{"ACME": acme.Token, "GLOBEX": globex.Token, "INITECH": initech.Token}
}

func TestOneOrganizationThatFailsAndOneThatHangsLeaveTheThirdAlone(t *testing.T) {
	baseURL, variables := threeOrganizations(t)
	// The run must last until its time is over, and that has to be enough for what works. How much
	// that is depends on the machine: a slow one is given more.
	for timeout := 90 * time.Millisecond; ; timeout *= 2 {
		folder := t.TempDir()
		config := fmt.Sprintf("db: %s\nout: %s\ntimeout: %s\norganizations:\n", filepath.Join(folder, "auditor.db"), filepath.Join(folder, "reports"), timeout)
		for _, name := range []string{"acme", "globex", "initech"} {
			config += fmt.Sprintf("  - name: %s\n    base_url: %s\n    token_env: %s\n", name, baseURL, strings.ToUpper(name))
		}
		path := filepath.Join(folder, "auditor.yaml")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &site{t: t, folder: folder}
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), environment{
			args: []string{"run", "--config", path}, getenv: func(name string) string { return variables[name] },
			stdout: &stdout, stderr: &stderr,
			now: func() time.Time { return demo.Night(1) }, hostname: func() (string, error) { return "host", nil },
			sleep: func(context.Context, time.Duration) error { return nil },
		})
		if strings.Contains(stderr.String(), "error: acme") && timeout < time.Minute {
			continue
		}
		if code != exitFailed {
			t.Errorf("exit code %d, want %d", code, exitFailed)
		}
		checkThree(t, s, stdout.String(), stderr.String())
		return
	}
}

func checkThree(t *testing.T, s *site, stdout, stderr string) {
	t.Helper()
	if d := cmp.Diff([]string{"acme|complete||4", "globex|failed|permission_denied|0", "initech|failed|timeout|0"}, s.query(
		"SELECT source, outcome, error_code, scim_configurations FROM snapshots WHERE run_id = 1 ORDER BY source")); d != "" {
		t.Errorf("snapshots (-want +got):\n%s", d)
	}
	for _, text := range []string{
		"auditor: error: globex: OrganizationService/ListSCIMConfigurations, page 1: HTTP 403: no organization admin (permission_denied)",
		"auditor: hint: the token's owner may not read this",
		"auditor: error: initech: OrganizationService/ListSCIMConfigurations, page 1: the time allowed for the run is over",
		"auditor: hint: the answer took too long: check the network and the proxy, or allow more with --timeout",
	} {
		if !strings.Contains(stderr, text) {
			t.Errorf("it does not say %q:\n%s", text, stderr)
		}
	}
	if strings.Count(stdout, "report: ") != 1 {
		t.Errorf("not one report:\n%s", stdout)
	}
	reports, err := filepath.Glob(s.path("reports/*-run-1/audit.md"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports: %q, %v", reports, err)
	}
	text, err := os.ReadFile(reports[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"**NOT COMPLETE", "2 of 3", "globex", "initech", "| Okta 000 |", "no organization admin"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the report does not say %q:\n%.1500s", part, text)
		}
	}
}

// TestAsManyOrganizationsAreCollectedAtOnceAsAreAllowed lets each organization wait for a second
// one, so that the run ends only when two are under way at once.
func TestAsManyOrganizationsAreCollectedAtOnceAsAreAllowed(t *testing.T) {
	folder := t.TempDir()
	variables := make(map[string]string)
	config := fmt.Sprintf("db: %s\nout: %s\nconcurrency: 2\norganizations:\n", filepath.Join(folder, "auditor.db"), filepath.Join(folder, "reports"))
	var states []*demo.State
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} {
		state := demo.NewState(name)
		states, variables[name] = append(states, state), state.Token
		config += fmt.Sprintf("  - {name: %s, token_env: %s}\n", name, name)
	}
	server := demo.NewServerWith(states...)
	var inside, most atomic.Int64
	partner := make(chan struct{})
	server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		if method == ona.GetAuthenticatedIdentity {
			most.Store(max(most.Load(), inside.Add(1)))
			select {
			case partner <- struct{}{}:
			case <-partner:
			}
			inside.Add(-1)
		}
		next.ServeHTTP(w, r)
	}
	api := httptest.NewServer(server)
	defer api.Close()
	variables["GITPOD_BASE_URL"] = api.URL + "/api"
	path := filepath.Join(folder, "auditor.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if code := run(t.Context(), environment{
		args: []string{"run", "--config", path}, getenv: func(name string) string { return variables[name] }, stdout: &printed, stderr: &printed,
		now: func() time.Time { return demo.Night(1) }, hostname: func() (string, error) { return "host", nil },
	}); code != exitComplete || most.Load() != 2 {
		t.Errorf("exit code %d, %d organizations at once, want 2\n%s", code, most.Load(), &printed)
	}
}

func TestTokensAsPeoplePasteThem(t *testing.T) {
	for name, c := range map[string]struct {
		token, says string
		code        int
	}{
		"as it is":            {"%s", "COMPLETE", exitComplete},
		"with Bearer":         {"Bearer %s", "COMPLETE", exitComplete},
		"with line ends":      {"\r\n %s \r\n", "COMPLETE", exitComplete},
		"with a control byte": {"%s\x00", "no token can have", exitUsage},
		"two lines":           {"%s\nx", "no token can have", exitUsage},
		"nothing":             {" \n", "the token is empty", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			secret := s.state.Token
			text := c.token
			if strings.Contains(text, "%s") {
				text = fmt.Sprintf(text, secret)
			}
			path := s.path("token")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if code := s.run("--token-file", path); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, part := range []string{c.says, "token_file_readable_by_others", "chmod 600 " + path} {
				if !strings.Contains(s.printed.String(), part) {
					t.Errorf("it does not say %q:\n%s", part, &s.printed)
				}
			}
			if strings.Contains(s.printed.String(), secret) {
				t.Errorf("it shows the token:\n%s", &s.printed)
			}
		})
	}
}

func TestATokenFileOfOnesOwnIsNoWarning(t *testing.T) {
	s := newSite(t, nil)
	path := s.path("token")
	if err := os.WriteFile(path, []byte(s.state.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("--token-file", path); code != exitComplete || strings.Contains(s.printed.String(), "readable_by_others") {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
}
