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

// faultsVariable says with how many calls of each kind TestEveryDiskCallOfARunMayFail begins a harm; "all" for every harm at every call, which
// takes a quarter of an hour.
const faultsVariable = "AUDITOR_TEST_FAULTS"

var harms = map[string]harm{
	"is refused":                     {errno: syscall.EIO},
	"and all after it find no space": {errno: syscall.ENOSPC, forGood: true},
	"is never done: kill -9":         {},
}

// TestEveryDiskCallOfARunMayFail lets one call after the other of a database's first run and of a later one fail. After each the database and the
// reports are sound, what failed was told, a run that says that it is complete is, and the next one finds what changed and nothing else.
func TestEveryDiskCallOfARunMayFail(t *testing.T) {
	skipIfShort(t)
	for name, nightsBefore := range map[string]int{"first run": 0, "later run": 1} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			fillHostile(s.state)
			for range nightsBefore {
				s.mustRun()
				s.respellNames(1)
			}
			start := s.keep(t)
			calls, printed, code := s.intercept(t, harm{})
			if code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, printed)
			}
			chosen := chosenHarms(t, calls)
			t.Logf("%d harms at %d calls", len(chosen), len(calls))
			for _, c := range chosen {
				t.Run(c.name, func(t *testing.T) {
					start.restore(t)
					before := s.complete(t)
					_, printed, code := s.intercept(t, c.harm)
					s.expectTold(t, before, printed, code)
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

// expectTold checks what a harmed run said and left, and that the next one works.
func (s *site) expectTold(t *testing.T, before []string, printed string, code int) {
	t.Helper()
	after := s.complete(t)
	switch {
	case code == exitComplete && len(after) != len(before)+1:
		t.Errorf("it says that it is complete and is not:\n%s", printed)
	case code == exitComplete && len(s.finishedReports(t)) != 1:
		t.Errorf("it says that it is complete and has no report:\n%s", printed)
	case code > 0 && (code != exitFailed || !strings.Contains(printed, "auditor: error: ") || !strings.Contains(printed, "auditor: hint: ")):
		t.Errorf("the failure is not told: exit code %d\n%s", code, printed)
	}
	s.expectSound(t, before)
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("the run after it: %v\n%s", err, out)
	}
	s.expectSound(t, after)
	want := []string(nil)
	if len(before) > 0 {
		want = slices.Repeat([]string{"renamed"}, len(hostileRows))
	}
	if d := cmp.Diff(want, s.query("SELECT kind FROM changes")); d != "" {
		t.Errorf("changes of both nights (-want +got):\n%s", d)
	}
	if left, _ := filepath.Glob(s.path("auditor.db-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func (s *site) finishedReports(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(s.path("reports/2*/SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return found
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
