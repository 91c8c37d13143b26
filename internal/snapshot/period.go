package snapshot

import (
	"context"
	"time"

	"scim-auditor/internal/diff"
)

// SnapshotsBetween are the snapshots taken from one instant to another, both included, pruned ones too, in
// order. The instants are whole seconds.
func (s *Store) SnapshotsBetween(ctx context.Context, from, to time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, "WHERE taken_at >= ? AND taken_at <= ? ORDER BY id",
		formatSeconds(from), formatSeconds(to))
}

// CompleteBefore are the newest complete snapshots that were taken before an instant, one of each
// organization, pruned ones too, in order.
func (s *Store) CompleteBefore(ctx context.Context, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT max(id)
		FROM stored_snapshots
		WHERE outcome = 'complete' AND taken_at < ?
		GROUP BY organization_key
	) ORDER BY id`, formatSeconds(at))
}

// FirstFailedBefore are the oldest failed snapshots that were taken before an instant, one of each source
// and organization, in order.
func (s *Store) FirstFailedBefore(ctx context.Context, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT min(id)
		FROM stored_snapshots
		WHERE outcome = 'failed' AND taken_at < ?
		GROUP BY source, organization_key
	) ORDER BY id`, formatSeconds(at))
}

// LastWithSSO is the newest complete snapshot of the organization, with an id up to upTo, that could read
// the SSO configurations; pruned ones too.
func (s *Store) LastWithSSO(ctx context.Context, organizationID string, upTo int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, upTo+1, "AND sso_not_assessed IS NULL")
}

// LastWithPolicies is the same for the policies of the organization.
func (s *Store) LastWithPolicies(ctx context.Context, organizationID string, upTo int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, upTo+1, "AND policies_not_assessed IS NULL")
}

// NetChanges are the differences between two complete snapshots of one organization, however many lie
// between them. What either could not read is not compared; ErrPruned when retention removed either.
func (s *Store) NetChanges(ctx context.Context, before, after Snapshot) ([]diff.Change, error) {
	old, err := s.Inventory(ctx, before)
	if err != nil {
		return nil, err
	}
	current, err := s.Inventory(ctx, after)
	if err != nil {
		return nil, err
	}
	seen, err := s.SeenBefore(ctx, before)
	if err != nil {
		return nil, err
	}
	return diff.Compute(old, current, seen), nil
}

// Counts is what the views count over a stretch of snapshots of one organization: the second source of what
// a report of them shows.
type Counts struct {
	Complete            int // snapshots
	Changes             int
	SCIMAdded, SSOAdded int // configurations that were added or reappeared
	SCIMGone, SSOGone   int // configurations that were removed
}

// Counts counts over the snapshots of an organization with an id after one and up to another.
func (s *Store) Counts(ctx context.Context, organizationID string, after, upTo int64) (Counts, error) {
	c, _, err := first(queryAll(ctx, s.db, "counting over snapshots", func(r *reader) Counts {
		return Counts{
			Complete: r.count(), Changes: r.count(),
			SCIMAdded: r.count(), SSOAdded: r.count(), SCIMGone: r.count(), SSOGone: r.count(),
		}
	}, `SELECT
		  (SELECT count(*) FROM snapshots WHERE organization_id = ?1 AND outcome = 'complete' AND id > ?2 AND id <= ?3),
		  count(*),
		  count(*) FILTER (WHERE subject_type = 'scim_configuration' AND kind IN ('added', 'reappeared')),
		  count(*) FILTER (WHERE subject_type = 'sso_configuration' AND kind IN ('added', 'reappeared')),
		  count(*) FILTER (WHERE subject_type = 'scim_configuration' AND kind = 'removed'),
		  count(*) FILTER (WHERE subject_type = 'sso_configuration' AND kind = 'removed')
		FROM changes
		WHERE organization_id = ?1 AND snapshot_id > ?2 AND snapshot_id <= ?3`, organizationID, after, upTo))
	return c, err
}
