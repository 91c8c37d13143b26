package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// CountRows counts a snapshot's configurations as the views show them: the second source of what Snapshot's counts say.
func (s *Store) CountRows(ctx context.Context, snapshotID int64) (scim, sso int, err error) {
	err = s.db.QueryRowContext(ctx, `
		SELECT
		  (SELECT count(*) FROM scim_configurations WHERE snapshot_id = ?1),
		  (SELECT count(*) FROM sso_configurations WHERE snapshot_id = ?1)`, snapshotID).Scan(&scim, &sso)
	if err != nil {
		return 0, 0, fmt.Errorf("counting the rows of snapshot %d: %w", snapshotID, explain(err))
	}
	return scim, sso, nil
}

// Shown is what a complete snapshot shows, with the dates of the configurations.
type Shown struct {
	SCIM     []SCIMConfiguration       // sorted by id
	SSO      []SSOConfiguration        // sorted by id; none when they were not assessed
	Policies *ona.OrganizationPolicies // nil when they were not assessed
}

// Shown reads what a snapshot shows.
func (s *Store) Shown(ctx context.Context, h Snapshot) (shown Shown, err error) {
	key, err := s.keyOf(ctx, h)
	if err != nil {
		return shown, err
	}
	taken, err := s.takenAt(ctx, h.OrganizationID)
	if err != nil {
		return shown, err
	}
	shown.SCIM, err = dated(ctx, s, scimKind, key, h.ID, taken, func(c ona.SCIMConfiguration, first, since time.Time) SCIMConfiguration {
		return SCIMConfiguration{SCIMConfiguration: c, FirstSeen: first, UnchangedSince: since}
	})
	if err := cmp.Or(err, asCounted(h.ID, "SCIM", len(shown.SCIM), h.SCIMConfigurations)); err != nil {
		return shown, err
	}
	if h.SSONotAssessed == "" {
		shown.SSO, err = dated(ctx, s, ssoKind, key, h.ID, taken, func(c ona.SSOConfiguration, first, since time.Time) SSOConfiguration {
			return SSOConfiguration{SSOConfiguration: c, FirstSeen: first, UnchangedSince: since}
		})
		if err := cmp.Or(err, asCounted(h.ID, "SSO", len(shown.SSO), h.SSOConfigurations)); err != nil {
			return shown, err
		}
	}
	shown.Policies, err = s.readPolicies(ctx, h, key)
	return shown, err
}

func (s *Store) readPolicies(ctx context.Context, h Snapshot, organizationKey int64) (*ona.OrganizationPolicies, error) {
	if h.PoliciesNotAssessed != "" {
		return nil, nil
	}
	found, err := values(policiesKind.asOf(ctx, s.db, organizationKey, h.ID))
	if err != nil || len(found) != 1 {
		return nil, err
	}
	return &found[0].OrganizationPolicies, nil
}

// keyOf is the key of the organization of a complete snapshot: ErrPruned when retention removed what the snapshot shows, ErrNotFound when it
// is not complete.
func (s *Store) keyOf(ctx context.Context, h Snapshot) (int64, error) {
	if !h.PrunedAt.IsZero() {
		return 0, prunedError(h)
	}
	key, found, err := findOrganization(ctx, s.db, h.OrganizationID)
	if err == nil && (!found || h.Outcome != Complete) {
		err = fmt.Errorf("the inventory of snapshot %d: %w: the snapshot is not complete", h.ID, ErrNotFound)
	}
	return key, err
}

func prunedError(h Snapshot) error {
	return fmt.Errorf("the inventory of snapshot %d: %w on %s", h.ID, ErrPruned, formatSeconds(h.PrunedAt))
}

// dated reads what a snapshot shows of one kind, with the instants (taken, by snapshot) when the id and the present version were first shown.
func dated[T, D any](ctx context.Context, s *Store, k kind[T], organizationKey, snapshotID int64, taken map[int64]time.Time,
	with func(v T, first, since time.Time) D) ([]D, error) {
	first, err := k.firstSnapshots(ctx, s.db, organizationKey)
	if err != nil {
		return nil, err
	}
	versions, err := k.asOf(ctx, s.db, organizationKey, snapshotID)
	if err != nil {
		return nil, err
	}
	all := make([]D, 0, len(versions))
	for _, v := range versions {
		firstID, ok := first[k.id(v.value)]
		if !ok || firstID > v.validFrom {
			firstID = v.validFrom
		}
		all = append(all, with(v.value, taken[firstID], taken[v.validFrom]))
	}
	return all, nil
}

