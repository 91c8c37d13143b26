package snapshot_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

// review returns a review of a run, recorded on its day.
func review(run int64) snapshot.Review {
	return snapshot.Review{ReviewedAt: night(int(run)), RunID: run, Reviewer: "jane", Conclusion: "as expected", Ticket: "SEC-1",
		OSUser: "auditor", Host: "host"}
}

func mustReview(t *testing.T, store *snapshot.Store, r snapshot.Review) snapshot.Review {
	t.Helper()
	saved, err := store.AddReview(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestReviewsAreReadBackInTheOrderOfRecording(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	second, first := mustReview(t, store, review(2)), mustReview(t, store, review(1))
	all, err := store.Reviews(t.Context(), 0, 0)
	if d := cmp.Diff([]snapshot.Review{second, first}, all); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	if some, err := store.Reviews(t.Context(), 1, 1); len(some) != 1 || some[0].RunID != 1 || err != nil {
		t.Errorf("%v %+v", err, some)
	}
}

func TestOnlyARunThatHasEndedCanBeReviewed(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	if _, err := store.AddReview(t.Context(), review(99)); !errors.Is(err, snapshot.ErrNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
	open := beginRun(t, store, night(7))
	if _, err := store.AddReview(t.Context(), review(open)); !errors.Is(err, snapshot.ErrNotEnded) {
		t.Errorf("a run that has not ended: %v", err)
	}
}

func TestAFailedOrAPrunedRunCannotBeApproved(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	failed(t, store, 7)
	runs, err := store.Runs(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	approval := review(runs[0].ID)
	approval.Approved = true
	if _, err := store.AddReview(t.Context(), approval); !errors.Is(err, snapshot.ErrNothingComplete) {
		t.Errorf("a failed run: %v", err)
	}
	if _, err := store.Prune(t.Context(), snapshot.Retention{KeepLast: 1}, night(9), false); err != nil {
		t.Fatal(err)
	}
	approval.RunID = 1
	if _, err := store.AddReview(t.Context(), approval); !errors.Is(err, snapshot.ErrPruned) {
		t.Errorf("a pruned run: %v", err)
	}
}

func TestTheLastApprovalBeforeALinkIsInForce(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	none, err := store.Approval(t.Context(), acme, 0)
	if none != nil || err != nil {
		t.Errorf("before the first approval: %+v, %v", none, err)
	}
	one, two := review(2), review(3)
	one.Approved, two.Approved = true, true
	first, second, later := mustReview(t, store, one), mustReview(t, store, two), mustReview(t, store, review(5))
	for _, c := range []struct {
		before   int64
		approval *snapshot.Review
		later    *snapshot.Review
	}{{first.LedgerNumber, nil, nil}, {second.LedgerNumber, &first, nil}, {later.LedgerNumber, &second, nil}, {0, &second, &later}} {
		a, err := store.Approval(t.Context(), acme, c.before)
		if err != nil {
			t.Fatal(err)
		}
		if (a == nil) != (c.approval == nil) {
			t.Fatalf("before link %d: %+v", c.before, a)
		}
		if a == nil {
			continue
		}
		if a.Review != *c.approval || a.Snapshot.RunID != a.Review.RunID || !cmp.Equal(a.Later, c.later) {
			t.Errorf("before link %d: %+v", c.before, a)
		}
	}
}

func TestRetentionKeepsTheApprovedBaselineThatIsInForce(t *testing.T) {
	store, _, _ := sixNights(t)
	defer func() { _ = store.Close() }()
	one, two := review(1), review(2)
	one.Approved, two.Approved = true, true
	mustReview(t, store, one)
	mustReview(t, store, two)
	pruned, err := store.Prune(t.Context(), snapshot.Retention{KeepLast: 1}, night(9), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range pruned.Snapshots {
		if h.RunID == 2 {
			t.Errorf("it removed snapshot %d, the approved baseline", h.ID)
		}
	}
	if len(pruned.Snapshots) == 0 || len(pruned.Approved) != 1 || pruned.Approved[0].RunID != 2 {
		t.Errorf("removed %d snapshots, kept %+v", len(pruned.Snapshots), pruned.Approved)
	}
	a, err := store.Approval(t.Context(), acme, 0)
	if err != nil {
		t.Fatal(err)
	}
	latest, _, err := store.LastComplete(t.Context(), acme, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.NetChanges(t.Context(), a.Snapshot, latest); err != nil {
		t.Error(err)
	}
}
