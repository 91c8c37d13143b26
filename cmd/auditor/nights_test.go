package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

// site is an installation of the command: a folder, a clock and a simulated API with one
// organization.
type site struct {
	t      *testing.T
	folder string
	state  *demo.State
	// world guards state where a process of its own asks for it, which nothing else orders after
	// what a test does.
	world  sync.RWMutex
	url    string
	night  int
	clock  func() time.Time // the night's own instant where it is nil
	ctx    context.Context
	limits fetch.Limits
	// variables are added to the environment of the command.
	variables map[string]string
	// terminal says that what is printed goes to one.
	terminal bool
	// inside says that the command runs in this process, with the clock of the site.
	inside atomic.Bool
	// interactive says that a person started the command.
	interactive bool
	// asked counts the requests.
	asked atomic.Int64
	// noted guards waits and printed while the command runs: several listings are read at once, and
	// the log is written beside the results.
	noted sync.Mutex
	// waits are the waits between requests of all nights, none of which is really waited.
	waits []time.Duration
	// printed is everything that was ever printed; hook, if there is one, gets each piece first.
	printed bytes.Buffer
	hook    func(string)
}

// skipIfShort leaves a test out that starts many processes, or that runs many nights one after the
// other to look at what they wrote. The race detector makes it slow and finds nothing more in it.
func skipIfShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it takes long under the race detector, and does little at the same time")
	}
}

