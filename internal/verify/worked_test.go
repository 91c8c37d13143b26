package verify_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

const toolVersion = "test"

// house is a database whose nights the real job took from a simulated API.
type house struct {
	t       testing.TB
	path    string
	reports string
	store   *snapshot.Store
	states  []*demo.State
	url     string
	night   int
	options job.Options
}

func newHouse(t testing.TB, path string, states ...*demo.State) *house {
	t.Helper()
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	server := demo.NewServerWith(states...)
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	h := &house{
		t: t, path: path, reports: filepath.Join(filepath.Dir(path), "reports"), store: store, states: states,
		url: api.URL + "/api", options: job.Options{
			Trigger: "manual", ToolVersion: toolVersion, Host: "host", Concurrency: 2, Logger: slog.New(slog.DiscardHandler),
			Thresholds: finding.DefaultThresholds(), Report: report.Options{ToolVersion: toolVersion},
		},
	}
	server.Now = h.clock
	return h
}

func (h *house) clock() time.Time { return demo.Night(h.night) }

// run runs the next night.
func (h *house) run() *job.Result {
	h.t.Helper()
	h.night++
	o := h.options
	o.Store, o.TakenAt, o.Now, o.Reports = h.store, h.clock(), h.clock, h.reports
	o.Sources = slices.Clone(o.Sources)
	for _, s := range h.states {
		o.Sources = append(o.Sources, fetch.Source{Name: s.Name, Fetch: fetch.Options{
			BaseURL: h.url, Token: fetch.Token(s.Token), Now: h.clock, Logger: o.Logger,
		}})
	}
	result, err := job.Run(h.t.Context(), o)
	if err != nil || result.ReportError != nil {
		h.t.Fatalf("night %d: error %v, report %v", h.night, err, result.ReportError)
	}
	return result
}

func (h *house) close() {
	h.t.Helper()
	if err := h.store.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// verifyAgain verifies a database and does its work again.
func verifyAgain(t testing.TB, path, reports, version string) *verify.Result {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	found, err := verify.Database(t.Context(), store)
	if err == nil {
		err = found.DoAgain(t.Context(), store, version)
	}
	if err == nil && reports != "" {
		err = errors.Join(found.AddFolders(t.Context(), store, reports, verify.Trust{}),
			found.WriteReportsAgain(t.Context(), store, reports, version, builtIn))
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// builtIn stands for settings without a template.
func builtIn(*time.Location) (*report.Template, error) { return nil, nil }

// simulated is an organization with n configurations of each kind.
func simulated(name string, n int) *demo.State {
	s := demo.NewState(name)
	for i := range n {
		sso := demo.ID(name, "sso", fmt.Sprint(i))
		s.SSO = append(s.SSO, demo.Row{
			"id": sso, "organizationId": s.ID, "displayName": fmt.Sprint("Login ", i), "emailDomain": "acme.example",
			"issuerUrl": fmt.Sprintf("https://login-%d.example", i), "providerType": "PROVIDER_TYPE_CUSTOM",
			"state": "SSO_CONFIGURATION_STATE_ACTIVE", "clientId": demo.ID(name, "client", fmt.Sprint(i)),
		})
		s.SCIM = append(s.SCIM, demo.Row{
			"id": demo.ID(name, "scim", fmt.Sprint(i)), "organizationId": s.ID, "name": fmt.Sprint("Team ", i),
			"enabled": true, "ssoConfigurationId": sso, "createdAt": "2025-03-01T09:00:00Z",
			"updatedAt": "2025-03-01T09:00:00Z", "tokenExpiresAt": "2027-02-01T09:00:00Z",
		})
	}
	return s
}

// rename renames one configuration in a thousand, at least one.
func rename(s *demo.State, random *rand.Rand) {
	for range max(len(s.SCIM)/1000, 1) {
		s.SCIM[random.IntN(len(s.SCIM))]["name"] = fmt.Sprint("Team ", random.Uint32())
	}
}
