package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

// withoutSSO is what a token sees that may not list the SSO configurations.
func withoutSSO(v visited) visited {
	v.inventory.SSO, v.inventory.SSONotAssessed = nil, "permission_denied"
	return v
}

// withOneSSO lacks a configuration that the others have.
func withOneSSO(v visited) visited {
	v.inventory.SSO = v.inventory.SSO[:1]
	return v
}

// unreadInBetween could read the SSO configurations on the first and on the fifth of November, when one of them was gone.
func unreadInBetween(t *testing.T) *snapshot.Store {
	t.Helper()
	return nightly(t, nil, []visited{acmeWith()}, []visited{withoutSSO(acmeWith())}, []visited{withoutSSO(acmeWith())}, []visited{withoutSSO(acmeWith())},
		[]visited{withOneSSO(acmeWith())})
}

func TestNothingIsSaidOfAnEndAtWhichTheConfigurationsCouldNotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		from, to   int
		population []string
		text       string
		overview   string
	}{
		"not at the end": {1, 4, []string{
			"at the start 2 snapshot of 2026-11-01 02:00:00 UTC, the first that has them",
			"added or reappeared  not known: one snapshot alone could read them",
			"removed  not known: one snapshot alone could read them",
			"at the end  not known: the snapshot of 2026-11-01 02:00:00 UTC is the last that could read them, and has 2",
		}, "2 in the snapshot of 2026-11-01 02:00:00 UTC, the only one that has them; what was added and removed is not known", ""},
		"at both ends": {1, 5, []string{
			"at the start 2 snapshot of 2026-11-01 02:00:00 UTC, the first that has them", "added or reappeared 0 ", "removed 1 ",
			"at the end 1 snapshot of 2026-11-05 02:00:00 UTC",
		}, "2 at the start + 0 added or reappeared − 1 removed = 1 at the end", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			span := inNovember(c.to)
			span.From = november(c.from).Truncate(24 * time.Hour)
			v := readPeriod(t, unreadInBetween(t), span)
			o := &v.Organizations[0]
			var population []string
			for r := range v.populationTable().pick("population", "item", "count", "remark_on_count").rows {
				if plain(r.cells[0]) == populationSSO {
					population = append(population, plain(r.cells[1])+" "+plain(r.cells[2])+" "+plain(r.cells[3]))
				}
			}
			if d := cmp.Diff(c.population, population); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := v.standing(o)[5].value; got != c.text {
				t.Errorf("%q, want %q", got, c.text)
			}
			if got := columnsOf(v.overviewTable(), "sso_configurations"); got[0] != c.overview {
				t.Errorf("at the end %q, want %q", got[0], c.overview)
			}
		})
	}
}

func TestAStartThatCouldNotBeReadIsNotKnown(t *testing.T) {
	store := nightly(t, []visited{withoutSSO(acmeWith())}, []visited{withoutSSO(acmeWith())}, []visited{acmeWith()}, []visited{withOneSSO(acmeWith())})
	v := readPeriod(t, store, inNovember(3))
	const want = "2 in the snapshot of 2026-11-02 02:00:00 UTC, the first that could read them + 0 added or reappeared − 1 removed = 1 at the end"
	if got := v.standing(&v.Organizations[0])[5].value; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := columnsOf(v.populationTable(), "population", "item", "count"); !slices.Contains(got, "SSO configurations at the start ") {
		t.Errorf("%q", got)
	}
}

func TestAChangeNamesTheSnapshotThatCouldReadWhatItIsOf(t *testing.T) {
	for from, want := range map[int]string{
		1: "removed 2026-11-01T02:00:00Z net change since the last snapshot that could read it",
		4: "removed 2026-11-01T02:00:00Z net change since the last snapshot that could read it", // the opening one could not, either
	} {
		span := inNovember(6)
		span.From = november(from).Truncate(24 * time.Hour)
		v := readPeriod(t, unreadInBetween(t), span)
		if got := columnsOf(v.changeTable(), "kind", "baseline_taken_at", "comparison"); len(got) != 1 || got[0] != want {
			t.Errorf("from %d: %q, want %q", from, got, want)
		}
	}
}

func TestTheLastDayOfAnExceptionHasNoLocalTime(t *testing.T) {
	p, err := ReadPeriod(t.Context(), nightsOfNovember(t), inNovember(6))
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	v := newPeriodView(p, Options{Location: zone})
	for _, table := range v.csvTables() {
		for _, c := range table.columns {
			if strings.HasPrefix(c.key, "expires_") {
				t.Errorf("%s: column %q", table.file, c.title)
			}
		}
	}
	var b bytes.Buffer
	if err := v.writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	evidence := b.String()[strings.Index(b.String(), "## Evidence"):]
	if !strings.Contains(evidence, "Known up to (America/Los\\_Angeles)") {
		t.Errorf("the evidence has no local times:\n%s", evidence)
	}
}

func TestWhatIsNotKnownOfAnOrganizationIsNotZero(t *testing.T) {
	only := scimConfiguration(1, "Okta", id(101), november(1).AddDate(0, 6, 0))
	v := readPeriod(t, nightly(t, nil, []visited{acmeWith(only), {source: "cedar"}}), inNovember(1))
	got := columnsOf(v.populationTable(), "organization", "population", "item", "count")
	for _, want := range []string{"Acme Changes in the period ", "cedar Changes in the period ", "cedar Exceptions in force at the end ", "Acme Exceptions in force at the end 1"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if got := columnsOf(v.overviewTable(), "organization", "failed_high"); got[1] != "cedar " {
		t.Errorf("%q", got)
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
	v := readPeriod(t, store, span)
	counts := make(map[string]any)
	for _, f := range v.evidence() {
		if f.organization >= 0 && v.labels[f.organization] == "Acme" {
			counts[f.item] = f.value
		}
	}
	if counts["Snapshots of the period"] != 4 || counts["of them removed by retention"] != 4 {
		t.Errorf("%v", counts)
	}
}

func TestAFindingFromBeforeThePeriodIsNotOpenedInIt(t *testing.T) {
	failed := []visited{{source: "acme", id: acmeID, name: "Acme"}}
	for name, c := range map[string]struct {
		nights [][]visited
		want   string
	}{
		"after the opening snapshot":  {[][]visited{{acmeWith()}, failed, {acmeWith()}, {acmeWith()}}, "before the period, after the opening snapshot"},
		"without an opening snapshot": {[][]visited{nil, failed, {acmeWith()}, {acmeWith()}}, "before the period"},
	} {
		t.Run(name, func(t *testing.T) {
			span := inNovember(3)
			span.From = november(2).Truncate(24 * time.Hour)
			v := readPeriod(t, nightly(t, c.nights...), span)
			if got := columnsOf(v.findingTable(), "rule_id", "opened"); !slices.Contains(got, "RUN-001 "+c.want) {
				t.Errorf("%q", got)
			}
		})
	}
}
