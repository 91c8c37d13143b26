package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Review is the record that somebody reviewed a run. It is never changed; a later one adds to it.
type Review struct {
	ID         int64     `json:"id"`
	ReviewedAt time.Time `json:"reviewed_at"` // whole seconds
	RunID      int64     `json:"run_id"`
	Reviewer   string    `json:"reviewer"`
	Conclusion string    `json:"conclusion"`
	Ticket     string    `json:"ticket,omitempty"`
	// Approved is true if the review made the complete snapshots of the run the approved baseline
	// of their organizations.
	Approved     bool   `json:"approved"`
	OSUser       string `json:"os_user"`
	Host         string `json:"host"`
	LedgerNumber int64  `json:"ledger_number"` // number of its link
}

var reviewColumns = []string{
	"id", "reviewed_at", "run_id", "reviewer", "conclusion", "ticket", "approved", "os_user", "host", "ledger_number",
}

// AddReview records a review and its link, and returns it with its id. It fails if the run has not
// ended, and with ErrNotFound if it does not exist. An approval fails if the run has no complete
// snapshot, and with ErrPruned if retention removed one. The caller must hold the lock that
// prevents a run at the same time.
func (s *Store) AddReview(ctx context.Context, r Review) (Review, error) {
	run, err := s.Run(ctx, r.RunID)
	if err != nil {
		return r, err
	}
	if run.Outcome == Running {
		return r, fmt.Errorf("run %d: %w", r.RunID, ErrNotEnded)
	}
	if r.Approved {
		if err := s.checkApproval(ctx, r.RunID); err != nil {
			return r, err
		}
	}
	err = s.inTransaction(ctx, fmt.Sprintf("recording the review of run %d", r.RunID), func(tx *transaction) {
		last := lastLink(ctx, tx)
		r.ID, r.LedgerNumber = nextID(ctx, tx, "reviews"), last.number+1
		values := []any{
			r.ID, formatSeconds(r.ReviewedAt), r.RunID, r.Reviewer, r.Conclusion, orNull(r.Ticket), flag(r.Approved),
			r.OSUser, r.Host, r.LedgerNumber,
		}
		last.add(ctx, tx, "review", r.ID, values) // before the row, which refers to it
		insertRows(ctx, tx, "reviews", reviewColumns, [][]any{values})
	})
	return r, err
}

// checkApproval returns an error if the snapshots of a run cannot become the approved baseline.
func (s *Store) checkApproval(ctx context.Context, runID int64) error {
	snapshots, err := s.Snapshots(ctx, runID)
	if err != nil {
		return err
	}
	complete := 0
	for _, h := range snapshots {
		if err := checkPruned(h); err != nil {
			return err
		}
		if h.Outcome == Complete {
			complete++
		}
	}
	if complete == 0 {
		return fmt.Errorf("run %d: %w", runID, ErrNothingComplete)
	}
	return nil
}

// Reviews returns the reviews of the runs with ids from first to last (0: all), in the order of
// recording.
func (s *Store) Reviews(ctx context.Context, first, last int64) ([]Review, error) {
	return queryReviews(ctx, s.db, "WHERE r.run_id >= ? AND (?2 = 0 OR r.run_id <= ?2) ORDER BY r.id", first, last)
}

func queryReviews(ctx context.Context, q querier, where string, args ...any) ([]Review, error) {
	return queryAll(ctx, q, "reading the reviews", func(r *reader) Review {
		return Review{
			ID: r.number(), ReviewedAt: r.instant(), RunID: r.number(), Reviewer: r.text(), Conclusion: r.text(),
			Ticket: r.text(), Approved: r.flag(), OSUser: r.text(), Host: r.text(), LedgerNumber: r.number(),
		}
	}, `SELECT r.id, r.reviewed_at, r.run_id, r.reviewer, r.conclusion, r.ticket, r.approved, r.os_user, r.host,
		  r.ledger_number
		FROM reviews r `+where, args...)
}

// Approval is the approved baseline of an organization.
type Approval struct {
	Review   Review   // the approval
	Snapshot Snapshot // the approved snapshot, which retention keeps while the approval is in force
	// Later is the newest review after the approval, nil if there is none.
	Later *Review
}

// Approval returns the approved baseline of an organization that was in force when the link before
// of the ledger was written (0: now): the complete snapshot of the run that was approved last. It
// is nil if there is none.
func (s *Store) Approval(ctx context.Context, organizationID string, before int64) (*Approval, error) {
	return approvalOf(ctx, s.db, organizationID, before)
}

