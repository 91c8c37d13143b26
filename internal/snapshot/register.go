package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Snapshot is the snapshot with this id, ErrNotFound when there is none.
func (s *Store) Snapshot(ctx context.Context, id int64) (Snapshot, error) {
	found, err := querySnapshots(ctx, s.db, "WHERE id = ?", id)
	if err != nil {
		return Snapshot{}, err
	}
	if len(found) == 0 {
		return Snapshot{}, fmt.Errorf("snapshot %d: %w", id, ErrNotFound)
	}
	return found[0], nil
}

// Snapshots are a run's snapshots, sorted by source.
func (s *Store) Snapshots(ctx context.Context, runID int64) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, "WHERE run_id = ? ORDER BY source, id", runID)
}

// CompleteSnapshots are all complete snapshots of the organization that retention has left whole, oldest first; of every organization when
// organizationID is empty.
func (s *Store) CompleteSnapshots(ctx context.Context, organizationID string) ([]Snapshot, error) {
	return querySnapshots(ctx, s.db, "WHERE outcome = 'complete' AND pruned_at IS NULL AND (?1 = '' OR organization_id = ?1) ORDER BY id", organizationID)
}

// LastComplete is the newest complete snapshot of the organization with an id below before (0: any).
func (s *Store) LastComplete(ctx context.Context, organizationID string, before int64) (Snapshot, bool, error) {
	return lastComplete(ctx, s.db, organizationID, before)
}

func lastComplete(ctx context.Context, q querier, organizationID string, before int64) (Snapshot, bool, error) {
	return first(querySnapshots(ctx, q,
		"WHERE organization_id = ?1 AND outcome = 'complete' AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT 1", organizationID, before))
}

// Pinned is the newest complete snapshot of a source: its organization is the one that the source belongs to.
func (s *Store) Pinned(ctx context.Context, source string) (Snapshot, bool, error) {
	return first(querySnapshots(ctx, s.db, "WHERE source = ? AND outcome = 'complete' ORDER BY id DESC LIMIT 1", source))
}

func first(found []Snapshot, err error) (Snapshot, bool, error) {
	if err != nil || len(found) == 0 {
		return Snapshot{}, false, err
	}
	return found[0], true, nil
}

func querySnapshots(ctx context.Context, q querier, where string, args ...any) ([]Snapshot, error) {
	return queryAll(ctx, q, "reading snapshots", scanSnapshot,
		"SELECT "+strings.Join(snapshotColumns, ", ")+", pruned_at FROM snapshots "+where, args...)
}

func scanSnapshot(row *sql.Rows) (Snapshot, error) {
	var h Snapshot
	var organizationID, name, tier, principalID, principal, code, reason, sso, policies, content, pruned sql.NullString
	var taken, notes, unknown string
	var baseline, offset sql.NullInt64
	err := row.Scan(&h.ID, &h.RunID, &h.Source, &organizationID, &name, &tier, &h.BaseURL, &principalID, &principal, &taken, &h.Outcome,
		&baseline, &code, &reason, &h.Pages,
		&h.SCIMListing.Pages, &h.SCIMListing.RowsPerPage, &h.SCIMListing.FinalTokenEmpty,
		&h.SSOListing.Pages, &h.SSOListing.RowsPerPage, &h.SSOListing.FinalTokenEmpty, &h.SCIMReceived, &h.SCIMDistinct, &h.SCIMConfigurations, &h.SSOReceived, &h.SSODistinct,
		&h.SSOConfigurations, &sso, &policies, &h.Retries, &offset, &notes, &unknown, &h.Changes, &h.FailingFindings,
		&content, &h.RecordsSHA256, &h.ChainSHA256, &pruned)
	if err != nil {
		return h, err
	}
	h.OrganizationID, h.OrganizationName, h.OrganizationTier = organizationID.String, name.String, tier.String
	h.PrincipalID, h.Principal = principalID.String, principal.String
	h.BaselineID, h.ErrorCode, h.Error = baseline.Int64, code.String, reason.String
	h.SSONotAssessed, h.PoliciesNotAssessed, h.ContentSHA256 = sso.String, policies.String, content.String
	h.ServerClockKnown, h.ServerClockOffset = offset.Valid, time.Duration(offset.Int64)*time.Millisecond
	return h, errors.Join(
		parseSeconds(taken, &h.TakenAt),
		parseSeconds(pruned.String, &h.PrunedAt),
		parseJSON(notes, &h.Notes),
		parseJSON(unknown, &h.UnknownFields))
}
