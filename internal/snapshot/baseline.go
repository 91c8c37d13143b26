package snapshot

import (
	"context"

	"scim-auditor/internal/ona"
)

// Baseline is what the next snapshot of an organization is compared with: its last complete snapshot.
type Baseline struct {
	Snapshot Snapshot
	// Inventory shows what could not be read in Snapshot as the last snapshot that could read it does: nothing that changed while it was
	// unreadable is lost.
	Inventory ona.Inventory
	// SSO and Policies are the snapshots that Inventory has these from; the zero Snapshot when none could ever read them.
	SSO, Policies Snapshot
}

// Baseline is the organization's baseline; false when it has no complete snapshot yet.
func (s *Store) Baseline(ctx context.Context, organizationID string) (Baseline, bool, error) {
	last, found, err := s.LastComplete(ctx, organizationID, 0)
	if err != nil || !found {
		return Baseline{}, false, err
	}
	b := Baseline{Snapshot: last, SSO: last, Policies: last}
	if b.Inventory, err = s.inventory(ctx, last, func(key int64) ([]ona.SCIMConfiguration, error) { return s.readSCIM(ctx, last, key) }); err != nil {
		return b, true, err
	}
	if b.Inventory.SSONotAssessed != "" {
		if err := s.fillFromOlder(ctx, "sso_not_assessed", organizationID, &b.SSO, func(older ona.Inventory) {
			b.Inventory.SSO, b.Inventory.SSONotAssessed = older.SSO, ""
		}); err != nil {
			return b, true, err
		}
	}
	if b.Inventory.Policies == nil {
		if err := s.fillFromOlder(ctx, "policies_not_assessed", organizationID, &b.Policies, func(older ona.Inventory) {
			b.Inventory.Policies, b.Inventory.PoliciesNotAssessed = older.Policies, ""
		}); err != nil {
			return b, true, err
		}
	}
	return b, true, nil
}

// fillFromOlder finds the newest complete snapshot whose column "not assessed" is empty, and hands what it shows to fill.
func (s *Store) fillFromOlder(ctx context.Context, column, organizationID string, from *Snapshot, fill func(ona.Inventory)) error {
	older, found, err := first(querySnapshots(ctx, s.db,
		"WHERE organization_id = ? AND outcome = 'complete' AND pruned_at IS NULL AND "+column+" IS NULL ORDER BY id DESC LIMIT 1", organizationID))
	*from = older
	if err != nil || !found {
		return err
	}
	inventory, err := s.inventory(ctx, older, func(int64) ([]ona.SCIMConfiguration, error) { return nil, nil })
	if err != nil {
		return err
	}
	fill(inventory)
	return nil
}