// takenAt is the instants of an organization's complete snapshots, pruned ones too, by id.
func (s *Store) takenAt(ctx context.Context, organizationID string) (map[int64]time.Time, error) {
	instants := make(map[int64]time.Time)
	scan := func(row *sql.Rows) (id int64, err error) {
		var taken string
		var at time.Time
		err = errors.Join(row.Scan(&id, &taken), parseSeconds(taken, &at))
		instants[id] = at
		return id, err
	}
	_, err := queryAll(ctx, s.db, "reading snapshots", scan,
		"SELECT id, taken_at FROM snapshots WHERE outcome = 'complete' AND organization_id = ? ORDER BY id", organizationID)
	return instants, err
}

// Inventory is what a complete snapshot shows; what it could not read is marked as not assessed.
func (s *Store) Inventory(ctx context.Context, h Snapshot) (ona.Inventory, error) {
	return s.inventory(ctx, h, func(organizationKey int64) ([]ona.SCIMConfiguration, error) {
		return s.readSCIM(ctx, h, organizationKey)
	})
}

func (s *Store) readSCIM(ctx context.Context, h Snapshot, organizationKey int64) ([]ona.SCIMConfiguration, error) {
	all, err := values(scimKind.asOf(ctx, s.db, organizationKey, h.ID))
	return all, cmp.Or(err, asCounted(h.ID, "SCIM", len(all), h.SCIMConfigurations))
}

// inventory is an Inventory whose SCIM configurations list gives.
func (s *Store) inventory(ctx context.Context, h Snapshot, list func(organizationKey int64) ([]ona.SCIMConfiguration, error)) (ona.Inventory, error) {
	inventory := ona.Inventory{SSONotAssessed: h.SSONotAssessed, PoliciesNotAssessed: h.PoliciesNotAssessed}
	key, err := s.keyOf(ctx, h)
	if err != nil {
		return inventory, err
	}
	organization, err := values(organizationKind.asOf(ctx, s.db, key, h.ID))
	if err != nil {
		return inventory, err
	}
	if len(organization) == 1 {
		inventory.Organization = organization[0]
	}
	if inventory.SCIM, err = list(key); err != nil {
		return inventory, err
	}
	if h.SSONotAssessed == "" {
		inventory.SSO, err = values(ssoKind.asOf(ctx, s.db, key, h.ID))
		if err := cmp.Or(err, asCounted(h.ID, "SSO", len(inventory.SSO), h.SSOConfigurations)); err != nil {
			return inventory, err
		}
	}
	inventory.Policies, err = s.readPolicies(ctx, h, key)
	return inventory, err
}

func values[T any](versions []version[T], err error) ([]T, error) {
	all := make([]T, 0, len(versions))
	for _, v := range versions {
		all = append(all, v.value)
	}
	return all, err
}

// SeenBefore says which configurations of an organization that a snapshot does not show were there in an older one.
func (s *Store) SeenBefore(ctx context.Context, h Snapshot) (func(diff.SubjectType, string) bool, error) {
	key, found, err := findOrganization(ctx, s.db, h.OrganizationID)
	if err != nil || !found {
		return func(diff.SubjectType, string) bool { return false }, err
	}
	scim, err := scimKind.firstSnapshots(ctx, s.db, key)
	if err != nil {
		return nil, err
	}
	sso, err := ssoKind.firstSnapshots(ctx, s.db, key)
	if err != nil {
		return nil, err
	}
	return func(t diff.SubjectType, id string) bool {
		first, ok := map[diff.SubjectType]map[string]int64{diff.SCIMConfiguration: scim, diff.SSOConfiguration: sso}[t][id]
		return ok && first <= h.ID
	}, nil
}

// firstSnapshots is, by id, the first snapshot with a configuration that has a history; one without is in its first version.
func (k kind[T]) firstSnapshots(ctx context.Context, q querier, organizationKey int64) (map[string]int64, error) {
	type seen struct {
		id       string
		snapshot int64
	}
	found, err := queryAll(ctx, q, "reading the history of "+k.name+" rows", func(row *sql.Rows) (seen, error) {
		var s seen
		return s, row.Scan(&s.id, &s.snapshot)
	}, `SELECT id, min(valid_from)
		FROM (
		  SELECT id, valid_from FROM `+k.history()+` WHERE organization_key = ?1
		  UNION ALL
		  SELECT id, valid_from FROM pruned_versions WHERE organization_key = ?1 AND kind = ?2
		)
		GROUP BY id
		ORDER BY id`, organizationKey, k.name)
	if err != nil {
		return nil, err
	}
	first := make(map[string]int64, len(found))
	for _, f := range found {
		first[f.id] = f.snapshot
	}
	return first, nil
}
