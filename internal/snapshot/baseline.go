package snapshot

import (
	"cmp"
	"context"

	"scim-auditor/internal/ona"
)

// Baseline is what the next snapshot of an organization is compared with: its last complete snapshot. The
// zero Baseline is that of an organization without one.
type Baseline struct {
	Snapshot Snapshot
	// Inventory shows what could not be read in Snapshot as the last snapshot that could read it does, so
	// that nothing is lost that changed while it was unreadable. It has no Raw.
	Inventory ona.Inventory
	// SSO and Policies are the snapshots that Inventory has these from; the zero Snapshot when none could
	// ever read them.
	SSO, Policies Snapshot

	content content
}

// Baseline is the baseline of an organization; false when it has no complete snapshot yet.
func (s *Store) Baseline(ctx context.Context, organizationID string) (b Baseline, found bool, err error) {
	if b.Snapshot, found, err = lastComplete(ctx, s.db, organizationID, 0, ""); err != nil || !found {
		return Baseline{}, false, err
	}
	b.SSO, b.Policies = b.Snapshot, b.Snapshot
	if b.Snapshot.SSONotAssessed != "" {
		b.SSO, _, err = s.LastWithSSO(ctx, organizationID, b.Snapshot.ID)
	}
	if b.Snapshot.PoliciesNotAssessed != "" && err == nil {
		b.Policies, _, err = s.LastWithPolicies(ctx, organizationID, b.Snapshot.ID)
	}
	if err == nil {
		err = s.readBaseline(ctx, &b)
	}
	if err == nil {
		b.Inventory, err = b.content.inventory()
	}
	if err != nil {
		return b, true, err
	}
	if b.SSO.ID == 0 {
		b.Inventory.SSONotAssessed = b.Snapshot.SSONotAssessed
	}
	if b.Policies.ID == 0 {
		b.Inventory.PoliciesNotAssessed = b.Snapshot.PoliciesNotAssessed
	}
	return b, true, nil
}

// readBaseline reads the versions that hold now: of what a snapshot could not read, the last ones stay.
func (s *Store) readBaseline(ctx context.Context, b *Baseline) error {
	key, err := s.keyOf(ctx, b.Snapshot)
	now := func(t *versionTable) (rows []version) {
		if err == nil {
			rows, err = t.now(ctx, s.db, key)
		}
		return rows
	}
	b.content = content{now(organizationVersions), now(policyVersions), now(scimVersions), now(ssoVersions)}
	return cmp.Or(err,
		asCounted(b.Snapshot.ID, "SCIM", len(b.content.scim), b.Snapshot.SCIMConfigurations),
		asCounted(b.SSO.ID, "SSO", len(b.content.sso), b.SSO.SSOConfigurations))
}
