package snapshot_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// told is an episode in one line.
func told(e snapshot.Episode) string {
	const day = "02"
	return fmt.Sprintf("%s %s %s %q first %s last %s in %d", e.RuleID, e.SubjectID, e.Status, e.SubjectName, e.FirstSeen.Format(day), e.LastSeen.Format(day), e.LastID)
}

func expectEpisodes(t *testing.T, store *snapshot.Store, after, upTo int64, rule string, want ...string) {
	t.Helper()
	all, err := store.Episodes(t.Context(), acme, after, upTo)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b snapshot.Episode) int {
		return cmp.Or(cmp.Compare(a.SubjectID, b.SubjectID), a.FirstSeen.Compare(b.FirstSeen))
	})
	var got []string
	for _, e := range all {
		if e.RuleID == rule {
			got = append(got, told(e))
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s after %d up to %d (-want +got):\n%s", rule, after, upTo, d)
	}
}

func TestAnEpisodeLastsUntilTheFindingIsOpenNoLonger(t *testing.T) {
	store := newStore(t)
	blind := inventory(dangling("a", "Okta"))
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	judged(t, store, 1, inventory(dangling("a", "Okta")))
	failed(t, store, 2)
	judged(t, store, 3, inventory(dangling("a", "Okta new")))
	judged(t, store, 4, blind)
	judged(t, store, 5, inventory())
	judged(t, store, 6, inventory(dangling("a", "Okta")))

	day := func(n int) string { return night(n).Format("02") }
	first := "SCIM-010 a %s %q first " + day(1) + " last " + day(3) + " in "
	again := "SCIM-010 a fail \"Okta\" first " + day(6) + " last " + day(6) + " in 6"
	expectEpisodes(t, store, 0, 6, "SCIM-010", fmt.Sprintf(first, "not_assessed", "Okta new")+"4", again)
	expectEpisodes(t, store, 0, 3, "SCIM-010", fmt.Sprintf(first, "fail", "Okta new")+"3")
	// Where the night that could not assess it stands alone, the one before tells what it is about.
	expectEpisodes(t, store, 3, 4, "SCIM-010", fmt.Sprintf(first, "not_assessed", "Okta new")+"4")
	expectEpisodes(t, store, 4, 6, "SCIM-010", again)
	expectEpisodes(t, store, 0, 6, "RUN-001", "RUN-001 "+acme+" fail \"Acme\" first "+day(2)+" last "+day(2)+" in 2")
}

func TestAnEpisodeWhoseTextsAreGoneKeepsItsRule(t *testing.T) {
	store := newStore(t)
	blind := inventory(dangling("a", "Okta"))
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	judged(t, store, 1, inventory(dangling("a", "Okta")))
	judged(t, store, 2, blind)
	judged(t, store, 3, blind)
	judged(t, store, 4, inventory(scim("a", "Okta"))) // the last that could read SSO configurations always stays
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: night(3)}, night(9), false); err != nil {
		t.Fatal(err)
	}
	day := func(n int) string { return night(n).Format("02") }
	expectEpisodes(t, store, 0, 3, "SCIM-010", "SCIM-010  not_assessed \"\" first "+day(1)+" last "+day(1)+" in 3")
}

// compared stores a night with its changes.
func compared(t *testing.T, store *snapshot.Store, n int, inv ona.Inventory) {
	t.Helper()
	run := beginRun(t, store, night(n))
	baseline, found, err := store.Baseline(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	c := snapshot.Collected{
		Snapshot: snapshot.Snapshot{RunID: run, Source: "default", OrganizationID: acme, TakenAt: night(n)}, Baseline: baseline,
		Inventory: inv,
	}
	if found {
		c.Changes = diff.Compute(baseline.Inventory, inv, nil)
	}
	if _, err := store.SaveComplete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestCountsAreThoseOfTheSnapshotsInBetween(t *testing.T) {
	store := newStore(t)
	compared(t, store, 1, inventory(scim("a", "Okta"), scim("b", "Entra"), scim("c", "Google")))
	compared(t, store, 2, inventory(scim("a", "Okta"), scim("b", "Entra")))
	compared(t, store, 3, inventory(scim("a", "Okta")))
	failed(t, store, 4)
	compared(t, store, 5, inventory(scim("a", "Okta"), scim("d", "new")))
	for upTo, want := range map[int64]snapshot.Counts{
		1: {}, 3: {Complete: 2, Changes: 2, SCIMGone: 2}, 5: {Complete: 3, Changes: 3, SCIMGone: 2, SCIMAdded: 1},
	} {
		got, err := store.Counts(t.Context(), acme, 1, upTo)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("up to %d (-want +got):\n%s", upTo, d)
		}
	}
}

func TestSnapshotsOfAPeriodAreFoundByTheirInstants(t *testing.T) {
	store := newStore(t)
	judged(t, store, 1, inventory())
	failed(t, store, 2)
	judged(t, store, 3, inventory())
	ids := func(all []snapshot.Snapshot, err error) []int64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		found := make([]int64, 0, len(all))
		for _, s := range all {
			found = append(found, s.ID)
		}
		return found
	}
	for _, c := range []struct {
		from, to      time.Time
		want, opening []int64
	}{
		{night(1), night(3), []int64{1, 2, 3}, []int64{}},
		{night(1).Add(time.Second), night(3).Add(-time.Second), []int64{2}, []int64{1}},
		{night(1).Add(-time.Second), night(2), []int64{1, 2}, []int64{}},
		{night(4), night(5), []int64{}, []int64{3}},
	} {
		var between []snapshot.Snapshot
		err := store.EachSnapshotBetween(t.Context(), c.from, c.to, func(s snapshot.Snapshot) { between = append(between, s) })
		if got := ids(between, err); !slices.Equal(got, c.want) {
			t.Errorf("from %s to %s: %v, want %v", c.from, c.to, got, c.want)
		}
		if got := ids(store.CompleteBefore(t.Context(), 3, c.from)); !slices.Equal(got, c.opening) {
			t.Errorf("complete before %s: %v, want %v", c.from, got, c.opening)
		}
	}
}
