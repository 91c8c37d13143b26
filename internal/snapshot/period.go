package snapshot

import (
	"context"
	"time"

	"scim-auditor/internal/diff"
)

// SnapshotsBetween returns the snapshots taken from one instant to another, both included, sorted by id. It
// includes pruned snapshots. The instants are whole seconds.
func (s *Store) SnapshotsBetween(ctx context.Context, from, to time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, "WHERE taken_at >= ? AND taken_at <= ? ORDER BY id",
		formatSeconds(from), formatSeconds(to))
}

// CompleteBefore returns the newest complete snapshot of each organization that was taken before an instant,
// sorted by id. It includes pruned snapshots.
func (s *Store) CompleteBefore(ctx context.Context, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT max(id)
		FROM stored_snapshots
		WHERE outcome = 'complete' AND taken_at < ?
		GROUP BY organization_key
	) ORDER BY id`, formatSeconds(at))
}

// FirstFailedBefore returns the oldest failed snapshot of each source and organization that was taken before
// an instant, sorted by id.
func (s *Store) FirstFailedBefore(ctx context.Context, at time.Time) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT min(id)
		FROM stored_snapshots
		WHERE outcome = 'failed' AND taken_at < ?
		GROUP BY source, organization_key
	) ORDER BY id`, formatSeconds(at))
}

// LastWithSSO returns the newest complete snapshot of the organization, with an id up to upTo, that could read
// the SSO configurations. It may be pruned.
func (s *Store) LastWithSSO(ctx context.Context, organizationID string, upTo int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, upTo+1, "AND sso_not_assessed IS NULL")
}

// LastWithPolicies does the same for the policies of the organization.
func (s *Store) LastWithPolicies(ctx context.Context, organizationID string, upTo int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, upTo+1, "AND policies_not_assessed IS NULL")
}

// NetChanges returns the differences between two complete snapshots of one organization, and ignores those in
// between. It does not compare what either could not read. It fails with ErrPruned if either is pruned.
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

// Counts has counts from the views over a range of snapshots of one organization, as a second source for the
// counts in a report.
type Counts struct {
	Complete            int // snapshots
	Changes             int
	SCIMAdded, SSOAdded int // configurations that were added or reappeared
	SCIMGone, SSOGone   int // configurations that were removed
}

// Counts counts over the snapshots of an organization with an id above after, up to upTo.
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
