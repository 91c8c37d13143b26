package snapshot_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// sixNights are: 1 a and b; 2 b renamed; 3 a gone; 4 failed; 5 SSO not read; 6 as 5.
func sixNights(t *testing.T) (*snapshot.Store, string, []ona.Inventory) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	renamed := scim("b", "Entra ID EMEA")
	unread := inventory(renamed)
	unread.SSO, unread.SSONotAssessed = nil, "permission_denied"
	nights := []ona.Inventory{inventory(scim("a", "Okta"), scim("b", "Entra ID")), inventory(scim("a", "Okta"), renamed), inventory(renamed), {}, unread, unread}
	for i, inv := range nights {
		if i != 3 {
			save(t, store, night(i+1), inv, finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
			continue
		}
		id := beginRun(t, store, night(4))
		if _, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: id, Source: "default", BaseURL: "https://x/api", TakenAt: night(4), Error: "no"},
			finding.EvaluateFailed("", "default", "unavailable", "no", false)); err != nil {
			t.Fatal(err)
		}
		if err := store.FinishRun(t.Context(), id, night(4), snapshot.Failed, "no"); err != nil {
			t.Fatal(err)
		}
	}
	return store, path, nights
}

func prunedIDs(p *snapshot.Pruned) []int64 {
	var ids []int64
	for _, h := range p.Snapshots {
		ids = append(ids, h.ID)
	}
	return ids
}

func TestPruneRemovesWhatTheRuleSaysAndNeverABaseline(t *testing.T) {
	for name, tc := range map[string]struct {
		retention snapshot.Retention
		want      []int64
	}{
		"keep the last one":     {snapshot.Retention{KeepLast: 1}, []int64{1, 2, 4, 5}}, // 3 is the last that could read SSO
		"keep the last three":   {snapshot.Retention{KeepLast: 3}, []int64{1, 2}},
		"keep more than are":    {snapshot.Retention{KeepLast: 9}, nil},
		"before the third":      {snapshot.Retention{Before: night(3)}, []int64{1, 2}},
		"before the far future": {snapshot.Retention{Before: night(99)}, []int64{1, 2, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			store, path, nights := sixNights(t)
			dry, err := store.Prune(t.Context(), tc.retention, night(7), true)
			if err != nil {
				t.Fatal(err)
			}
			before, err := store.CompleteSnapshots(t.Context(), acme)
			if err != nil || len(before) != 5 {
				t.Fatalf("the dry run left %d complete snapshots (error %v)", len(before), err)
			}
			pruned, err := store.Prune(t.Context(), tc.retention, night(7), false)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, prunedIDs(pruned)); d != "" {
				t.Errorf("pruned (-want +got):\n%s", d)
			}
			if dry.Rows != pruned.Rows || dry.Responses != pruned.Responses || !cmp.Equal(prunedIDs(dry), prunedIDs(pruned)) {
				t.Errorf("the dry run said %+v, then %+v was removed", dry, pruned)
			}
			expectKept(t, store, nights, before, tc.want)
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			for _, p := range verifyFile(t, path).Problems {
				t.Errorf("after pruning: %+v", p)
			}
		})
	}
}

// expectKept checks that the snapshots that stay show what they did and that the others say that they were removed.
func expectKept(t *testing.T, store *snapshot.Store, nights []ona.Inventory, all []snapshot.Snapshot, removed []int64) {
	t.Helper()
	gone := make(map[int64]bool)
	for _, id := range removed {
		gone[id] = true
	}
	for _, h := range all {
		h, err := store.Snapshot(t.Context(), h.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.Inventory(t.Context(), h)
		if gone[h.ID] {
			if rows, _, _, _ := store.CountRows(t.Context(), h.ID); !errors.Is(err, snapshot.ErrPruned) || rows != 0 {
				t.Errorf("snapshot %d: error %v, %d rows; want ErrPruned, 0", h.ID, err, rows)
			}
			if _, err := store.Findings(t.Context(), h.ID); !errors.Is(err, snapshot.ErrPruned) {
				t.Errorf("the findings of snapshot %d: error %v, want ErrPruned", h.ID, err)
			}
			continue
		}
		if d := cmp.Diff(nights[h.ID-1], got); err != nil || d != "" {
			t.Errorf("snapshot %d: error %v (-want +got):\n%s", h.ID, err, d)
		}
	}
	b, _, err := store.Baseline(t.Context(), acme)
	if err != nil || len(b.Inventory.SSO) != 1 {
		t.Errorf("the baseline has %d SSO configurations (error %v), want 1", len(b.Inventory.SSO), err)
	}
}

func TestWhatWasSeenStaysKnownAfterPruning(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	facts := func() string {
		last, _, err := store.LastComplete(t.Context(), acme, 0)
		if err != nil {
			t.Fatal(err)
		}
		seen, err := store.SeenBefore(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		since := expirySince(t, store, scim("b", ""), night(7))
		shown, err := store.Shown(t.Context(), last)
		if err != nil || len(shown.SCIM) != 1 {
			t.Fatal(shown, err)
		}
		runs, err := store.Runs(t.Context(), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return cmp.Diff(nil, []any{seen(diff.SCIMConfiguration, "a"), since, shown.SCIM[0].FirstSeen, runs})
	}
	before := facts()
	if _, err := store.Prune(t.Context(), snapshot.Retention{KeepLast: 1}, night(7), false); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, facts()); d != "" {
		t.Errorf("pruning changed what is known of the past (-before +after):\n%s", d)
	}
}

func TestAnswersLoseTheirBytesAndComeBackWithThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	c := newCompany(20)
	scimOfTheFirstNight := append([]ona.SCIMConfiguration(nil), c.scim...)
	first := c.store(t, store, night(1))
	c.age()
	c.store(t, store, night(2))
	prune := func(before time.Time, want int) {
		t.Helper()
		pruned, err := store.Prune(t.Context(), snapshot.Retention{ResponsesBefore: before}, night(3), false)
		if err != nil || pruned.Responses != want || len(pruned.Snapshots) != 0 {
			t.Errorf("pruned %+v (error %v), want the bytes of %d answers", pruned, err, want)
		}
	}
	prune(night(1), 0)
	prune(night(2), 1)
	prune(night(9), 0) // what the last complete snapshot has stays
	exchanges, err := store.Exchanges(t.Context(), first.ID)
	if err != nil || len(exchanges) != 1 || exchanges[0].ResponseSHA256 == "" {
		t.Errorf("the hash of an answer is lost: %+v (error %v)", exchanges, err)
	}
	c.scim = scimOfTheFirstNight
	c.store(t, store, night(3))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	found := verifyFile(t, path)
	if len(found.Problems) > 0 || found.Responses != 2 || found.ResponsesRemoved != 0 {
		t.Errorf("%+v, want 2 answers with their bytes and no problem", found)
	}
}
