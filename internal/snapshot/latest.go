package snapshot

import "context"

// LatestComplete returns the newest complete snapshot of each organization, sorted by id. It reads no other
// snapshot, so that its time does not grow with the number of runs.
func (s *Store) LatestComplete(ctx context.Context) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, `WHERE id IN (
		SELECT (
			SELECT s.id
			FROM snapshots s
			WHERE s.organization_id = o.id AND s.outcome = 'complete'
			ORDER BY s.id DESC
			LIMIT 1
		)
		FROM organizations o
	) ORDER BY id`)
}
