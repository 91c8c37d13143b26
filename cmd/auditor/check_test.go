package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/check"
	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// checkup is one "auditor check" and what it is made of.
type checkup struct {
	site      *site
	args      []string
	variables map[string]string
	offset    time.Duration // of the local clock
	space     uint64        // bytes left on the disk
	answers   map[string]demo.Fault
}

// run returns the exit code and the results by name.
func (c *checkup) run(t *testing.T) (int, map[string]check.Result) {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(t.Context(), environment{
		args:      append([]string{"check", "--json", "--db", c.site.path("auditor.db"), "--out", c.site.path("reports")}, c.args...),
		getenv:    func(name string) string { return c.variables[name] },
		stdout:    &out,
		stderr:    &errOut,
		now:       func() time.Time { return demo.Night(1).Add(c.offset) },
		hostname:  func() (string, error) { return "host", nil },
		freeSpace: func(string) (uint64, error) { return c.space, nil },
	})
	var results []check.Result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil {
		t.Fatalf("%v in:\n%s%s", err, &out, &errOut)
	}
	if strings.Contains(out.String()+errOut.String(), c.site.state.Token) {
		t.Error("the token was printed")
	}
	byName := make(map[string]check.Result)
	for _, r := range results {
		byName[r.Name] = r
	}
	return code, byName
}

