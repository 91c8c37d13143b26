package snapshot

import (
	"context"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Expiries are the token expiries that the snapshots of an organization showed.
type Expiries struct {
	takenAt time.Time
	all     []expiry // sorted by id and snapshot
}

// expiry is the token expiry that a configuration had since the snapshot taken at an instant.
type expiry struct {
	id               string
	since, expiresAt time.Time
}

// Expiries are those that came before the inventory taken now.
func (s *Store) Expiries(ctx context.Context, organizationID string, takenAt time.Time) (*Expiries, error) {
	key, err := findOrganization(ctx, s.db, organizationID)
	if err != nil {
		return nil, err
	}
	all, err := queryAll(ctx, s.db, "reading token expiries", func(r *reader) expiry {
		return expiry{r.text(), r.seconds(), r.instant()}
	}, `SELECT v.id, s.taken_at, v.token_expires_at
		FROM (
		  SELECT id, valid_from, token_expires_at FROM scim_versions WHERE organization_key = ?1
		  UNION ALL
		  SELECT id, valid_from, token_expires_at FROM pruned_versions WHERE organization_key = ?1 AND kind = 'scim'
		) v
		JOIN stored_snapshots s ON s.id = v.valid_from
		ORDER BY v.id, v.valid_from`, key)
	return &Expiries{takenAt, all}, err
}

// Since reports since which snapshot the token of a configuration has had the expiry that it has now.
func (e *Expiries) Since(c *ona.SCIMConfiguration) finding.ExpirySince {
	at, _ := slices.BinarySearchFunc(e.all, c.ID, func(x expiry, id string) int { return strings.Compare(x.id, id) })
	since, shown := finding.ExpirySince{At: e.takenAt}, false
	for ; at < len(e.all) && e.all[at].id == c.ID; at++ {
		switch past := e.all[at]; {
		case !past.expiresAt.Equal(c.TokenExpiresAt):
			rotated := !past.expiresAt.IsZero() && !c.TokenExpiresAt.IsZero()
			since, shown = finding.ExpirySince{At: e.takenAt, Rotated: rotated}, false
		case !shown:
			since.At, shown = past.since, true
		}
	}
	return since
}
