package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/settings"
)

// clockSite is a site whose own clock may be wrong; the server's never is.
type clockSite struct {
	*site
	right time.Time
	wrong time.Duration
}

func newClockSite(t *testing.T) *clockSite {
	s := &clockSite{right: demo.Night(1)}
	s.site = newSite(t, func(server *demo.Server) { server.Now = func() time.Time { return s.right } })
	s.state.SCIM = []demo.Row{configuration(1)}
	s.clock = func() time.Time { return s.right.Add(s.wrong) }
	return s
}

// nightly makes the scheduled run of the night, and writes its metrics.
func (s *clockSite) nightly(night int, wrong time.Duration, args ...string) int {
	s.right, s.wrong = demo.Night(night), wrong
	return s.tonight("run", append([]string{"--schedule", "0 2 * * *", "--metrics-file", s.path("auditor.prom")}, args...)...)
}

func (s *clockSite) metric(name string) string {
	text, err := os.ReadFile(s.path("auditor.prom"))
	if err != nil {
		s.t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^auditor_` + name + `(?:\{[^}]*\})? (\S+)$`).FindSubmatch(text)
	if m == nil {
		return ""
	}
	return string(m[1])
}

func (s *clockSite) latest() string {
	name, err := os.Readlink(filepath.Join(s.path("reports"), "latest"))
	if err != nil {
		s.t.Fatal(err)
	}
	return name
}

func TestARunWithAWrongClockCountsForNothing(t *testing.T) {
	skipIfShort(t)
	const year = 365 * 24 * time.Hour
	for name, wrong := range map[string]time.Duration{"in 2036": 10 * year, "in 1970": -57 * year, "two hours ahead": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.nightly(1, 0)
			if code := s.nightly(2, 0); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &s.printed)
			}
			latest, complete, started := s.latest(), s.metric("last_complete_timestamp_seconds"), s.metric("run_started_timestamp_seconds")
			if latest != "2026-11-17T020000Z-run-2" || complete == "" || started == "" {
				t.Fatalf("latest %s, metrics %s %s", latest, complete, started)
			}
			if code := s.nightly(3, wrong); code != exitFailed {
				t.Errorf("exit code %d\n%s", code, &s.printed)
			}
			if got := s.query("SELECT error_code FROM snapshots WHERE run_id = 3"); len(got) != 1 || got[0] != "clock_wrong" {
				t.Errorf("error codes of the run: %v\n%s", got, &s.printed)
			}
			if got := s.query("SELECT outcome, clock_wrong FROM runs WHERE id = 3"); got[0] != "failed|1" {
				t.Errorf("the run is %v", got)
			}
			if got := s.latest(); got != latest {
				t.Errorf("latest moved from %s to %s", latest, got)
			}
			if got := s.metric("last_complete_timestamp_seconds"); got != complete {
				t.Errorf("the metric of the last complete snapshot moved from %s to %q", complete, got)
			}
			if got := s.metric("run_started_timestamp_seconds"); got != "" {
				t.Errorf("the metric of the last start moved from %s to %s", started, got)
			}
			if got := s.metric("run_complete"); got != "0" {
				t.Errorf("the last run is complete by its metric: %q", got)
			}
			// The clock is right again, and nothing runs for five nights.
			s.right, s.wrong = demo.Night(8).Add(time.Hour), 0
			s.printed.Reset()
			s.tonight("runs")
			if wrong > year {
				s.expect(", later than now: it counts for no night")
			} else {
				s.expect(" by a wrong clock: it counts for no night")
			}
			for _, want := range []string{"2026-11-18 02:00:00 UTC to 2026-11-23 02:00:00 UTC  MISSED    none on 6 nights", "2026-11-17 02:00:00 UTC                             COMPLETE  2"} {
				if !strings.Contains(s.printed.String(), want) {
					t.Errorf("the register does not say %q:\n%s", want, &s.printed)
				}
			}
			if ready, said := s.readiness(); ready || !strings.Contains(said, "no complete run since the run due at 2026-11-23 02:00:00 UTC, whose status is missed") {
				t.Errorf("ready: %v, %s", ready, said)
			}
			if code := s.nightly(9, 0); code != exitComplete || s.latest() != "2026-11-24T020000Z-run-4" {
				t.Errorf("exit code %d, latest %s", code, s.latest())
			}
			if got := s.query("SELECT observed FROM findings WHERE rule_id = 'RUN-002' AND status = 'fail' AND snapshot_id = 4"); len(got) != 1 ||
				got[0] != "No complete run exists for 6 nights, scheduled from 2026-11-18 02:00:00 UTC to 2026-11-23 02:00:00 UTC." {
				t.Errorf("RUN-002: %v", got)
			}
			later := s.query("SELECT observed FROM findings WHERE rule_id = 'RUN-007' AND status = 'fail' AND snapshot_id = 4")
			if inFuture := wrong > year; inFuture != (len(later) == 1 && strings.HasPrefix(later[0], "These runs are recorded later than this one and count for no night: run 3 at 2036-")) {
				t.Errorf("RUN-007: %v", later)
			}
			s.verify(exitComplete)
		})
	}
}

// offline makes the scheduled run of the night without a network.
func (s *clockSite) offline(night int, wrong time.Duration, args ...string) {
	s.t.Helper()
	args = append([]string{"--base-url", "http://127.0.0.1:1/api", "--timeout", "100ms"}, args...)
	if code := s.nightly(night, wrong, args...); code != exitFailed {
		s.t.Errorf("exit code %d\n%s", code, &s.printed)
	}
}

// Nobody confirms the clock of a run that no server answers.
func TestARunWithoutANetworkAndWithAWrongClockCountsForNothing(t *testing.T) {
	skipIfShort(t)
	const year = 365 * 24 * time.Hour
	for name, wrong := range map[string]time.Duration{"in 2036": 10 * year, "in 1970": -57 * year} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.nightly(1, 0)
			s.nightly(2, 0)
			latest, complete := s.latest(), s.metric("last_complete_timestamp_seconds")
			s.offline(3, wrong)
			if got := s.query("SELECT outcome, clock_wrong FROM runs WHERE id = 3"); got[0] != "failed|1" {
				t.Errorf("the run is %v", got)
			}
			if got := s.latest(); got != latest {
				t.Errorf("latest moved from %s to %s", latest, got)
			}
			for metric, want := range map[string]string{"last_complete_timestamp_seconds": complete, "run_started_timestamp_seconds": "", "run_complete": "0"} {
				if got := s.metric(metric); got != want {
					t.Errorf("%s is %q, want %q", metric, got, want)
				}
			}
			s.nightly(5, 0)
			s.printed.Reset()
			s.tonight("runs")
			if wrong < 0 {
				s.expect("run 3 is recorded at 1969-12-02 02:00:00 UTC, and nobody confirms its clock: it counts for no night")
			}
			if want := "2026-11-18 02:00:00 UTC to 2026-11-19 02:00:00 UTC  MISSED    none on 2 nights"; !strings.Contains(s.printed.String(), want) ||
				strings.Count(s.printed.String(), "MISSED") != 1 {
				t.Errorf("the register does not say %q alone:\n%s", want, &s.printed)
			}
			s.verify(exitComplete)
		})
	}
}

// With a right clock, a night without a network is a failed night like every other.
func TestANightWithoutANetworkIsAFailedNight(t *testing.T) {
	s := newClockSite(t)
	s.nightly(1, 0)
	s.offline(2, 0)
	if got := s.query("SELECT outcome, clock_wrong FROM runs WHERE id = 2"); got[0] != "failed|0" {
		t.Errorf("the run is %v", got)
	}
	if got, want := s.latest(), "2026-11-17T020000Z-run-2"; got != want {
		t.Errorf("latest is %s, want %s", got, want)
	}
	if s.metric("run_complete") != "0" || s.metric("run_started_timestamp_seconds") == "" {
		t.Errorf("metrics: complete %q, started %q", s.metric("run_complete"), s.metric("run_started_timestamp_seconds"))
	}
	s.printed.Reset()
	s.tonight("runs")
	s.expect("2026-11-17 02:00:00 UTC  FAILED  2")
}

// The first run of all has no network, and its clock is in 1970 or in 2036.
func TestAFirstRunWithoutANetworkIsNotTheBeginning(t *testing.T) {
	skipIfShort(t)
	const year = 365 * 24 * time.Hour
	for name, wrong := range map[string]time.Duration{"in 2036": 10 * year, "in 1970": -57 * year} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.offline(1, wrong)
			s.nightly(2, 0)
			s.nightly(4, 0)
			s.printed.Reset()
			s.tonight("runs")
			if want := "2026-11-18 02:00:00 UTC  MISSED    none"; !strings.Contains(s.printed.String(), want) || strings.Count(s.printed.String(), "MISSED") != 1 {
				t.Errorf("the register does not say %q alone:\n%s", want, &s.printed)
			}
			s.printed.Reset()
			if code := s.tonight("report", "--from", "2026-11-15", "--to", "2026-11-18"); code != exitComplete {
				t.Errorf("exit code %d\n%s", code, &s.printed)
			}
			s.expect("1 of 2 expected nights of 1 organization without a complete snapshot")
			s.verify(exitComplete)
		})
	}
}

// Nobody confirms a right clock after 100 days without an answer: that is said everywhere.
func TestARunWhoseClockNobodyConfirmsSaysSo(t *testing.T) {
	s := newClockSite(t)
	s.nightly(1, 0)
	s.offline(100, 0)
	s.printed.Reset()
	s.offline(103, 0)
	s.expect("run 3 began at 2027-02-26 02:00:00 UTC, and nobody confirms its clock: it counts for no night")
	s.right = demo.Night(104).Add(-time.Hour)
	s.printed.Reset()
	s.tonight("runs")
	s.expect("run 3 is recorded at 2027-02-26 02:00:00 UTC, and nobody confirms its clock: it counts for no night",
		"2027-02-24 02:00:00 UTC to 2027-02-26 02:00:00 UTC  MISSED  none on 3 nights")
	if strings.Contains(s.printed.String(), "run 2 is recorded") {
		t.Errorf("the clock of run 2 is not believed:\n%s", &s.printed)
	}
	s.tonight("report", "--from", "2027-02-23", "--to", "2027-02-26", "--formats", "csv")
	folders, err := filepath.Glob(s.path("reports/2027-02-23--2027-02-26*/nights.csv"))
	if len(folders) != 1 || err != nil {
		t.Fatalf("reports of the period: %v, %v\n%s", folders, err, &s.printed)
	}
	const want = "no run counts for this night; run 3 ran with a clock that nobody confirms between the runs before and after it"
	const row = "run 3, recorded at 2027-02-26 02:00:00 UTC by a clock that nobody confirms, failed"
	if text := readFile(t, folders[0]); strings.Count(text, want) != 3 || !strings.Contains(text, row) ||
		strings.Contains(text, "wrong clock") {
		t.Errorf("the nights:\n%s", text)
	}
}

// The clock of run 3 was ahead, so that its time has come only after the opening snapshot of the period.
func TestARunWhoseTimeHasComeIsAFailedRunOfThatNight(t *testing.T) {
	s := newClockSite(t)
	s.nightly(1, 0)
	s.nightly(2, 0)
	s.offline(3, 50*24*time.Hour)
	s.nightly(4, 0)
	s.right, s.wrong = demo.Night(54).Add(30*time.Hour), 0
	s.printed.Reset()
	s.tonight("report", "--from", "2027-01-05", "--to", "2027-01-08", "--formats", "csv")
	s.expect("NOT COMPLETE: 4 of 4 expected nights of 1 organization without a complete snapshot.\n") // no tie-out failed
	s.printed.Reset()
	s.tonight("runs")
	s.expect("2027-01-07 02:00:00 UTC                             FAILED    3")
}

// What a report says of a run must not change when a later run has a right clock. The clock of the
// run may have been right, or not.
func TestRunsWithoutANetworkStayWhatTheyWere(t *testing.T) {
	skipIfShort(t)
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		wrong   [2]time.Duration
		nights  [3]int
		latest  string
		clocks  string
		expects []string
	}{
		"in 1970 and right": {
			[2]time.Duration{-57 * year, 0}, [3]int{1, 2, 3}, "2026-11-18T020000Z-run-3", "1 0 0", []string{"2026-11-18 02:00:00 UTC  COMPLETE  3\n"},
		},
		"twice in 2036": {
			[2]time.Duration{10 * year, 10 * year}, [3]int{1, 4, 5}, "2026-11-20T020000Z-run-3", "0 0 0",
			[]string{"run 1 is recorded at 2036-11-13 02:00:00 UTC, later than now: it counts for no night", "run 2 is recorded at 2036-11-16"},
		},
		"right, 110 days before the first answer": {
			[2]time.Duration{}, [3]int{1, 2, 110}, "2027-03-05T020000Z-run-3", "0 0 0",
			[]string{"2026-11-17 02:00:00 UTC                             FAILED    2", "2026-11-18 02:00:00 UTC to 2027-03-04 02:00:00 UTC  MISSED"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.offline(c.nights[0], c.wrong[0])
			s.offline(c.nights[1], c.wrong[1])
			s.verify(exitComplete)
			s.nightly(c.nights[2], 0)
			s.verify(exitComplete)
			if got := strings.Join(s.query("SELECT clock_wrong FROM runs ORDER BY id"), " "); got != c.clocks || s.latest() != c.latest {
				t.Errorf("clock_wrong %s, latest %s, want %s and %s", got, s.latest(), c.clocks, c.latest)
			}
			s.printed.Reset()
			s.tonight("runs")
			s.expect(c.expects...)
		})
	}
}

// The clock of the next run is later than the report of the period, or was wrong, and it brings
// another schedule.
func TestARunAfterAReportOfAPeriodDoesNotChangeIt(t *testing.T) {
	skipIfShort(t)
	for name, wrong := range map[string]time.Duration{"right": 0, "in 2036": 10 * 365 * 24 * time.Hour, "in 1970": -57 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			for night := 1; night <= 3; night++ {
				s.nightly(night, 0)
			}
			s.right = demo.Night(3).Add(22*time.Hour + 30*time.Minute)
			if code := s.tonight("report", "--from", "2026-11-16", "--to", "2026-11-18"); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &s.printed)
			}
			s.offline(4, wrong, "--schedule", "0 */6 * * *")
			s.right, s.wrong = s.right.Add(time.Hour), wrong
			if code := s.tonight("review", "--run", "2", "--by", "jane@example.com", "--conclusion", "as planned"); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &s.printed)
			}
			s.nightly(5, 0)
			s.printed.Reset()
			s.verify(exitComplete)
			s.expect("6 reports written")
		})
	}
}

// readiness asks a server that begins to serve now and does nothing else.
func (s *clockSite) readiness() (ready bool, said string) {
	s.t.Helper()
	v := &service{env: environment{now: s.now}}
	v.settings.Store(&settings.Settings{Config: settings.Config{DB: s.path("auditor.db")}, Timeout: 30 * time.Minute})
	err := v.ready(s.ctx)
	if err != nil {
		said = err.Error()
	}
	return err == nil, said
}

// An earlier version recorded a run in 2036 as complete, and a server sends no Date.
func TestARunRecordedLaterThanNowIsNotTheNewest(t *testing.T) {
	s := newClockSite(t)
	s.site = newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
			w.Header()["Date"] = nil
			next.ServeHTTP(w, r)
		}
	})
	s.clock = func() time.Time { return s.right.Add(s.wrong) }
	s.nightly(1, 0)
	if code := s.nightly(2, 10*365*24*time.Hour); code != exitComplete {
		t.Fatalf("a server without a Date fails the run: exit code %d\n%s", code, &s.printed)
	}
	s.right, s.wrong = demo.Night(7).Add(time.Hour), 0
	if ready, said := s.readiness(); ready {
		t.Errorf("ready although five nights are missed: %s", said)
	}
	s.nightly(8, 0)
	if got, want := s.metric("last_complete_timestamp_seconds"), "1.7953992e+09"; got != want {
		t.Errorf("the last complete snapshot is of %s by its metric, want %s", got, want)
	}
	if got := s.latest(); got != "2026-11-23T020000Z-run-3" {
		t.Errorf("the latest report is %s", got)
	}
	s.printed.Reset()
	s.tonight("runs")
	if want := "run 2 is recorded at 2036-11-14 02:00:00 UTC, later than now: it counts for no night"; !strings.Contains(s.printed.String(), want) {
		t.Errorf("the register does not say %q:\n%s", want, &s.printed)
	}
	if got := s.query("SELECT status, severity FROM findings WHERE rule_id = 'RUN-007' ORDER BY snapshot_id"); strings.Join(got, " ") != "not_assessed|high not_assessed|high fail|high" {
		t.Errorf("RUN-007: %v", got)
	}
	if got := s.query("SELECT observed FROM findings WHERE rule_id = 'RUN-002' AND snapshot_id = 3"); len(got) != 1 ||
		got[0] != "No complete run exists for 6 nights, scheduled from 2026-11-17 02:00:00 UTC to 2026-11-22 02:00:00 UTC." {
		t.Errorf("RUN-002: %v", got)
	}
}

// The schedule is recorded by the very run whose clock is wrong.
func TestAScheduleRecordedWithAWrongClockIsInForceFromTheNextRun(t *testing.T) {
	for name, wrong := range map[string]time.Duration{"in 2036": 10 * 365 * 24 * time.Hour, "in 1970": -57 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.nightly(1, wrong, "--schedule", "*/5 * * * *")
			s.nightly(2, 0, "--schedule", "*/5 * * * *")
			s.right = demo.Night(2).Add(15 * time.Minute)
			s.printed.Reset()
			s.tonight("runs")
			if want := "2026-11-17 02:05:00 UTC to 2026-11-17 02:10:00 UTC  MISSED  none on 2 nights"; !strings.Contains(s.printed.String(), want) || strings.Count(s.printed.String(), "\n") > 9 {
				t.Errorf("the register does not say %q alone:\n%s", want, &s.printed)
			}
		})
	}
}

// Between five minutes and an hour, the run counts and SCIM-021 says it.
func TestAClockThatIsHalfAnHourOffIsAFinding(t *testing.T) {
	s := newClockSite(t)
	if code := s.nightly(1, 30*time.Minute); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	if got := s.query("SELECT observed FROM findings WHERE rule_id = 'SCIM-021' AND status = 'fail' AND observed LIKE 'The local clock%'"); len(got) != 1 {
		t.Errorf("SCIM-021: %v", got)
	}
}

func TestAGapStaysOpenForThePeriodOfTheSettings(t *testing.T) {
	skipIfShort(t)
	for _, c := range []struct {
		days   string
		closed int // the night that no longer reports it
	}{{"", 4 + 36}, {"5", 4 + 6}} {
		s := newClockSite(t)
		var args []string
		if c.days != "" {
			path := s.path("auditor.yaml")
			if err := os.WriteFile(path, []byte("rules:\n  thresholds:\n    missed_nights_days: "+c.days+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args = []string{"--config", path}
		}
		for night := 1; night <= c.closed; night++ {
			if night == 4 {
				continue
			}
			s.nightly(night, 0, append(args, "--formats", "json")...)
		}
		const want = "No complete run exists for the night scheduled at 2026-11-19 02:00:00 UTC."
		got := s.query("SELECT count(*), min(observed), max(observed), max(days_open) FROM findings WHERE rule_id = 'RUN-002' AND status = 'fail'")
		if n := c.closed - 5; len(got) != 1 || !strings.HasPrefix(got[0], strconv.Itoa(n)+"|"+want+"|"+want+"|") {
			t.Errorf("with %q days, RUN-002 fails %v, want %d times", c.days, got, n)
		}
		s.verify(exitComplete)
	}
}

// What prune removes must not depend on a clock that no server has confirmed for long.
func TestPruneDoesNotBelieveAClockFarFromTheLastRun(t *testing.T) {
	s := newClockSite(t)
	for night := 1; night <= 3; night++ {
		s.nightly(night, 0)
	}
	s.wrong = 10 * 365 * 24 * time.Hour
	for _, flag := range []string{"--keep-days", "--responses-older-than", "--reports-older-than"} {
		s.printed.Reset()
		if code := s.tonight("prune", flag, "30"); code != exitFailed {
			t.Errorf("%s: exit code %d", flag, code)
		}
		s.expect("it is 2036-11-15 02:00:00 UTC by the clock of this machine, but the last run whose clock the server confirmed began at " +
			"2026-11-18 02:00:00 UTC: nothing was removed")
	}
	if got := s.query("SELECT count(*) FROM prunes"); got[0] != "0" {
		t.Errorf("%s prunes are recorded", got[0])
	}
	if code := s.tonight("prune", "--older-than", "2026-11-17"); code != exitComplete {
		t.Errorf("with a date: exit code %d\n%s", code, &s.printed)
	}
}

// A run that did start is not "no run started", and the report lists it.
func TestThePeriodNamesARunWithAWrongClock(t *testing.T) {
	s := newClockSite(t)
	s.nightly(1, 0)
	s.nightly(2, 10*365*24*time.Hour)
	s.nightly(3, 0)
	s.right, s.wrong = demo.Night(4), 0
	s.tonight("report", "--from", "2026-11-16", "--to", "2026-11-18")
	folders, err := filepath.Glob(s.path("reports/2026-11-16--2026-11-18*"))
	if len(folders) != 1 || err != nil {
		t.Fatalf("reports of the period: %v, %v\n%s", folders, err, &s.printed)
	}
	const want = "no run counts for this night; run 2 ran with a wrong clock between the runs before and after it"
	if text := readFile(t, filepath.Join(folders[0], "nights.csv")); !strings.Contains(text, want) || strings.Contains(text, "no run started") {
		t.Errorf("the nights:\n%s", text)
	}
	if text := readFile(t, filepath.Join(folders[0], "runs.csv")); !strings.Contains(text, "2036-11-14") {
		t.Errorf("the runs:\n%s", text)
	}
}

// The first run was in 2036 or in 1970; a report of the time since must not depend on it.
func TestAFirstRunWithAWrongClockIsNotTheBeginning(t *testing.T) {
	for name, wrong := range map[string]time.Duration{"in 2036": 10 * 365 * 24 * time.Hour, "in 1970": -57 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := newClockSite(t)
			s.nightly(1, wrong)
			s.nightly(2, 0)
			s.nightly(3, 0)
			s.right, s.wrong = demo.Night(4), 0
			s.printed.Reset()
			if code := s.tonight("report", "--from", "2026-11-15", "--to", "2026-11-18"); code != exitComplete {
				t.Errorf("exit code %d\n%s", code, &s.printed)
			}
			folders, err := filepath.Glob(s.path("reports/2026-11-15--2026-11-18*/nights.csv"))
			if len(folders) != 1 || err != nil {
				t.Fatalf("reports of the period: %v, %v\n%s", folders, err, &s.printed)
			}
			nights := readFile(t, folders[0])
			if strings.Contains(nights, "acme,2026-11-15") || !strings.Contains(nights, "2026-11-18T02:00:00Z") || strings.Contains(nights, "missed") {
				t.Errorf("the nights:\n%s", nights)
			}
		})
	}
}

func TestCheckFailsForAClockWithWhichEveryRunFails(t *testing.T) {
	s := newClockSite(t)
	s.wrong = 2 * time.Hour
	if code := s.tonight("check"); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	s.expect("off the server's clock: every run fails", "set the clock of this machine")
	s.wrong = 30 * time.Minute
	if code := s.tonight("check"); code != exitComplete {
		t.Errorf("half an hour: exit code %d\n%s", code, &s.printed)
	}
}

// The server of one organization sends no Date, so its snapshot is complete; the clock is wrong all the
// same.
func TestACompleteOrganizationWithoutADateDoesNotHideAWrongClock(t *testing.T) {
	acme, globex := demo.NewState("acme"), demo.NewState("globex")
	server := demo.NewServerWith(acme, globex)
	server.Now = func() time.Time { return demo.Night(1) }
	server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		if r.Header.Get("Authorization") == "Bearer "+globex.Token {
			w.Header()["Date"] = nil
		}
		next.ServeHTTP(w, r)
	}
	api := httptest.NewServer(server)
	t.Cleanup(api.Close)
	s := &site{t: t, folder: t.TempDir()}
	tokens := map[string]string{"ACME": acme.Token, "GLOBEX": globex.Token}
	config := "db: " + s.path("auditor.db") + "\nout: " + s.path("reports") + "\norganizations:\n"
	for _, name := range []string{"acme", "globex"} {
		config += "  - name: " + name + "\n    base_url: " + api.URL + "/api\n    token_env: " + strings.ToUpper(name) + "\n"
	}
	writeText(t, s.path("auditor.yaml"), config)
	code := run(t.Context(), environment{
		args: []string{"run", "--config", s.path("auditor.yaml")}, getenv: func(name string) string { return tokens[name] },
		stdout: s, stderr: s, now: func() time.Time { return demo.Night(1).Add(10 * 365 * 24 * time.Hour) },
		hostname: func() (string, error) { return "host", nil },
	})
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	got := s.query("SELECT source, outcome FROM snapshots UNION ALL SELECT outcome, clock_wrong FROM runs ORDER BY 1")
	if want := "acme|failed failed|1 globex|complete"; strings.Join(got, " ") != want {
		t.Errorf("the snapshots and the run are %v, want %s", got, want)
	}
}
