package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// daemon is "auditor serve" in a process of its own.
type daemon struct {
	t      *testing.T
	cmd    *exec.Cmd
	output *os.File
	url    string
}

// patience is how long something that must come may take on a slow machine.
const patience = 60 * time.Second

// startServing starts the command and waits until it listens.
func (s *site) startServing(args ...string) *daemon {
	s.t.Helper()
	if runtime.GOOS == "windows" {
		s.t.Skip("Windows has no SIGTERM to send")
	}
	output, err := os.CreateTemp(s.folder, "serve-*.log")
	if err != nil {
		s.t.Fatal(err)
	}
	d := &daemon{t: s.t, output: output}
	d.cmd = exec.CommandContext(s.t.Context(), "auditor", append([]string{
		"serve", "--db", s.path("auditor.db"), "--out", s.path("reports"), "--listen", "127.0.0.1:0"}, args...)...)
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = s.folder, output, output
	d.cmd.Env = []string{processClock(), "PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "ONA_TOKEN=" + s.state.Token, "GITPOD_BASE_URL=" + s.url}
	if err := d.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	d.url = d.waitFor(`listening on (http://\S+)`)
	return d
}

func (d *daemon) log() string {
	text, err := os.ReadFile(d.output.Name())
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

// waitFor waits until the output matches, and returns the first group.
func (d *daemon) waitFor(pattern string) string {
	d.t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if m := re.FindStringSubmatch(d.log()); m != nil {
			return m[len(m)-1]
		}
	}
	d.t.Fatalf("no %s within %s in:\n%s", pattern, patience, d.log())
	return ""
}

func (d *daemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// terminate sends SIGTERM and returns the time until the end, which must be with exit code 0.
func (d *daemon) terminate() time.Duration {
	d.t.Helper()
	begun := time.Now()
	d.signal(syscall.SIGTERM)
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("after SIGTERM: %v\n%s", err, d.log())
	}
	return time.Since(begun)
}

func (d *daemon) get(path string) (int, string) {
	d.t.Helper()
	resp, err := http.Get(d.url + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, body.String()
}

// metric is the value of a line of /metrics.
func (d *daemon) metric(line string) float64 {
	d.t.Helper()
	_, text := d.get("/metrics")
	m := regexp.MustCompile(`(?m)^` + line + ` (\S+)$`).FindStringSubmatch(withoutDatabase(text))
	if m == nil {
		d.t.Fatalf("no metric %s in:\n%s", line, text)
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return value
}

// AUDITOR_SERVE_SECONDS lets it serve for longer; 4 seconds are enough to see two times of the
// schedule.
func TestServeRunsOnItsScheduleUntilSIGTERM(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	d := s.startServing("--schedule", "@every 2s")
	if status, text := d.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, text)
	}
	if n, err := strconv.Atoi(os.Getenv("AUDITOR_SERVE_SECONDS")); err == nil {
		time.Sleep(time.Duration(n) * time.Second)
	} else {
		d.waitFor(`run 2 at .*: COMPLETE`)
	}
	if status, text := d.get("/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d %s", status, text)
	}
	if d.metric(`auditor_runs_total\{outcome="complete"\}`) < 1 || d.metric("auditor_run_complete") != 1 ||
		d.metric(`auditor_scim_configurations\{organization_id="[^"]+",source="default"\}`) != 250 {
		t.Error("the metrics do not show the runs")
	}
	took := d.terminate()
	t.Logf("ended %s after SIGTERM; runs: %v", took, s.query("SELECT count(*), min(started_at), max(started_at) FROM runs"))
	if left := s.query("SELECT * FROM runs WHERE outcome <> 'complete' AND id < (SELECT max(id) FROM runs)"); len(left) > 0 {
		t.Errorf("runs that are not complete: %v", left)
	}
	if wrong := s.query("SELECT * FROM runs WHERE trigger <> 'schedule' OR scheduled_for IS NULL OR scheduled_for > started_at"); len(wrong) > 0 {
		t.Errorf("runs that the schedule did not make: %v", wrong)
	}
	if twice := s.query("SELECT scheduled_for FROM runs GROUP BY scheduled_for HAVING count(*) > 1"); len(twice) > 0 {
		t.Errorf("nights that ran twice: %v", twice)
	}
	if s.query("SELECT outcome FROM runs WHERE id = 1")[0] != "complete" {
		t.Error("run 1 is not complete")
	}
}

// hang makes the API wait while it is on, until the client has gone.
func hang(server *demo.Server, on *chan struct{}) {
	server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		if *on == nil {
			next.ServeHTTP(w, r)
			return
		}
		// The server notices that the client is gone only when the request has been read.
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-*on:
		case <-r.Context().Done():
		}
	}
}

func TestSIGTERMAbandonsARunThatDoesNotEnd(t *testing.T) {
	forever := make(chan struct{})
	s := newSite(t, func(server *demo.Server) { hang(server, &forever) })
	d := s.startServing("--schedule", "@every 1s", "--stop-timeout", "10ms")
	for end := time.Now().Add(patience); len(s.runs()) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no run began:\n%s", d.log())
		}
	}
	d.terminate()
	if got := s.query("SELECT r.outcome, s.error_code FROM runs r JOIN snapshots s ON s.run_id = r.id"); len(got) != 1 || got[0] != "failed|canceled" {
		t.Errorf("the run that was abandoned is recorded as %v", got)
	}
}

func (s *site) runs() []string {
	if _, err := os.Stat(s.path("auditor.db")); err != nil {
		return nil
	}
	return s.query("SELECT id FROM runs")
}

