package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// benchSite is an installation of the command with a simulated API of one organization, for
// benchmarks.
type benchSite struct {
	b      *testing.B
	server *demo.Server
	url    string
	folder string
	night  int
}

// newBenchSite makes a site whose organization has SCIM configurations with a sign-in each.
func newBenchSite(b *testing.B, configurations int) *benchSite {
	b.Helper()
	state := demo.NewState("acme")
	for n := range configurations {
		name, key := fmt.Sprintf("Okta team %05d", n), fmt.Sprint(n)
		state.SCIM = append(state.SCIM, demo.Row{
			"id": demo.ID("scim", key), "organizationId": state.ID, "name": name, "enabled": true,
			"ssoConfigurationId": demo.ID("sso", key), "createdAt": "2026-07-01T09:30:00.117Z",
			"updatedAt": "2026-07-01T09:30:00.117Z", "tokenExpiresAt": "2027-12-01T09:30:00Z",
			"allowUnverifiedEmailAccountLinking": false,
		})
		state.SSO = append(state.SSO, demo.Row{
			"id": demo.ID("sso", key), "organizationId": state.ID, "displayName": name, "clientId": "ona-" + key,
			"issuerUrl": "https://" + key + ".idp.example", "state": ona.SSOStateActive,
			"providerType": ona.ProviderTypeCustom, "emailDomains": []string{key + ".example"},
		})
	}
	s := &benchSite{b: b, server: demo.NewServerWith(state), folder: b.TempDir()}
	api := httptest.NewServer(s.server)
	b.Cleanup(api.Close)
	s.url = api.URL + "/api"
	return s
}

// command runs the command with the clock of the night.
func (s *benchSite) command(args ...string) {
	s.b.Helper()
	var printed bytes.Buffer
	common := []string{"--db", filepath.Join(s.folder, "auditor.db"), "--out", filepath.Join(s.folder, "reports"), "-q"}
	code := run(context.Background(), environment{
		args: append(args, common...),
		getenv: func(name string) string {
			return map[string]string{"ONA_TOKEN": "demo-token-acme", "AUDITOR_BASE_URL": s.url}[name]
		},
		stdout: &printed, stderr: &printed,
		now:      func() time.Time { return demo.Night(s.night) },
		hostname: func() (string, error) { return "host", nil },
	})
	if code != exitComplete {
		s.b.Fatalf("%s: exit code %d\n%s", args, code, &printed)
	}
}

// nextNight is the next night's run. It keeps the newest report only: ten years of them would fill
// the disk.
func (s *benchSite) nextNight() {
	s.night++
	s.server.SetNight(s.night)
	if err := os.RemoveAll(filepath.Join(s.folder, "reports")); err != nil {
		s.b.Fatal(err)
	}
	s.command("run")
}

var benchSizes = []int{3, 10_000}

// BenchmarkNight runs quiet nights with their reports. With -benchtime 3650x -bench Night/3 it is
// ten years of a small organization: the size of the database, and the first and the last nights.
func BenchmarkNight(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newBenchSite(b, size)
			s.nextNight()
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				s.nextNight()
				took = append(took, time.Since(start))
			}
			database, err := os.Stat(filepath.Join(s.folder, "auditor.db"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(database.Size()), "db-bytes")
			if n := len(took); n >= 40 {
				b.ReportMetric(median(took[:20]).Seconds()*1000, "first-ms")
				b.ReportMetric(median(took[n-20:]).Seconds()*1000, "last-ms")
			}
		})
	}
}

func median(durations []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(durations))[len(durations)/2]
}

// BenchmarkReport writes the report of a stored run again, in all formats.
func BenchmarkReport(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newBenchSite(b, size)
			s.nextNight()
			s.nextNight()
			for b.Loop() {
				s.command("report", "--run", "2", "--formats", "xlsx,md,json,csv,jsonl")
			}
		})
	}
}

// BenchmarkVerify verifies the database and the newest report folder after ten nights.
func BenchmarkVerify(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newBenchSite(b, size)
			for range 10 {
				s.nextNight()
			}
			for b.Loop() {
				s.command("verify")
			}
		})
	}
}