func newSite(t *testing.T, configure func(*demo.Server)) *site {
	s := &site{t: t, folder: t.TempDir(), state: demo.NewState("acme"), ctx: t.Context()}
	server := demo.NewServerWith(s.state)
	server.Now = func() time.Time {
		if s.inside.Load() {
			return s.now()
		}
		return processTime() // a process of its own asks
	}
	if configure != nil {
		configure(server)
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.world.RLock()
		defer s.world.RUnlock()
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	s.url = api.URL + "/api"
	return s
}

// run runs the command for the next night and returns its exit code.
func (s *site) run(args ...string) int {
	s.night++
	return s.tonight("run", args...)
}

// serveOnce serves until the command has done what it does at its start.
func (s *site) serveOnce(args ...string) int {
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	outer := s.ctx
	s.ctx = ctx
	defer func() { s.ctx = outer }()
	s.hook = func(text string) {
		if strings.Contains(text, "next run: ") {
			stop()
		}
	}
	defer func() { s.hook = nil }()
	return s.tonight("serve", args...)
}

// Write takes what the command prints.
func (s *site) Write(text []byte) (int, error) {
	if s.hook != nil {
		s.hook(string(text))
	}
	s.noted.Lock()
	defer s.noted.Unlock()
	return s.printed.Write(text)
}

// tonight runs a command in the present night and returns its exit code.
func (s *site) tonight(name string, args ...string) int {
	s.inside.Store(true)
	defer s.inside.Store(false)
	places := []string{"--db", s.path("auditor.db"), "--out", s.path("reports")}
	if slices.Contains(args, "--db") {
		places = places[2:] // several are several databases for some commands
	}
	variables := map[string]string{"ONA_TOKEN": s.state.Token, "GITPOD_BASE_URL": s.url,
		"GOGC": "100", "GOMEMLIMIT": "off"} // else a command sets what all tests after it run with
	maps.Copy(variables, s.variables)
	return run(s.ctx, environment{
		args:        slices.Concat([]string{name}, places, args),
		getenv:      func(name string) string { return variables[name] },
		stdout:      s,
		terminal:    s.terminal,
		interactive: s.interactive,
		stderr:      s,
		now:         s.now,
		hostname:    func() (string, error) { return "host", nil },
		limits:      s.limits,
		sleep: func(ctx context.Context, d time.Duration) error {
			s.noted.Lock()
			defer s.noted.Unlock()
			s.waits = append(s.waits, d)
			return ctx.Err()
		},
		hangups:   func() (<-chan os.Signal, func()) { return nil, func() {} },
		freeSpace: func(string) (uint64, error) { return 10 << 30, nil },
	})
}

// now is the time by the clock of the machine.
func (s *site) now() time.Time {
	if s.clock == nil {
		return demo.Night(s.night)
	}
	return s.clock()
}

func (s *site) path(name string) string { return filepath.Join(s.folder, name) }

// query reads rows as a user of the sqlite3 program would, each as its values with "|" between
// them.
func (s *site) query(query string) []string {
	s.t.Helper()
	return queryFile(s.t, s.path("auditor.db"), query)
}

func queryFile(t *testing.T, path, query string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		all = append(all, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// configuration is row n of the 250, as the API writes it.
func configuration(n int) demo.Row {
	return demo.Row{
		"id": demo.ID("acme", fmt.Sprint(n)), "organizationId": demo.ID("acme"), "name": fmt.Sprintf("Okta %03d", n), "enabled": true,
		"ssoConfigurationId": demo.ID("sso", fmt.Sprint(n%2)), "createdAt": "2026-01-02T03:04:05.117Z", "updatedAt": "2026-01-02T03:04:05Z",
		"tokenExpiresAt": "2027-01-01T00:00:00Z",
	}
}

// change does something to the world between two requests.
func (s *site) change(do func()) {
	s.world.Lock()
	defer s.world.Unlock()
	do()
}

func (s *site) fill() {
	s.world.Lock()
	defer s.world.Unlock()
	for n := range 250 {
		s.state.SCIM = append(s.state.SCIM, configuration(n))
	}
	for n := range 3 {
		s.state.SSO = append(s.state.SSO, demo.Row{"id": demo.ID("sso", fmt.Sprint(n)), "displayName": fmt.Sprintf("Login %d", n),
			"state": "SSO_CONFIGURATION_STATE_ACTIVE", "providerType": "PROVIDER_TYPE_CUSTOM", "issuerUrl": "https://login.example"})
	}
}

// respell writes every row in another way that means the same.
func (s *site) respell() {
	slices.Reverse(s.state.SCIM)
	for i := range s.state.SCIM {
		row := s.state.SCIM[i]
		row["id"] = strings.ToUpper(row["id"].(string))
		row["createdAt"] = "2026-01-02T04:04:05.117000+01:00"
		row["updatedAt"] = "2026-01-01T22:04:05.000000000-05:00"
		row["tokenExpiresAt"] = "2027-01-01T00:00:00.0Z"
		row["allowUnverifiedEmailAccountLinking"] = nil
	}
}

func TestNightsOf250Configurations(t *testing.T) {
	for name, configure := range map[string]func(*demo.Server){
		"page token read from the body":  nil,
		"page token read from the query": func(s *demo.Server) { s.PageTokenInQuery = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, configure)
			s.fill()
			if code := s.run("-v"); code != exitComplete {
				t.Fatalf("night 1: exit code %d\n%s", code, &s.printed)
			}
			if d := cmp.Diff([]string{"250|250|6"}, s.query("SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM exchanges WHERE method LIKE '%ListSCIM%') FROM scim_configurations")); d != "" {
				t.Errorf("night 1: rows, ids, pages of two listings (-want +got):\n%s", d)
			}
			s.respell()
			if code := s.run(); code != exitComplete {
				t.Fatalf("night 2: exit code %d\n%s", code, &s.printed)
			}
			if changes := s.query("SELECT * FROM changes"); len(changes) > 0 {
				t.Errorf("the night that is only spelled otherwise has changes: %q", changes)
			}
			s.beBusy()
			if code := s.run("--fail-on", "changes:critical"); code != exitComplete {
				t.Fatalf("night 3: exit code %d\n%s", code, &s.printed)
			}
			if d := cmp.Diff(busyNight(), s.query("SELECT severity, kind, subject_name, field, before, after, before_label, after_label, note FROM changes WHERE field IS NOT NULL ORDER BY number")); d != "" {
				t.Errorf("night 3 (-want +got):\n%s", d)
			}
			gone := demo.ID("acme", "7")
			if d := cmp.Diff([]string{
				"added|" + demo.ID("acme", "999") + "|||Okta 999|probably replaces " + gone,
				"removed|" + gone + "|Okta 007|1||probably replaced by " + demo.ID("acme", "999") + "; removal confirmed: the API answers not_found",
			}, s.query("SELECT kind, subject_id, json_extract(before, '$.name'), json_extract(before, '$.enabled'), json_extract(after, '$.name'), note FROM changes WHERE field IS NULL ORDER BY kind")); d != "" {
				t.Errorf("night 3, added and removed (-want +got):\n%s", d)
			}
			s.expectNoToken()
		})
	}
}

// beBusy makes night 3: one change of each sort on a configuration of its own.
func (s *site) beBusy() {
	row := func(n int) demo.Row {
		i := slices.IndexFunc(s.state.SCIM, func(r demo.Row) bool { return strings.EqualFold(r["id"].(string), demo.ID("acme", fmt.Sprint(n))) })
		return s.state.SCIM[i]
	}
	delete(row(1), "enabled")
	row(2)["ssoConfigurationId"] = demo.ID("sso", "2")
	delete(row(3), "ssoConfigurationId")
	row(4)["name"] = "Okta four"
	row(5)["tokenExpiresAt"] = "2027-06-01T00:00:00Z"
	row(6)["updatedAt"] = "2026-11-18T01:00:00Z"
	s.state.SCIM = slices.DeleteFunc(s.state.SCIM, func(r demo.Row) bool { return strings.EqualFold(r["id"].(string), demo.ID("acme", "7")) })
	added := configuration(999)
	s.state.SCIM = append(s.state.SCIM, added)
}

// busyNight is what night 3 must say of configurations that stay, sorted by their ids as the report
// is.
func busyNight() []string {
	type row struct{ id, text string }
	login := func(n int) string { return demo.ID("sso", fmt.Sprint(n)) }
	rows := []row{
		{demo.ID("acme", "1"), "high|disabled|Okta 001|enabled|true|false|||"},
		{demo.ID("acme", "2"), "high|sso_relinked|Okta 002|ssoConfigurationId|" + login(0) + "|" + login(2) + "|Login 0|Login 2|"},
		{demo.ID("acme", "3"), "high|sso_unlinked|Okta 003|ssoConfigurationId|" + login(1) + "||Login 1||"},
		{demo.ID("acme", "4"), "low|renamed|Okta four|name|Okta 004|Okta four|||"},
		{demo.ID("acme", "5"), "medium|token_rotated|Okta 005|tokenExpiresAt|2027-01-01T00:00:00.000000000Z|2027-06-01T00:00:00.000000000Z|||expires 151 days later than before"},
		{demo.ID("acme", "6"), "info|updated_only|Okta 006|updatedAt|2026-01-02T03:04:05.000000000Z|2026-11-18T01:00:00.000000000Z|||only updatedAt moved: possibly set and set back"},
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.id, b.id) })
	var texts []string
	for _, r := range rows {
		texts = append(texts, r.text)
	}
	return texts
}