// The clock goes on by two days while the first night's run waits for an answer.
func TestARunLongerThanTheIntervalSkips(t *testing.T) {
	var waited atomic.Int64
	var s *site
	s = newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.GetAuthenticatedIdentity {
				waited.Add(int64(50 * time.Hour))
			}
			w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
			next.ServeHTTP(w, r)
		}
	})
	start := time.Now()
	s.clock = func() time.Time {
		return demo.Night(1).Add(-10*time.Millisecond + time.Since(start) + time.Duration(waited.Load()))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s.ctx = ctx
	d := &daemon{t: t}
	s.hook = func(text string) {
		if m := regexp.MustCompile(`listening on (http://\S+)`).FindStringSubmatch(text); m != nil {
			d.url = m[1]
		}
		if strings.Contains(text, "scheduled_times_skipped") {
			if n := d.metric("auditor_skipped_nights_total"); n != 2 {
				t.Errorf("%v skipped times are counted, want 2", n)
			}
			stop()
		}
	}
	if code := s.tonight("serve", "--schedule", "0 2 * * *", "--listen", "127.0.0.1:0"); code != exitComplete {
		t.Errorf("exit code %d", code)
	}
	const skipped = "count=2 first=2026-11-17T02:00:00.000Z last=2026-11-18T02:00:00.000Z"
	if !strings.Contains(s.printed.String(), skipped) || d.url == "" {
		t.Errorf("it does not say %s:\n%s", skipped, &s.printed)
	}
	if got := s.query("SELECT scheduled_for, outcome FROM runs"); len(got) != 1 || got[0] != "2026-11-16T02:00:00Z|complete" {
		t.Errorf("runs: %v", got)
	}
}

func TestSIGHUPReadsTheSettingsAgain(t *testing.T) {
	s := newSite(t, nil)
	config := s.path("auditor.yaml")
	write := func(text string) {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("schedule: '@yearly'\ntoken_expires: 2026-12-31\n")
	d := s.startServing()
	d.waitFor(`next run: \d{4}-01-01`)
	const tokenMetric = `auditor_token_expires_timestamp_seconds{source="default"}`
	before := d.metric(tokenMetric)
	write("schedule: '@yearly'\ntoken_expires: 2036-12-31\n") // there is a new token, and no run before the next year
	d.signal(syscall.SIGHUP)
	for end := time.Now().Add(patience); d.metric(tokenMetric) == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the metrics still have the end of the old token")
		}
	}
	write("schedule: sometimes\n")
	d.signal(syscall.SIGHUP)
	d.waitFor(`auditor: error: reloading the settings \(the old ones stay in use\): config file auditor.yaml:1:11: schedule: "sometimes"`)
	if d.metric("auditor_settings_reload_failures_total") != 1 {
		t.Error("the failed reload is not counted")
	}
	write("schedule: '@every 1s'\n")
	d.signal(syscall.SIGHUP)
	d.waitFor(`run 1 at .*: COMPLETE`)
	d.terminate()
	if got := strings.Join(s.query("SELECT expression FROM schedules ORDER BY id"), " then "); got != "@yearly then @every 1s" {
		t.Errorf("the schedules on record are %s", got)
	}
}

func TestNightsMissedWhileStoppedAreCaughtUpOnce(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(1)}
	if code := s.run("--schedule", "@daily"); code != exitComplete { // the midnights from 2026-11-17 on are expected
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	s.night += 3
	if code := s.serveOnce("--schedule", "@daily"); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	if got := s.query("SELECT trigger, scheduled_for, outcome FROM runs WHERE id > 1"); len(got) != 1 || got[0] != "catch_up|2026-11-19T00:00:00Z|complete" {
		t.Errorf("runs after the stop: %v", got)
	}
	s.printed.Reset()
	if code := s.tonight("runs"); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	for _, want := range []string{"2026-11-17 00:00:00 UTC to 2026-11-18 00:00:00 UTC  MISSED     none on 2 nights", "2026-11-19 00:00:00 UTC                             CAUGHT UP  2"} {
		if !strings.Contains(s.printed.String(), want) {
			t.Errorf("auditor runs does not say %q:\n%s", want, &s.printed)
		}
	}
	missed := s.query("SELECT subject_id FROM findings WHERE rule_id = 'RUN-002' AND status = 'fail' ORDER BY subject_id")
	if fmt.Sprint(missed) != "[2026-11-17T00:00:00Z]" {
		t.Errorf("RUN-002 fails for %v", missed)
	}
	s.expectMissedNightsInReport()
	// Nothing is left to catch up.
	if code := s.serveOnce("--schedule", "@daily"); code != exitComplete || len(s.query("SELECT id FROM runs")) != 2 {
		t.Errorf("exit code %d, runs %v", code, s.query("SELECT id, trigger FROM runs"))
	}
}

func (s *site) expectMissedNightsInReport() {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.path("reports"), "2026-11-19T020000Z-run-2", "runs.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	const gap = "no run started on 2 nights, the last at 2026-11-18 00:00:00 UTC"
	if strings.Count(string(text), ",missed,") != 1 || !strings.Contains(string(text), gap) {
		s.t.Errorf("the report's runs do not show the two missed nights:\n%s", text)
	}
}

func TestRunsAsJSONHasTheNights(t *testing.T) {
	s := newSite(t, nil)
	s.run("--schedule", "@daily")
	s.night += 3
	s.printed.Reset()
	if code := s.tonight("runs", "--json"); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	var got struct {
		Runs   []struct{ ID int64 }
		Nights []struct {
			Status string
			Nights int
		}
	}
	if err := json.Unmarshal(s.printed.Bytes(), &got); err != nil || len(got.Runs) != 1 || len(got.Nights) != 1 ||
		got.Nights[0].Status != "missed" || got.Nights[0].Nights != 3 {
		t.Errorf("%+v (error %v) in\n%s", got, err, &s.printed)
	}
}
