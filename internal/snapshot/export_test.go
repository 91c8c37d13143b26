package snapshot

import (
	"context"

	"scim-auditor/internal/ona"
)

// CompareAlone says how many rows of a listing differ from what is stored, or are gone, and writes nothing.
func (s *Store) CompareAlone(ctx context.Context, organizationID string, scim []ona.SCIMConfiguration) (int, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer rollback(tx)
	key, err := organizationKey(ctx, tx, organizationID)
	if err != nil {
		return 0, err
	}
	d, err := scimKind.compare(ctx, tx, key, scimKind.rows([]ona.SCIMConfiguration(scim)), func(row) {})
	return d.inserts + len(d.retire), err
}
