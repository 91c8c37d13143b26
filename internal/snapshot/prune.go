package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Retention says what Prune removes. The newest complete snapshot of an organization, and the newest ones that could read its SSO
// configurations and its policies, are what the next run compares with: they always stay.
type Retention struct {
	// KeepLast keeps this many of the newest complete snapshots of each organization, and what is newer than the oldest of these; 0 for no
	// such rule.
	KeepLast int
	// Before removes the snapshots taken before it; the zero time for no such rule.
	Before time.Time
	// ResponsesBefore removes the bytes of answers that only snapshots taken before it had; the zero time for no such rule.
	ResponsesBefore time.Time
}

// Pruned is what Prune removed.
type Pruned struct {
	Snapshots []Snapshot // oldest first; their headers stay
	Rows      int        // of configurations, exchanges, changes and findings
	Responses int        // answers whose bytes were removed; their hashes stay
}

// Prune removes what whole old snapshots had, in one transaction, and marks them as pruned at the instant at. Their headers and hashes stay, so
// that the chain has no gap; of a configuration it stays known that it was seen, and since when its token's expiry was what it was. With
// dryRun nothing is changed, and the result is what would be.
func (s *Store) Prune(ctx context.Context, r Retention, at time.Time, dryRun bool) (*Pruned, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", explain(err))
	}
	defer rollback(tx)
	pruned, err := prune(ctx, tx, r, at)
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", explain(err))
	}
	if dryRun {
		return pruned, nil
	}
	if err := commit(tx, "pruning"); err != nil {
		return nil, err
	}
	return pruned, s.compact(ctx)
}

// compact gives the space back, and with it the bytes that deleted rows leave in a file.
func (s *Store) compact(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("what was pruned is gone, but its space was not given back: %w", explain(err))
	}
	return nil
}

func prune(ctx context.Context, tx *sql.Tx, r Retention, at time.Time) (*Pruned, error) {
	all, err := querySnapshots(ctx, tx, "WHERE pruned_at IS NULL ORDER BY id")
	if err != nil {
		return nil, err
	}
	pruned := &Pruned{Snapshots: r.choose(all)}
	for _, h := range pruned.Snapshots {
		if _, err := tx.ExecContext(ctx, "UPDATE snapshots SET pruned_at = ? WHERE id = ?", formatSeconds(at), h.ID); err != nil {
			return nil, err
		}
	}
	if len(pruned.Snapshots) > 0 {
		if pruned.Rows, err = removeRows(ctx, tx); err != nil {
			return nil, err
		}
	}
	pruned.Responses, err = removeResponses(ctx, tx, r.ResponsesBefore)
	return pruned, err
}

// choose is what the rules remove of all snapshots that are whole, oldest first.
func (r Retention) choose(all []Snapshot) []Snapshot {
	stays := make(map[int64]bool)
	for _, h := range baselines(all) {
		stays[h] = true
	}
	oldest := r.oldestKept(all)
	var chosen []Snapshot
	for _, h := range all {
		tooOld := !r.Before.IsZero() && h.TakenAt.Before(r.Before)
		if r.KeepLast > 0 {
			tooOld = h.ID < oldest[owner(h)]
		}
		if tooOld && !stays[h.ID] {
			chosen = append(chosen, h)
		}
	}
	return chosen
}

// owner is whom a snapshot counts for: its organization, else, where it failed before that was known, its source.
func owner(h Snapshot) string {
	if h.OrganizationID != "" {
		return h.OrganizationID
	}
	return "source " + h.Source
}

// baselines are the snapshots that Store.Baseline reads, of every organization.
func baselines(all []Snapshot) []int64 {
	newest := make(map[[2]string]int64)
	for _, h := range all {
		if h.Outcome != Complete {
			continue
		}
		newest[[2]string{h.OrganizationID, "complete"}] = h.ID
		if h.SSONotAssessed == "" {
			newest[[2]string{h.OrganizationID, "sso"}] = h.ID
		}
		if h.PoliciesNotAssessed == "" {
			newest[[2]string{h.OrganizationID, "policies"}] = h.ID
		}
	}
	ids := make([]int64, 0, len(newest))
	for _, id := range newest {
		ids = append(ids, id)
	}
	return ids
}

