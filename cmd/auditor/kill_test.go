package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/check"
	"scim-auditor/internal/snapshot"
)

const (
	// asCommand is a variable that makes the test program be the command, so that a test can end it
	// as the system can.
	asCommand = "AUDITOR_TEST_AS_COMMAND"
	// clockVariable is an instant that the clock of such a command shows all the time.
	clockVariable = "AUDITOR_TEST_CLOCK"
	// killsVariable says how many runs TestARunThatIsKilledLosesNothing kills.
	killsVariable = "AUDITOR_TEST_KILLS"
)

// process is the command as a process of its own, against the site's API.
func (s *site) process(ctx context.Context, environment ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], "run", "-q", "--db", s.path("auditor.db"), "--out", s.path("reports"))
	c.Env = append([]string{asCommand + "=1", processClock(), "ONA_TOKEN=" + s.state.Token, "GITPOD_BASE_URL=" + s.url}, environment...)
	for name, value := range s.variables {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Dir = s.folder
	return c
}

// executeByClock is the command, with the clock of the test if that sets one.
func executeByClock() int {
	text := os.Getenv(clockVariable)
	if text == "" {
		return execute(processTime)
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	}
	return run(context.Background(), environment{
		args: os.Args[1:], getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr, now: func() time.Time { return at },
		hostname: func() (string, error) { return "host", nil }, hangups: hangups, freeSpace: check.FreeSpace,
	})
}

func TestARunThatIsKilledLosesNothing(t *testing.T) {
	skipIfShort(t)
	kills := 6
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killsVariable, err)
		}
	}
	random := rand.New(rand.NewPCG(uint64(kills), 5))
	var s *site
	var took time.Duration
	killed := 0
	for n := range kills {
		if n%10 == 0 { // a new database, so that its first run is killed too
			s = newSite(t, nil)
			s.fill()
			took = max(took, timeOneRun(t, newSite(t, nil)))
		}
		s.change(func() { s.state.SCIM[n%len(s.state.SCIM)]["name"] = "renamed " + strconv.Itoa(n) })
		before := s.complete(t)
		if killAfter(t, s, time.Duration(random.Int64N(int64(took)))) {
			killed++
		}
		s.expectSound(t, before)
		if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
			t.Fatalf("the run after kill %d: %v\n%s", n, err, out)
		}
		s.expectSound(t, append(before, s.complete(t)[len(before)]))
	}
	t.Logf("%d of %d runs were killed before they ended", killed, kills)
}

// timeOneRun is how long the command takes from its start to its end.
func timeOneRun(t *testing.T, s *site) time.Duration {
	t.Helper()
	s.fill()
	start := time.Now()
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return time.Since(start)
}

// killAfter starts a run and kills it; it says whether the run had not ended before.
func killAfter(t *testing.T, s *site, delay time.Duration) bool {
	t.Helper()
	c := s.process(t.Context())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(delay, func() { _ = c.Process.Kill() })
	defer timer.Stop()
	return c.Wait() != nil
}

// complete is the chain's value of each complete snapshot, oldest first; nil where there is no
// database yet.
func (s *site) complete(t *testing.T) []string {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), s.path("auditor.db"))
	if errors.Is(err, snapshot.ErrNoDatabaseFile) || errors.Is(err, snapshot.ErrOlderVersion) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	all, err := store.CompleteSnapshots(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	values := []string{}
	for _, h := range all {
		values = append(values, h.ChainSHA256)
	}
	return values
}

// expectSound verifies the database and the reports, and that no complete snapshot of before is
// lost or short.
func (s *site) expectSound(t *testing.T, before []string) {
	t.Helper()
	after := s.complete(t)
	if len(after) < len(before) || strings.Join(after[:len(before)], " ") != strings.Join(before, " ") {
		t.Fatalf("complete snapshots %q, before %q", after, before)
	}
	if after == nil {
		return
	}
	s.expectVerified(t)
	want := strconv.Itoa(len(s.state.SCIM))
	for _, got := range s.query("SELECT (SELECT count(*) FROM scim_configurations c WHERE c.snapshot_id = s.id) FROM snapshots s WHERE outcome = 'complete'") {
		if got != want {
			t.Fatalf("a complete snapshot shows %s configurations, want %s", got, want)
		}
	}
}

// expectVerified runs the command verify.
func (s *site) expectVerified(t *testing.T) {
	t.Helper()
	if printed, code := s.ask("verify", "--out", s.path("reports")); code != exitComplete {
		t.Fatalf("verify: exit code %d\n%s", code, printed)
	}
}

func TestAFullDiskIsToldAndLosesNothing(t *testing.T) {
	skipIfShort(t)
	s := newSite(t, nil)
	s.fill()
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before := s.complete(t)
	// The files that a run writes are some kilobytes: the limit is met by the log, by the database,
	// or by a report.
	for _, limit := range []int64{4 << 10, 16 << 10, 40 << 10} {
		s.respellNames(limit)
		out, err := s.process(t.Context(), fileLimit+"="+strconv.FormatInt(limit, 10)).CombinedOutput()
		if runsElsewhere(out) {
			t.Skip("this system has no limit on the size of files")
		}
		exited, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exited.ExitCode() != exitFailed {
			t.Fatalf("limit %d: %v, want exit code %d\n%s", limit, err, exitFailed, out)
		}
		if !bytes.Contains(out, []byte("auditor: error:")) || !bytes.Contains(out, []byte("auditor: hint:")) {
			t.Errorf("limit %d: the failure is not reported:\n%s", limit, out)
		}
		s.expectSound(t, before)
	}
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("the run with room again: %v\n%s", err, out)
	}
	s.expectSound(t, before)
	if left, _ := filepath.Glob(s.path("reports/.2*")); len(left) > 0 {
		t.Errorf("parts of reports were left: %v", left)
	}
}

// respellNames changes every configuration, so that a run has much to store.
func (s *site) respellNames(n int64) {
	s.world.Lock()
	defer s.world.Unlock()
	for _, row := range s.state.SCIM {
		row["name"] = row["name"].(string) + strconv.FormatInt(n%7, 10)
	}
}