func newCheckup(t *testing.T) *checkup {
	c := &checkup{space: 10 << 30, answers: make(map[string]demo.Fault)}
	c.site = newSite(t, func(server *demo.Server) {
		server.Now = func() time.Time { return demo.Night(1) }
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if fault, ok := c.answers[method]; ok {
				fault.Write(w)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	c.site.fill()
	c.variables = map[string]string{"ONA_TOKEN": c.site.state.Token, "GITPOD_BASE_URL": c.site.url}
	return c
}

func TestCheckOfAGoodSetup(t *testing.T) {
	c := newCheckup(t)
	for _, when := range []string{"before the first run", "after it"} {
		code, results := c.run(t)
		for name, r := range results {
			if r.Status != check.OK || r.Hint != "" {
				t.Errorf("%s: %s: %+v", when, name, r)
			}
		}
		if code != exitComplete || len(results) < 11 {
			t.Errorf("%s: exit code %d, %d results", when, code, len(results))
		}
		before := c.files(t)
		if when == "before the first run" {
			if len(before) > 0 {
				t.Errorf("the check made %v", before)
			}
			if code := c.site.run(); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &c.site.printed)
			}
		}
	}
	before := c.files(t)
	c.run(t)
	if after := c.files(t); !mapsEqual(before, after) {
		t.Errorf("the check changed the folder from %v to %v", before, after)
	}
}

// files are the files of the site with the time of their last change.
func (c *checkup) files(t *testing.T) map[string]time.Time {
	t.Helper()
	all := make(map[string]time.Time)
	err := filepath.WalkDir(c.site.folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == c.site.folder {
			return err
		}
		info, err := d.Info()
		all[path] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func mapsEqual(a, b map[string]time.Time) bool {
	if len(a) != len(b) {
		return false
	}
	for name, at := range a {
		if !b[name].Equal(at) {
			return false
		}
	}
	return true
}

func TestCheckFinds(t *testing.T) {
	for _, test := range []struct {
		name    string
		breakIt func(t *testing.T, c *checkup)
		line    string
		status  check.Status
		detail  string
		hint    string
	}{
		{"no token", func(_ *testing.T, c *checkup) { delete(c.variables, "ONA_TOKEN") },
			"token", check.Error, "there is no token", "ONA_TOKEN"},
		{"a wrong token", func(_ *testing.T, c *checkup) { c.variables["ONA_TOKEN"] = "of-nobody-at-all" },
			"token", check.Error, "unauthenticated", "make a new read-only personal access token"},
		{"an expired token", func(_ *testing.T, c *checkup) {
			c.answers[ona.GetAuthenticatedIdentity] = demo.Fault{Code: "unauthenticated", Message: "token expired"}
		}, "token", check.Error, "token expired", "the token has expired"},
		{"the token of another organization", func(_ *testing.T, c *checkup) {
			c.site.run()
			c.site.state.ID = demo.ID("another")
			c.site.state.Identity["organizationId"] = c.site.state.ID
			c.site.state.Organization["id"] = c.site.state.ID
		}, "organization", check.Error, "organization_mismatch", "--organization"},
		{"no right to list SCIM", func(_ *testing.T, c *checkup) {
			c.answers[ona.ListSCIMConfigurations] = demo.Fault{Code: "permission_denied", Message: "not an admin"}
		}, "SCIM configurations", check.Error, "not an admin", "organization admin"},
		{"no right to list SSO", func(_ *testing.T, c *checkup) {
			c.answers[ona.ListSSOConfigurations] = demo.Fault{Code: "permission_denied", Message: "not an admin"}
		}, "SSO configurations", check.Warning, "not an admin", "not assessed"},
		{"no right to read policies", func(_ *testing.T, c *checkup) {
			c.answers[ona.GetOrganizationPolicies] = demo.Fault{Code: "permission_denied", Message: "not an admin"}
		}, "organization policies", check.Warning, "not an admin", "not assessed"},
		{"no right to ask for one configuration", func(_ *testing.T, c *checkup) {
			c.answers[ona.GetSCIMConfiguration] = demo.Fault{Code: "permission_denied", Message: "not an admin"}
		}, "single configuration", check.Warning, "not an admin", "confirmed by a second listing only"},
		{"no right to read the audit log", func(_ *testing.T, c *checkup) {
			c.answers[ona.ListAuditLogs] = demo.Fault{Code: "permission_denied", Message: "not an admin"}
		}, "audit log", check.Warning, "not an admin", "who made a change"},
		{"a broken exceptions file", func(t *testing.T, c *checkup) {
			path := c.site.path("broken.yaml")
			if err := os.WriteFile(path, []byte("exceptions: 7\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c.args = []string{"--exceptions-file", path}
		}, "exceptions", check.Error, "broken.yaml", "docs/rules.md"},
		{"a base URL that redirects", func(t *testing.T, c *checkup) {
			moved := httptest.NewServer(http.RedirectHandler("https://app.gitpod.example/api", http.StatusPermanentRedirect))
			t.Cleanup(moved.Close)
			c.variables["GITPOD_BASE_URL"] = moved.URL + "/api"
		}, "base URL", check.Error, "app.gitpod.example", "name it in the base URL"},
		{"a host that cannot be reached", func(_ *testing.T, c *checkup) {
			gone := httptest.NewServer(nil)
			gone.Close()
			c.variables["GITPOD_BASE_URL"] = gone.URL + "/api"
		}, "base URL", check.Error, "connection", "name resolution"},
		{"a clock off by 10 minutes", func(_ *testing.T, c *checkup) { c.offset = 10 * time.Minute },
			"clock", check.Warning, "10m0s off the server's", "NTP"},
		{"a disk nearly full", func(_ *testing.T, c *checkup) { c.space = 50 << 20 },
			"disk space", check.Error, "50 MiB free", "free space"},
		{"a disk that fills", func(_ *testing.T, c *checkup) { c.space = 500 << 20 },
			"disk space", check.Warning, "500 MiB free", "free space"},
		{"a database of a newer version", func(t *testing.T, c *checkup) {
			c.site.run()
			c.write(t, "PRAGMA user_version = 9999; CREATE TABLE later (id INTEGER) STRICT")
		}, "database", check.Error, "newer version", "install the newer auditor"},
		{"a configuration of another organization", func(_ *testing.T, c *checkup) {
			c.site.state.SCIM[0]["organizationId"] = demo.ID("another organization")
		}, "SCIM configurations", check.Error, "it belongs to organization", "mixes organizations"},
		{"a damaged database", func(t *testing.T, c *checkup) {
			c.site.run()
			c.damage(t)
		}, "database", check.Error, "the database file is damaged", "restore the last backup"},
		{"no database but another file", func(t *testing.T, c *checkup) {
			if err := os.WriteFile(c.site.path("auditor.db"), []byte("a letter"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "database", check.Error, "not a database of auditor", "--db"},
		{"an output that cannot be written", func(t *testing.T, c *checkup) {
			if err := os.WriteFile(c.site.path("reports"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "report folder", check.Error, "is a file, not a folder", "--out"},
		{"a folder for the metrics that is not there", func(_ *testing.T, c *checkup) {
			c.args = []string{"--metrics-file", c.site.path("nowhere/auditor.prom")}
		},
			"metrics file", check.Warning, "nowhere", "--metrics-file"},
		{"a bad schedule", func(_ *testing.T, c *checkup) { c.args = []string{"--schedule", "0 2 30 2 *"} },
			"schedule", check.Error, "never comes", "five fields"},
		{"a bad setting", func(_ *testing.T, c *checkup) { c.args = []string{"--page-size", "101"} },
			"settings", check.Error, "--page-size: 101 is not from 1 to 100", "leave it out"},
		{"a notification without an address", func(t *testing.T, c *checkup) {
			config := c.site.path("config.yaml")
			if err := os.WriteFile(config, []byte("notify: [{type: slack, url_env: SLACK_URL}]\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			c.args = []string{"--config", config}
		}, "notifications", check.Error, "environment variable SLACK_URL, which url_env names, is not set", "docs/notifications.md"},
		{"a key that is missing", func(t *testing.T, c *checkup) {
			config := c.site.path("config.yaml")
			writeText(t, config, "evidence: {sign_with: nowhere}\n")
			c.args = []string{"--config", config}
		}, "evidence", check.Error, "sign_with: ", "ssh-add"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCheckup(t)
			test.breakIt(t, c)
			code, results := c.run(t)
			got, ok := results[test.line]
			if !ok || got.Status != test.status || !strings.Contains(got.Detail, test.detail) || !strings.Contains(got.Hint, test.hint) {
				t.Errorf("%s: %+v, want %s with %q and %q; all: %v", test.line, got, test.status, test.detail, test.hint, results)
			}
			for name, r := range results {
				if name != test.line && r.Status != check.OK {
					t.Errorf("%s is not ok either: %+v", name, r)
				}
			}
			if want := map[check.Status]int{check.Error: exitFailed, check.Warning: exitComplete}[test.status]; code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
		})
	}
}

func (c *checkup) write(t *testing.T, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", c.site.path("auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// damage overwrites the last page of the database but its first bytes.
func (c *checkup) damage(t *testing.T) {
	t.Helper()
	file, err := os.OpenFile(c.site.path("auditor.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	// Every page but those of the schema, which stand first.
	noise := bytes.Repeat([]byte{0xa5}, 4096)
	for at := info.Size() / 2 / 4096 * 4096; at < info.Size(); at += 4096 {
		if _, err := file.WriteAt(noise, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckShowsTheNextThreeTimes(t *testing.T) {
	c := newCheckup(t)
	c.args = []string{"--schedule", "CRON_TZ=Europe/Berlin 30 4 * * mon-fri"}
	_, results := c.run(t)
	const want = "next at 2026-11-16 03:30:00 UTC, 2026-11-17 03:30:00 UTC, 2026-11-18 03:30:00 UTC"
	if got := results["schedule"].Detail; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// A run makes the folder of its database.
func TestCheckBeforeTheFirstRun(t *testing.T) {
	s := newSite(t, nil)
	for n := range 250 {
		s.state.SCIM = append(s.state.SCIM, configuration(n))
	}
	database := s.path("not/there/auditor.db")
	for _, command := range []string{"check", "run"} {
		if code := s.tonight(command, "--db", database); code != exitComplete {
			t.Errorf("%s: exit code %d\n%s", command, code, &s.printed)
		}
		if command == "check" {
			if _, err := os.Stat(s.path("not")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the check made the folder (error %v)", err)
			}
		}
	}
}
