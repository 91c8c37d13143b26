package job_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// house is a database, a report folder and a simulated API, on which a test runs night after night.
type house struct {
	t       *testing.T
	store   *snapshot.Store
	reports string
	url     string
	server  *demo.Server
	// transport is shared, as in a run of the command, so that many organizations do not use up the
	// open files.
	transport *http.Transport
	night     int
	timeout   time.Duration
	// concurrency is 1 and formats are the default unless they are set.
	concurrency int
	formats     []report.Format
	leavers     *finding.LeaverList
	// asked counts the requests by method; several come at once.
	asked map[string]int
	mu    sync.Mutex
	// before, unless nil, is called before the server answers a request.
	before func(method string)
}

func newHouse(t *testing.T, states ...*demo.State) *house {
	t.Helper()
	folder := t.TempDir()
	store, err := snapshot.Open(t.Context(), filepath.Join(folder, "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, store: store, reports: filepath.Join(folder, "reports"), asked: map[string]int{}}
	h.server = demo.NewServerWith(states...)
	h.server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		h.mu.Lock()
		h.asked[method]++
		h.mu.Unlock()
		if h.before != nil {
			h.before(method)
		}
		next.ServeHTTP(w, r)
	}
	api := httptest.NewServer(h.server)
	t.Cleanup(api.Close)
	h.url, h.transport = api.URL+"/api", fetch.NewTransport(4)
	t.Cleanup(h.transport.CloseIdleConnections)
	return h
}

func (h *house) source(name, token string) fetch.Source {
	return fetch.Source{Name: name, Fetch: fetch.Options{
		BaseURL: h.url, Token: fetch.Token(token), Now: h.clock, Logger: slog.New(slog.DiscardHandler),
		Transport: h.transport,
	}}
}

func noWait(context.Context, time.Duration) error { return nil }

func (h *house) clock() time.Time { return demo.Night(h.night) }

// run runs the next night.
func (h *house) run(sources ...fetch.Source) *job.Result {
	h.t.Helper()
	h.night++
	h.server.SetNight(h.night)
	clear(h.asked)
	result, err := job.Run(h.t.Context(), job.Options{
		Store: h.store, Sources: sources, TakenAt: h.clock(), Now: h.clock, Trigger: "manual", ToolVersion: "test",
		Host:        "host",
		Concurrency: h.concurrency, Timeout: h.timeout, Reports: h.reports, Report: report.Options{Formats: h.formats},
		Thresholds: finding.DefaultThresholds(), Leavers: h.leavers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

func (h *house) mustRun(sources ...fetch.Source) *job.Result {
	h.t.Helper()
	result := h.run(sources...)
	if !result.Complete() {
		h.t.Fatalf("night %d: %s, report: %v", h.night, result.Run.Error, result.ReportError)
	}
	return result
}

// hint is what an organization's error says to do.
func hint(err error) string {
	if failure, ok := errors.AsType[*fetch.Error](err); ok {
		return failure.Hint()
	}
	return ""
}

// outcomes are, by organization, the source, its code and the organization's id.
func outcomes(result *job.Result) []string {
	var all []string
	for _, o := range result.Organizations {
		code := o.Snapshot.ErrorCode
		if code == "" {
			code = string(o.Snapshot.Outcome)
		}
		all = append(all, o.Source+" "+code+" "+o.Snapshot.OrganizationID)
	}
	return all
}

func organization(name string, rows int) *demo.State {
	state := demo.NewState(name)
	for i := range rows {
		state.SCIM = append(state.SCIM, demo.Row{"id": demo.ID(name, "scim", string(rune('a'+i%26)), string(rune('a'+i/26))),
			"name": "Okta", "enabled": true})
	}
	return state
}

func TestASourceBelongsToItsOrganizationUntilTheNewOneIsNamed(t *testing.T) {
	acme, globex := organization("acme", 2), organization("globex", 1)
	h := newHouse(t, acme, globex)
	h.mustRun(h.source("default", acme.Token))

	// Somebody puts the token of another organization in its place.
	moved := h.run(h.source("default", globex.Token))
	if d := cmp.Diff([]string{"default organization_mismatch " + acme.ID}, outcomes(moved)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	failure := moved.Organizations[0].Err
	if !strings.Contains(failure.Error(), globex.ID) || !strings.Contains(hint(failure), "--organization") {
		t.Errorf("error %q, hint %q", failure, hint(failure))
	}
	if n := h.asked[ona.ListSCIMConfigurations]; n != 0 {
		t.Errorf("the other organization was listed %d times", n)
	}

	// The operator names it: it is a new organization with a baseline of its own, and from then on the
	// source's.
	named := h.source("default", globex.Token)
	named.Fetch.OrganizationID = globex.ID
	first := h.mustRun(named).Organizations[0]
	if first.Snapshot.OrganizationID != globex.ID || first.Snapshot.BaselineID != 0 || len(first.Changes) != 0 {
		t.Errorf("first snapshot of the new organization: %+v, changes %v", first.Snapshot, first.Changes)
	}
	h.mustRun(h.source("default", globex.Token))
	back := h.run(h.source("default", acme.Token))
	if d := cmp.Diff([]string{"default organization_mismatch " + globex.ID}, outcomes(back)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestOneOrganizationIsCollectedOnceARun(t *testing.T) {
	acme, globex := organization("acme", 1), organization("globex", 1)
	h := newHouse(t, acme, globex)
	again := h.source("again", acme.Token)
	again.Fetch.Transport = &busyOnce{}
	again.Fetch.Sleep = noWait
	result := h.run(h.source("first", acme.Token), again, h.source("other", globex.Token))
	want := []string{"first complete " + acme.ID, "again duplicate_organization " + acme.ID, "other complete " + globex.ID}
	if d := cmp.Diff(want, outcomes(result)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	failure := result.Organizations[1].Err
	if !strings.Contains(failure.Error(), `"first" of this run collects already`) ||
		!strings.Contains(hint(failure), "another organization") {
		t.Errorf("error %q, hint %q", failure, hint(failure))
	}
	if result.Complete() || !strings.Contains(result.Run.Error, "again: ") {
		t.Errorf("run: %+v", result.Run)
	}
	// A failed snapshot has no exchanges that would tell it.
	if s := result.Organizations[1].Snapshot; s.Retries != 1 || len(s.Notes) != 1 ||
		!strings.Contains(s.Notes[0], "was sent again after") {
		t.Errorf("%d retries, notes %q", s.Retries, s.Notes)
	}
}

// busyOnce is a way to the server that answers for it once that it is busy.
type busyOnce struct{ answered bool }

func (b *busyOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.answered {
		return http.DefaultTransport.RoundTrip(r)
	}
	b.answered = true
	answer := httptest.NewRecorder()
	answer.WriteHeader(http.StatusServiceUnavailable)
	return answer.Result(), nil
}

func TestEveryFailureOfARunIsNamed(t *testing.T) {
	acme := organization("acme", 1)
	h := newHouse(t, acme)
	result := h.run(h.source("one", "no-such-token"), h.source("two", acme.Token), h.source("three", "no-token-either"))
	lines := strings.Split(result.Run.Error, "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "one: ") || !strings.HasPrefix(lines[1], "three: ") {
		t.Errorf("the run's error is %q", result.Run.Error)
	}
	if result.Run.Outcome != snapshot.Failed || result.Run.CompleteOrganizations != 1 ||
		result.Run.FailedOrganizations != 2 {
		t.Errorf("run: %+v", result.Run)
	}
}

func TestAReportThatCannotBeWrittenLosesNothing(t *testing.T) {
	acme := organization("acme", 1)
	h := newHouse(t, acme)
	if err := os.WriteFile(h.reports, []byte("a file where the folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	result := h.run(h.source("default", acme.Token))
	if result.ReportError == nil || result.Complete() || result.Run.Outcome != snapshot.Complete {
		t.Fatalf("report error %v, run %+v", result.ReportError, result.Run)
	}
	if err := os.Remove(h.reports); err != nil {
		t.Fatal(err)
	}
	model, err := report.Read(t.Context(), h.store, result.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if folder, _, err := report.Write(h.reports, model, report.Options{}); err != nil || folder == "" {
		t.Errorf("the report written later: %q, %v", folder, err)
	}
}
