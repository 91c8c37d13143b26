package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Expiries are the token expiries that an organization's snapshots showed. Until they are closed the store can do nothing else.
type Expiries struct {
	takenAt time.Time
	seenAt  map[int64]time.Time // by snapshot
	next    func() (expiry, error, bool)
	stop    func()
	present expiry // the next one that nobody asked about, while more
	more    bool
	err     error
}

// expiry is the token expiry that a configuration had since a snapshot.
type expiry struct {
	id        string
	validFrom int64
	expiresAt time.Time
}

// expiriesQuery reads what an organization's snapshots showed. Each part has an index in this order, so that SQLite merges the three and sorts
// nothing.
const expiriesQuery = `
	SELECT id, valid_from, token_expires_at FROM scim_live WHERE organization_key = ?1
	UNION ALL
	SELECT id, valid_from, token_expires_at FROM scim_history WHERE organization_key = ?1
	UNION ALL
	SELECT id, valid_from, token_expires_at FROM pruned_versions WHERE organization_key = ?1 AND kind = 'scim'
	ORDER BY 1, 2`

// Expiries are those that came before the listing taken now.
func (s *Store) Expiries(ctx context.Context, organizationID string, takenAt time.Time) (*Expiries, error) {
	key, _, err := findOrganization(ctx, s.db, organizationID)
	if err != nil {
		return nil, err
	}
	e := &Expiries{takenAt: takenAt}
	if e.seenAt, err = s.takenAt(ctx, organizationID); err != nil {
		return nil, err
	}
	e.next, e.stop = iter.Pull2(queryEach(ctx, s.db, "reading token expiries", func(row *sql.Rows) (expiry, error) {
		var x expiry
		var expires sql.NullString
		err := row.Scan(&x.id, &x.validFrom, &expires)
		return x, errors.Join(err, parseInstant(expires, &x.expiresAt))
	}, expiriesQuery, key))
	e.advance()
	return e, nil
}

func (e *Expiries) advance() {
	e.present, e.err, e.more = e.next()
	e.more = e.more && e.err == nil
}

// Since says since which snapshot the expiry of a configuration's token has been what it is in the listing. Configurations are asked about in
// the order of their ids, each once. What it says holds if Close then gives no error.
func (e *Expiries) Since(c *ona.SCIMConfiguration) finding.ExpirySince {
	for e.more && e.present.id < c.ID {
		e.advance()
	}
	since, shown := finding.ExpirySince{At: e.takenAt}, false
	for ; e.more && e.present.id == c.ID; e.advance() {
		switch past := e.present.expiresAt; {
		case !past.Equal(c.TokenExpiresAt):
			since, shown = finding.ExpirySince{At: e.takenAt, Rotated: !past.IsZero() && !c.TokenExpiresAt.IsZero()}, false
		case !shown:
			since.At, shown = e.seenAt[e.present.validFrom], true
		}
	}
	return since
}

// Close gives the store back.
func (e *Expiries) Close() error {
	e.stop()
	e.more = false
	return e.err
}
