package period

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// withoutSSO returns what a token reads that may not list the SSO configurations.
func withoutSSO(v visited) visited {
	v.inventory.SSO, v.inventory.SSONotAssessed = nil, "permission_denied"
	return v
}

// withOneSSO returns an inventory with one SSO configuration fewer.
func withOneSSO(v visited) visited {
	v.inventory.SSO = v.inventory.SSO[:1]
	return v
}

// unreadInBetween returns a store that read the SSO configurations only on the first and the fifth
// of November; one of them was removed in between.
func unreadInBetween(t *testing.T) *snapshot.Store {
	t.Helper()
	blind := []visited{withoutSSO(acmeWith())}
	return nightly(t, nil, []visited{acmeWith()}, blind, blind, blind, []visited{withOneSSO(acmeWith())})
}

func TestNothingIsSaidOfAnEndAtWhichTheConfigurationsCouldNotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		to         int
		population []string
	}{
		"not at the end": {4, []string{
			"at the start 2 snapshot taken at 2026-11-01 02:00:00 UTC",
			"added or reappeared  not known: only one snapshot could read them",
			"removed  not known: only one snapshot could read them",
			"at the end  not known: the last snapshot that could read them, taken at 2026-11-01 02:00:00 UTC, has 2",
		}},
		"at both ends": {5, []string{
			"at the start 2 snapshot taken at 2026-11-01 02:00:00 UTC", "added or reappeared 0 ", "removed 1 ",
			"at the end 1 snapshot taken at 2026-11-05 02:00:00 UTC",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := readPeriod(t, unreadInBetween(t), inNovember(c.to))
			var population []string
			for _, row := range rowsOf(d.sheet("Population"), "population", "item", "count", "remark_on_count") {
				if text, is := strings.CutPrefix(row, "SSO configurations "); is {
					population = append(population, text)
				}
			}
			if d := cmp.Diff(c.population, population); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestAStartThatCouldNotBeReadIsNotKnown(t *testing.T) {
	blind := []visited{withoutSSO(acmeWith())}
	store := nightly(t, blind, blind, []visited{acmeWith()}, []visited{withOneSSO(acmeWith())})
	d := readPeriod(t, store, inNovember(3))
	const want = "SSO configurations at the start  not known: the first snapshot that could read them, " +
		"taken at 2026-11-02 02:00:00 UTC, has 2"
	got := rowsOf(d.sheet("Population"), "population", "item", "count", "remark_on_count")
	if !slices.Contains(got, want) {
		t.Errorf("no %q in %q", want, got)
	}
}

func TestAChangeNamesTheSnapshotThatCouldReadWhatItIsOf(t *testing.T) {
	const want = "removed 2026-11-01T02:00:00Z net change since the last snapshot that could read it"
	for _, from := range []int{1, 4} { // the opening snapshot of the second period could not read them either
		span := inNovember(6)
		span.From = november(from).Truncate(24 * time.Hour)
		d := readPeriod(t, unreadInBetween(t), span)
		if got := rowsOf(d.sheet("Changes"), "kind", "baseline_taken_at", "comparison"); len(got) != 1 || got[0] != want {
			t.Errorf("from %d: %q, want %q", from, got, want)
		}
	}
}

func TestTheLastDayOfAnExceptionHasNoLocalTime(t *testing.T) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	d := newDocument(read(t, nightsOfNovember(t), inNovember(6)), report.Options{Location: zone})
	for _, sheet := range d.tables {
		for _, c := range sheet.Columns {
			if strings.HasPrefix(c.Key, "expires_") {
				t.Errorf("%s: column %q", sheet.File, c.Title)
			}
		}
	}
	_, evidence, _ := strings.Cut(string(file(t, d, "period.md")), "## Evidence")
	if !strings.Contains(evidence, "Known up to (America/Los\\_Angeles)") {
		t.Errorf("the evidence has no local times:\n%s", evidence)
	}
}

func TestWhatIsNotKnownOfAnOrganizationIsNotZero(t *testing.T) {
	only := scimConfiguration(1, "Okta", id(101), november(1).AddDate(0, 6, 0))
	d := readPeriod(t, nightly(t, nil, []visited{acmeWith(only), {source: "cedar"}}), inNovember(1))
	got := rowsOf(d.sheet("Population"), "organization", "population", "item", "count")
	for _, want := range []string{
		"Acme Changes in the period ", "cedar Changes in the period ", "cedar Exceptions in force at the end ",
		"Acme Exceptions in force at the end 1",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if got := rowsOf(d.overviewTable(), "organization", "nights"); strings.Contains(got[1], "findings") {
		t.Errorf("%q", got)
	}
	const want = "cedar open at the end 1 at least: there is no complete snapshot to evaluate the other rules"
	got = rowsOf(d.sheet("Population"), "organization", "item", "count", "remark_on_count")
	if !slices.Contains(got, want) {
		t.Errorf("no %q in %q", want, got)
	}
}

func TestRetentionIsCountedAmongWhatWasTakenInThePeriod(t *testing.T) {
	store := nightsOfNovember(t)
	visit(t, store, snapshot.Run{StartedAt: november(20)}, acmeWith(), birchWith())
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(10)}, november(21), false); err != nil {
		t.Fatal(err)
	}
	span := inNovember(6)
	span.From = november(2).Truncate(24 * time.Hour)
	d := readPeriod(t, store, span)
	counts := rowsOf(d.sheet("Population"), "organization", "population", "item", "count")
	for _, want := range []string{"Acme Snapshots taken in the period 4", "Acme Snapshots removed by retention 4"} {
		if !slices.Contains(counts, want) {
			t.Errorf("no %q in %q", want, counts)
		}
	}
}

func TestAFindingFromBeforeThePeriodIsNotOpenedInIt(t *testing.T) {
	failed := []visited{{source: "acme", id: acmeID, name: "Acme"}}
	for name, nights := range map[string][][]visited{
		"after the opening snapshot":  {{acmeWith()}, failed, {acmeWith()}, {acmeWith()}},
		"without an opening snapshot": {nil, failed, {acmeWith()}, {acmeWith()}},
	} {
		t.Run(name, func(t *testing.T) {
			span := inNovember(3)
			span.From = november(2).Truncate(24 * time.Hour)
			d := readPeriod(t, nightly(t, nights...), span)
			got := rowsOf(d.sheet("Findings"), "rule_id", "opened")
			if !slices.Contains(got, "RUN-001 before the period, in a failed night") {
				t.Errorf("%q", got)
			}
		})
	}
}
