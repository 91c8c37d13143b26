package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scim-auditor/internal/finding"
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
	if b.Inventory, err = s.Inventory(ctx, last); err != nil {
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
	inventory, err := s.Inventory(ctx, older)
	if err != nil {
		return err
	}
	fill(inventory)
	return nil
}

// ExpirySince says, for each of an organization's SCIM configurations in the listing taken now, since which snapshot the expiry of its token
// has been what it is.
func (s *Store) ExpirySince(ctx context.Context, organizationID string, listing []ona.SCIMConfiguration, takenAt time.Time) (map[string]finding.ExpirySince, error) {
	key, _, err := findOrganization(ctx, s.db, organizationID)
	if err != nil {
		return nil, err
	}
	past, err := s.expiries(ctx, key)
	if err != nil {
		return nil, err
	}
	since := make(map[string]finding.ExpirySince, len(listing))
	for _, c := range listing {
		e := finding.ExpirySince{At: takenAt}
		for _, p := range past[c.ID] {
			if !p.expiresAt.Equal(c.TokenExpiresAt) {
				e.Rotated = !p.expiresAt.IsZero() && !c.TokenExpiresAt.IsZero()
				break
			}
			e.At = p.seenAt
		}
		since[c.ID] = e
	}
	return since, nil
}

// expiry is the token expiry that a stretch of snapshots showed, the first of them at seenAt.
type expiry struct {
	id                string
	seenAt, expiresAt time.Time
}

// expiries is what an organization's snapshots showed, by configuration, newest first.
func (s *Store) expiries(ctx context.Context, organizationKey int64) (map[string][]expiry, error) {
	all, err := queryAll(ctx, s.db, "reading token expiries", func(row *sql.Rows) (expiry, error) {
		var e expiry
		var seen string
		var expires sql.NullString
		err := row.Scan(&e.id, &seen, &expires)
		return e, errors.Join(err, parseSeconds(seen, &e.seenAt), parseInstant(expires, &e.expiresAt))
	}, `SELECT v.id, s.taken_at, v.token_expires_at
		FROM (
		  SELECT id, valid_from, token_expires_at FROM scim_live WHERE organization_key = ?1
		  UNION ALL
		  SELECT id, valid_from, token_expires_at FROM scim_history WHERE organization_key = ?1
		  UNION ALL
		  SELECT id, valid_from, token_expires_at FROM pruned_versions WHERE organization_key = ?1 AND kind = 'scim'
		) v
		JOIN snapshots s ON s.id = v.valid_from
		ORDER BY v.id, s.id DESC`, organizationKey)
	if err != nil {
		return nil, err
	}
	byID := make(map[string][]expiry)
	for _, e := range all {
		byID[e.id] = append(byID[e.id], e)
	}
	return byID, nil
}