// oldestKept is the oldest of the last KeepLast complete snapshots of each owner; one that has fewer is not in it.
func (r Retention) oldestKept(all []Snapshot) map[string]int64 {
	count := make(map[string]int)
	oldest := make(map[string]int64)
	for _, h := range slices.Backward(all) {
		if h.Outcome != Complete {
			continue
		}
		if count[h.OrganizationID]++; count[h.OrganizationID] == r.KeepLast {
			oldest[h.OrganizationID] = h.ID
			oldest["source "+h.Source] = h.ID
		}
	}
	return oldest
}

// removeRows removes what only pruned snapshots had.
func removeRows(ctx context.Context, tx *sql.Tx) (removed int, err error) {
	for _, t := range []string{"stored_changes", "failed_findings", "exchange_times", "audit_log_readings", "audit_log_entries", "stored_candidates",
		"stored_exceptions", "finding_exceptions", "carried_findings"} {
		n, err := execCount(ctx, tx, "DELETE FROM "+t+" WHERE snapshot_id IN (SELECT id FROM snapshots WHERE pruned_at IS NOT NULL)")
		if err != nil {
			return 0, err
		}
		removed += n
	}
	n, err := execCount(ctx, tx, "DELETE FROM exception_texts WHERE key NOT IN (SELECT exception_key FROM stored_exceptions)")
	if err != nil {
		return 0, err
	}
	removed += n
	for _, t := range allTables {
		if err := rememberVersions(ctx, tx, t); err != nil {
			return 0, err
		}
		n, err := execCount(ctx, tx, "DELETE FROM "+t.history()+" AS v WHERE "+shownByNone)
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}

// shownByNone says of a row of a history that every snapshot that showed it is pruned.
const shownByNone = `NOT EXISTS (
	SELECT 1
	FROM organizations o
	JOIN snapshots s ON s.organization_id = o.id
	WHERE o.key = v.organization_key
	  AND s.outcome = 'complete'
	  AND s.pruned_at IS NULL
	  AND s.id >= v.valid_from
	  AND s.id < v.valid_to
)`

// rememberVersions keeps of the configurations what later snapshots are judged by.
func rememberVersions(ctx context.Context, tx *sql.Tx, t table) error {
	expires := map[string]string{scimKind.name: "v.token_expires_at", ssoKind.name: "NULL"}[t.name]
	if expires == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO pruned_versions (organization_key, kind, id, valid_from, token_expires_at)"+
		" SELECT v.organization_key, ?, v.id, v.valid_from, "+expires+" FROM "+t.history()+" v WHERE "+shownByNone, t.name)
	return err
}

// removeResponses removes the bytes of answers that no snapshot has any more, or only snapshots taken before the instant; those of the newest
// snapshot of an organization stay.
func removeResponses(ctx context.Context, tx *sql.Tx, before time.Time) (int, error) {
	since := ""
	if !before.IsZero() {
		since = formatSeconds(before)
	}
	return execCount(ctx, tx, `
		UPDATE responses
		SET body = NULL
		WHERE body IS NOT NULL
		  AND sha256 NOT IN (SELECT response_sha256 FROM exchange_live)
		  AND sha256 NOT IN (
		    SELECT v.response_sha256
		    FROM exchange_history v
		    JOIN organizations o ON o.key = v.organization_key
		    WHERE EXISTS (
		      SELECT 1
		      FROM snapshots s
		      WHERE s.organization_id = o.id
		        AND s.outcome = 'complete'
		        AND s.pruned_at IS NULL
		        AND s.id >= v.valid_from
		        AND s.id < v.valid_to
		        AND s.taken_at >= ?
		    )
		  )`, since)
}

func execCount(ctx context.Context, tx *sql.Tx, query string, args ...any) (int, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// notPruned is ErrPruned for a snapshot that retention removed: that it has no rows then says nothing.
func (s *Store) notPruned(ctx context.Context, snapshotID int64) error {
	h, err := s.Snapshot(ctx, snapshotID)
	if errors.Is(err, ErrNotFound) || err == nil && h.PrunedAt.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	return prunedError(h)
}