// expectNoToken looks for the token in everything printed and in every file.
func (s *site) expectNoToken() {
	s.t.Helper()
	if !strings.Contains(s.printed.String(), `msg="api request"`) {
		s.t.Error("-v does not log the requests, so that their redaction was not tested")
	}
	if strings.Contains(s.printed.String(), s.state.Token) {
		s.t.Error("the token was printed")
	}
	files := 0
	err := filepath.WalkDir(s.folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(s.state.Token)) {
			s.t.Errorf("the token is in %s", path)
		}
		return err
	})
	if err != nil || files < 10 {
		s.t.Errorf("%d files were looked at (error %v)", files, err)
	}
}

func TestAnInterruptedRunIsRecordedAndTheNextOneWorks(t *testing.T) {
	var interrupt func()
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListSCIMConfigurations && interrupt != nil {
				// The server notices that the client is gone only when the request has been read.
				_, _ = io.Copy(io.Discard, r.Body)
				interrupt()
				<-r.Context().Done()
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	s.fill()
	if code := s.run(); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	var stop context.CancelFunc
	s.ctx, stop = context.WithCancel(t.Context())
	interrupt = stop
	if code := s.run(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	s.ctx, interrupt = t.Context(), nil
	if code := s.run(); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	want := []string{"complete|", "failed|canceled", "complete|"}
	if d := cmp.Diff(want, s.query("SELECT outcome, error_code FROM snapshots ORDER BY id")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if changes := s.query("SELECT * FROM changes"); len(changes) > 0 {
		t.Errorf("changes: %q", changes)
	}
}

func TestAReaderWithAnOpenTransactionSeesThePastAndStopsNoRun(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	s.mustRun()
	db, err := sql.Open("sqlite", s.path("auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	reader, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback() }()
	seen := func() (n int) {
		if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM scim_configurations").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 3 {
		if n := seen(); n != 250 {
			t.Errorf("the reader sees %d configurations, want 250 still", n)
		}
		s.respellNames(1)
		s.mustRun()
	}
	if d := cmp.Diff([]string{"1000"}, s.query("SELECT count(*) FROM scim_configurations")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
