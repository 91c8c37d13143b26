package snapshot

import (
	"context"
	"math"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Baseline is the last complete snapshot of an organization, with which the next one is
// compared. It is the zero Baseline if the organization has no complete snapshot.
type Baseline struct {
	Snapshot Snapshot
	// Inventory has what Snapshot shows. What Snapshot could not read comes from the last
	// snapshot that could, so that a change made in between is still detected. It has no Raw.
	Inventory ona.Inventory
	// read has the snapshots that the parts of Inventory come from.
	read    map[string]Snapshot
	content versions
}

// Of returns the snapshot that a part of Inventory comes from; the zero Snapshot if no snapshot
// could read it. That of the members may be one whose settings did not ask for them.
func (b *Baseline) Of(part string) Snapshot {
	if h, found := b.read[part]; found {
		return h
	}
	return b.Snapshot
}

// Baseline returns the baseline of an organization. found is false if it has no complete
// snapshot yet.
func (s *Store) Baseline(ctx context.Context, organizationID string) (b Baseline, found bool, err error) {
	if b.Snapshot, found, err = lastComplete(ctx, s.db, organizationID, 0, ""); err != nil || !found {
		return Baseline{}, false, err
	}
	b.read = make(map[string]Snapshot)
	for _, c := range ComparedParts {
		if NotAssessed(b.Snapshot.Parts(), c.Part) == "" {
			continue
		}
		if b.read[c.Part], _, err = s.LastRead(ctx, organizationID, c.Part, b.Snapshot.ID); err != nil {
			return b, true, err
		}
	}
	if b.read[PartMembers], err = s.lastOfMembers(ctx, b.Snapshot); err != nil {
		return b, true, err
	}
	// A snapshot that could not read a kind leaves its versions current.
	content, err := currentVersions(ctx, s.db, organizationID, contentTables)
	if err == nil {
		err = b.fill(content)
	}
	return b, true, err
}

// lastOfMembers returns h if it could read members or its settings did not ask for them, else the
// last complete snapshot before it of which that is so; the zero Snapshot if there is none.
func (s *Store) lastOfMembers(ctx context.Context, h Snapshot) (Snapshot, error) {
	if h.MembersNotAssessed == "" {
		return h, nil
	}
	last, _, err := lastComplete(ctx, s.db, h.OrganizationID, h.ID, "AND members_not_assessed IS NULL")
	return last, err
}

// MembersBaseline returns the snapshot that members were compared with by a snapshot whose baseline
// is h. found is false if they were not compared: no snapshot could read them, or the settings of
// that one did not ask for them.
func (s *Store) MembersBaseline(ctx context.Context, h Snapshot) (last Snapshot, found bool, err error) {
	last, err = s.lastOfMembers(ctx, h)
	return last, last.ID != 0 && last.MembersSetting != MembersOff, err
}

// fill sets what the baseline shows to the rows that are current after it.
func (b *Baseline) fill(content versions) (err error) {
	b.content = content
	members := b.Of(PartMembers)
	b.Inventory, err = content.inventory(b.Snapshot, b.Of(PartSSO), members)
	if b.Inventory.MembersSalt = members.MembersSaltID; members.ID == 0 {
		b.Inventory.MembersNotAssessed = b.Snapshot.MembersNotAssessed
	} else if members.MembersSetting == MembersOff {
		b.Inventory.MembersNotAssessed = ona.MembersNotRequested
	}
	if b.Of(PartSSO).ID == 0 {
		b.Inventory.SSONotAssessed = b.Snapshot.SSONotAssessed
	}
	if b.Of(PartPolicies).ID == 0 {
		b.Inventory.PoliciesNotAssessed = b.Snapshot.PoliciesNotAssessed
	}
	return err
}

// ExpirySince returns a function that returns since when the token of a configuration has had
// its present expiry, by the snapshots of the organization before the one that is taken at
// takenAt.
func (s *Store) ExpirySince(
	ctx context.Context, organizationID string, takenAt time.Time,
) (func(*ona.SCIMConfiguration) finding.ExpirySince, error) {
	shown, err := readExpiries(ctx, s.db, organizationID)
	return func(c *ona.SCIMConfiguration) finding.ExpirySince { return shown.since(c, takenAt, math.MaxInt64) }, err
}

// expiries has the expiries of the tokens that snapshots showed, by the id of the configuration,
// oldest first.
type expiries map[string][]expiry

// expiry is the expiry of a token, and the first of consecutive snapshots that show it.
type expiry struct {
	snapshotID       int64
	since, expiresAt time.Time
}

func readExpiries(ctx context.Context, q querier, organizationID string) (expiries, error) {
	shown := make(expiries)
	_, err := queryAll(ctx, q, "reading token expiries", func(r *reader) bool {
		id := r.text()
		shown[id] = append(shown[id], expiry{r.number(), r.instant(), r.instant()})
		return true
	}, `SELECT v.id, s.id, s.taken_at, v.token_expires_at
		FROM (
		  SELECT id, valid_from, token_expires_at FROM scim_versions WHERE organization_key = `+keyOf+`
		  UNION ALL
		  SELECT id, valid_from, token_expires_at FROM pruned_versions
		  WHERE organization_key = `+keyOf+` AND kind = 'scim'
		) v
		JOIN stored_snapshots s ON s.id = v.valid_from
		ORDER BY v.id, v.valid_from`, organizationID)
	return shown, err
}

// since returns since when the token of a configuration has its expiry, by the snapshots with an id
// below before.
func (shown expiries) since(c *ona.SCIMConfiguration, takenAt time.Time, before int64) finding.ExpirySince {
	since, unchanged := finding.ExpirySince{At: takenAt}, false
	for _, past := range shown[c.ID] {
		switch {
		case past.snapshotID >= before:
			return since
		case !past.expiresAt.Equal(c.TokenExpiresAt):
			rotated := !past.expiresAt.IsZero() && !c.TokenExpiresAt.IsZero()
			since, unchanged = finding.ExpirySince{At: takenAt, Rotated: rotated}, false
		case !unchanged:
			since.At, unchanged = past.since, true
		}
	}
	return since
}
