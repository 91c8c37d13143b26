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
	seenAt  map[int64]time.Time // by snapshot
	all     []expiry            // sorted by id and snapshot
}

// expiry is the token expiry that a configuration had since a snapshot.
type expiry struct {
	id        string
	validFrom int64
	expiresAt time.Time
}

// Expiries are those that came before the inventory taken now.
func (s *Store) Expiries(ctx context.Context, organizationID string, takenAt time.Time) (*Expiries, error) {
	e := &Expiries{takenAt: takenAt}
	key, err := findOrganization(ctx, s.db, organizationID)
	if err != nil {
		return nil, err
	}
	if e.seenAt, err = s.takenAt(ctx, scimVersions, key); err != nil {
		return nil, err
	}
	e.all, err = queryAll(ctx, s.db, "reading token expiries", func(r *reader) expiry {
		return expiry{r.text(), r.number(), r.instant()}
	}, `SELECT id, valid_from, token_expires_at FROM scim_versions WHERE organization_key = ?1
		UNION ALL
		SELECT id, valid_from, token_expires_at FROM pruned_versions WHERE organization_key = ?1 AND kind = 'scim'
		ORDER BY 1, 2`, key)
	return e, err
}

// Since reports since which snapshot the token of a configuration has had the expiry that it has now.
func (e *Expiries) Since(c *ona.SCIMConfiguration) finding.ExpirySince {
	at, _ := slices.BinarySearchFunc(e.all, c.ID, func(x expiry, id string) int { return strings.Compare(x.id, id) })
	since, shown := finding.ExpirySince{At: e.takenAt}, false
	for ; at < len(e.all) && e.all[at].id == c.ID; at++ {
		switch past := e.all[at].expiresAt; {
		case !past.Equal(c.TokenExpiresAt):
			since = finding.ExpirySince{At: e.takenAt, Rotated: !past.IsZero() && !c.TokenExpiresAt.IsZero()}
			shown = false
		case !shown:
			since.At, shown = e.seenAt[e.all[at].validFrom], true
		}
	}
	return since
}