func approvalOf(ctx context.Context, q querier, organizationID string, before int64) (*Approval, error) {
	// CROSS JOIN keeps the order of the tables: the few reviews first, not every snapshot of the
	// organization. https://www.sqlite.org/lang_select.html#crossjoin
	review, found, err := first(queryReviews(ctx, q, `
		CROSS JOIN stored_snapshots s ON s.run_id = r.run_id
		WHERE s.organization_key = `+keyOf+` AND s.outcome = 'complete' AND r.approved = 1
		  AND (?2 = 0 OR r.ledger_number < ?2)
		ORDER BY r.id DESC
		LIMIT 1`, organizationID, before))
	if err != nil || !found {
		return nil, err
	}
	a := &Approval{Review: review}
	a.Snapshot, _, err = first(querySnapshots(ctx, q,
		"WHERE run_id = ? AND organization_id = ? AND outcome = 'complete'", review.RunID, organizationID))
	if err != nil {
		return nil, err
	}
	later, found, err := first(queryReviews(ctx, q, `
		CROSS JOIN stored_snapshots s ON s.run_id = r.run_id
		WHERE s.organization_key = `+keyOf+` AND (?2 = 0 OR r.ledger_number < ?2) AND r.id > ?3
		ORDER BY r.id DESC
		LIMIT 1`, organizationID, before, review.ID))
	if found {
		a.Later = &later
	}
	return a, err
}

// ApprovedNow compares an inventory with the approved baseline that is in force. It returns nil if
// there is none.
func (s *Store) ApprovedNow(
	ctx context.Context, organizationID string, current ona.Inventory,
) (*finding.Approved, error) {
	approval, err := s.Approval(ctx, organizationID, 0)
	if err != nil || approval == nil {
		return nil, err
	}
	old, err := readApproved(ctx, s.db, approval.Snapshot)
	if err != nil {
		return nil, err
	}
	return approval.compare(old, current), nil
}

// approvedContent is what an approved baseline shows, and what was seen before it.
type approvedContent struct {
	snapshotID int64
	inventory  ona.Inventory
	seen       func(diff.SubjectType, string) bool
}

func readApproved(ctx context.Context, q querier, h Snapshot) (approvedContent, error) {
	inventory, err := inventoryOf(ctx, q, h)
	seen, seenErr := seenBefore(ctx, q, h)
	if err := cmp.Or(err, seenErr); err != nil {
		return approvedContent{}, fmt.Errorf("reading the approved baseline: %w", err)
	}
	return approvedContent{h.ID, inventory, seen}, nil
}

// compare compares the inventories of the approved baseline and of a later snapshot.
// Members are not compared: nobody approves who joins and leaves.
func (a *Approval) compare(content approvedContent, current ona.Inventory) *finding.Approved {
	old, review := content.inventory, a.Review
	old.Members, old.MembersNotAssessed = nil, ona.MembersNotRequested
	approved := &finding.Approved{
		RunID: review.RunID, By: review.Reviewer, At: review.ReviewedAt,
		Changes: diff.Compute(old, current, content.seen),
	}
	if old.SSONotAssessed != "" || current.SSONotAssessed != "" {
		approved.NotCompared = append(approved.NotCompared, PartSSO)
	}
	if old.Policies == nil || current.Policies == nil {
		approved.NotCompared = append(approved.NotCompared, PartPolicies)
	}
	if a.Later != nil {
		approved.ReviewedRun, approved.ReviewedBy = a.Later.RunID, a.Later.Reviewer
	}
	return approved
}

// ApprovedSnapshots returns the ids of the approved baselines in force, one for each organization
// that has one.
func (s *Store) ApprovedSnapshots(ctx context.Context) (map[int64]bool, error) {
	return approvedSnapshots(ctx, s.db)
}

func approvedSnapshots(ctx context.Context, q querier) (map[int64]bool, error) {
	ids := make(map[int64]bool)
	_, err := queryAll(ctx, q, "reading the approved baselines", func(r *reader) bool {
		ids[r.number()] = true
		return true
	}, `SELECT s.id
		FROM (
		  SELECT s.organization_key, max(r.id) AS review_id
		  FROM reviews r
		  JOIN stored_snapshots s ON s.run_id = r.run_id
		  WHERE r.approved = 1 AND s.outcome = 'complete'
		  GROUP BY s.organization_key
		) a
		JOIN reviews r ON r.id = a.review_id
		JOIN stored_snapshots s ON s.run_id = r.run_id AND s.organization_key = a.organization_key
		WHERE s.outcome = 'complete'
		ORDER BY s.id`)
	return ids, err
}

// approval returns the approved baseline that was in force, nil if there was none.
func (h *History) approval(ctx context.Context) (*Approval, error) {
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	return approvalOf(ctx, h.reader.tx, h.organizationID, h.at.LedgerNumber)
}

// ApprovalPruned reports whether retention removed the rows of the approved baseline.
func (h *History) ApprovalPruned(ctx context.Context) (bool, error) {
	a, err := h.approval(ctx)
	return a != nil && !a.Snapshot.PrunedAt.IsZero(), err
}

// ApprovedNow does what Store.ApprovedNow does. It returns nil if the approved baseline is pruned.
func (h *History) ApprovedNow(ctx context.Context, _ string, current ona.Inventory) (*finding.Approved, error) {
	a, err := h.approval(ctx)
	if err != nil || a == nil || !a.Snapshot.PrunedAt.IsZero() {
		return nil, err
	}
	if h.approved.snapshotID != a.Snapshot.ID {
		h.reader.mu.Lock()
		h.approved, err = readApproved(ctx, h.reader.tx, a.Snapshot)
		h.reader.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	return a.compare(h.approved, current), nil
}
