package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// faultsVariable says with how many calls of each kind TestEveryDiskCallMayFail begins a harm;
// "all" for every harm at every call, which takes half an hour.
const faultsVariable = "AUDITOR_TEST_FAULTS"

var harms = map[string]harm{
	"is refused":                     {errno: syscall.EIO},
	"and all after it find no space": {errno: syscall.ENOSPC, forGood: true},
	"is never done: kill -9":         {},
}

// situation is a command that changes the database.
type situation struct {
	args []string
	// prepare makes the database as it is before, and returns a check of what the harmed command
	// left, and that what it said is so (finished: that all went well), and that the next command
	// works.
	prepare func(*testing.T, *site) (expect func(t *testing.T, finished bool))
}

var (
	aRun       = []string{"run", "-q", "--out", "reports"}
	situations = map[string]situation{
		"first run": {aRun, func(_ *testing.T, s *site) func(*testing.T, bool) { return s.expectRun(0) }},
		"later run": {aRun, func(_ *testing.T, s *site) func(*testing.T, bool) { return s.expectRun(1) }},
		"prune":     {[]string{"prune", "--keep-last", "1"}, fourNights},
		"backup":    {[]string{"backup", "copy.db"}, aCopy},
	}
)

// TestEveryDiskCallMayFail lets one call after the other of each situation's command fail. After
// each the database and the reports are sound, what failed was reported, and what the command said
// is so.
func TestEveryDiskCallMayFail(t *testing.T) {
	skipIfShort(t)
	t.Parallel() // one process at a time leaves a processor idle
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			fillHostile(s.state)
			expect := situation.prepare(t, s)
			start := s.keep(t)
			calls, printed, code := s.intercept(t, harm{}, situation.args)
			if code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, printed)
			}
			chosen := chosenHarms(t, calls)
			t.Logf("%d harms at %d calls", len(chosen), len(calls))
			for _, c := range chosen {
				t.Run(c.name, func(t *testing.T) {
					start.restore(t)
					_, printed, code := s.intercept(t, c.harm, situation.args)
					if code > 0 && (code != exitFailed || !strings.Contains(printed, "auditor: error: ") || !strings.Contains(printed, "auditor: hint: ")) {
						t.Errorf("the failure is not reported: exit code %d\n%s", code, printed)
					}
					expect(t, code == exitComplete)
					if left, _ := filepath.Glob(s.path("auditor.db-*")); len(left) > 0 {
						t.Errorf("left behind: %q", left)
					}
				})
			}
		})
	}
}

// namedHarm is a harm and where it begins.
type namedHarm struct {
	name string
	harm
}

// chosenHarms begins harms with as many calls of each kind as faultsVariable says, one without it.
func chosenHarms(t *testing.T, calls []string) (chosen []namedHarm) {
	t.Helper()
	byKind := make(map[string][]namedHarm)
	for i, call := range calls {
		kind, _, _ := strings.Cut(call, " ")
		for _, what := range slices.Sorted(maps.Keys(harms)) {
			h := harms[what]
			h.call = i + 1
			byKind[kind] = append(byKind[kind], namedHarm{fmt.Sprintf("call %d, %s, %s", i+1, call, what), h})
		}
	}
	random := rand.New(rand.NewPCG(1, 9))
	number := 1
	text := os.Getenv(faultsVariable)
	if _, err := fmt.Sscan(text, &number); err != nil && text != "" && text != "all" {
		t.Fatalf("%s: %v", faultsVariable, err)
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		of := byKind[kind]
		random.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		if text != "all" {
			of = of[:min(number, len(of))]
		}
		chosen = append(chosen, of...)
	}
	return chosen
}

// expectRun makes so many nights, and expects a run that finds what changed since and nothing else.
func (s *site) expectRun(nightsBefore int) func(*testing.T, bool) {
	s.makeNights(nightsBefore)
	return func(t *testing.T, finished bool) {
		t.Helper()
		after := s.complete(t)
		if len(after) < nightsBefore || finished && len(after) != nightsBefore+1 {
			t.Errorf("%d complete snapshots after %d nights; it says that it is complete: %v", len(after), nightsBefore, finished)
		}
		if reports, _ := filepath.Glob(s.path("reports/2*/SHA256SUMS")); finished && len(reports) != 1 {
			t.Error("it says that it is complete and has no report")
		}
		s.expectSound(t, after)
		s.runAgain(t)
		s.expectSound(t, after)
		want := slices.Repeat([]string{"renamed"}, nightsBefore*hostileRows)
		if got := s.query("SELECT kind FROM changes"); !slices.Equal(want, got) {
			t.Errorf("changes of both nights: %q, want %q", got, want)
		}
	}
}

func (s *site) makeNights(n int) {
	s.t.Helper()
	for range n {
		s.mustRun("--out", s.path("earlier"))
		s.respellNames(1)
	}
}

func (s *site) runAgain(t *testing.T) {
	t.Helper()
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("the run after it: %v\n%s", err, out)
	}
}

// fourNights expects of what is pruned that the register stays whole, and the newest snapshot too.
func fourNights(_ *testing.T, s *site) func(*testing.T, bool) {
	s.makeNights(4)
	return func(t *testing.T, finished bool) {
		t.Helper()
		pruned := s.query("SELECT count(*) FROM snapshots WHERE pruned_at IS NOT NULL")[0]
		if pruned != "3" && (finished || pruned != "0") {
			t.Errorf("%s of 4 snapshots are pruned; it says that it is done: %v", pruned, finished)
		}
		s.expectVerified(t)
		s.command("prune", "--keep-last", "1")
		s.expectVerified(t)
		if d := cmp.Diff([]string{"1|1|0", "2|1|0", "3|1|0", "4|0|4"}, s.query(`SELECT id, pruned_at IS NOT NULL,
			(SELECT count(*) FROM scim_configurations c WHERE c.snapshot_id = s.id) FROM snapshots s ORDER BY id`)); d != "" {
			t.Errorf("snapshots (-want +got):\n%s", d)
		}
	}
}

// aCopy expects a copy that is whole or not there.
func aCopy(_ *testing.T, s *site) func(*testing.T, bool) {
	s.makeNights(1)
	return func(t *testing.T, finished bool) {
		t.Helper()
		s.expectVerified(t)
		_, err := os.Stat(s.path("copy.db"))
		if finished && err != nil {
			t.Errorf("it says that the copy is there: %v", err)
		}
		if err != nil {
			s.command("backup", s.path("copy.db"))
		}
		if d := cmp.Diff([]string{"ok", "4"}, append(queryFile(t, s.path("copy.db"), "PRAGMA integrity_check"),
			queryFile(t, s.path("copy.db"), "SELECT count(*) FROM scim_configurations")...)); d != "" {
			t.Errorf("the copy (-want +got):\n%s", d)
		}
		s.runAgain(t)
	}
}

// kept is a site's database at some time; nil content for none.
type kept struct {
	site    *site
	content []byte
}

func (s *site) keep(t *testing.T) kept {
	t.Helper()
	content, err := os.ReadFile(s.path("auditor.db"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return kept{s, content}
}

// restore puts the database back and takes away all that came after it.
func (k kept) restore(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(k.site.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(k.site.path(e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if k.content == nil {
		return
	}
	if err := os.WriteFile(k.site.path("auditor.db"), k.content, 0o600); err != nil {
		t.Fatal(err)
	}
}
