package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
)

// Retention selects what Prune removes. Prune always keeps the snapshots that the next run
// compares with: the newest complete one of each organization, the newest ones that could read
// its SSO configurations, its policies and its members, and its approved baseline that is in force.
type Retention struct {
	// KeepLast keeps this many of the newest complete snapshots of each organization, and every
	// snapshot newer than the oldest of these. 0 turns the rule off.
	KeepLast int
	// Before removes the snapshots taken before this instant. The zero time turns the rule off.
	Before time.Time
	// ResponsesBefore removes the bytes of responses that no snapshot taken since this instant
	// has. The zero time turns the rule off.
	ResponsesBefore time.Time
	// Reports are report folders that the caller removes after Prune has recorded them.
	Reports []PrunedReport
}

// PrunedReport is the report folder of a run.
type PrunedReport struct {
	Folder     string // its name
	RunID      int64
	SumsSHA256 string // SHA-256, in hex, of its SHA256SUMS
}

// removesRows reports whether a rule is on that removes rows or responses.
func (r *Retention) removesRows() bool {
	return r.KeepLast > 0 || !r.Before.IsZero() || !r.ResponsesBefore.IsZero()
}

// Pruned is what Prune removed.
type Pruned struct {
	Snapshots []Snapshot // oldest first; their headers stay
	Approved  []Snapshot // the approved baselines in force that the rules would remove, which were kept
	Rows      int        // configurations, exchanges, changes and findings
	Responses int        // responses whose bytes were removed; their hashes stay
}

var (
	pruneColumns         = []string{"id", "pruned_at", "responses_before", "versions_sha256"}
	prunedVersionColumns = []string{"organization_key", "kind", "id", "valid_from", "token_expires_at"}
	prunedVersionForm    = evidence.NewForm("pruned_version", prunedVersionColumns...)
)

// Prune removes the rows of old snapshots and records that, with the instant at, in one
// transaction. Their headers and hashes stay, so that the ledger stays complete. The ids of
// their configurations and the history of the token expiries stay too. With dryRun Prune
// changes nothing and returns what it would remove.
func (s *Store) Prune(ctx context.Context, r Retention, at time.Time, dryRun bool) (*Pruned, error) {
	var pruned *Pruned
	err := s.inTransaction(ctx, "pruning", func(tx *transaction) {
		if pruned = prune(ctx, tx, r, at); dryRun {
			tx.fail(errDryRun)
		}
	})
	if errors.Is(err, errDryRun) {
		return pruned, nil
	}
	if err != nil {
		return nil, err
	}
	if !r.removesRows() {
		return pruned, nil
	}
	// VACUUM returns the free space to the file system and erases the bytes of the deleted
	// rows.
	if _, err := s.db.ExecContext(ctx, "VACUUM"); err != nil {
		return pruned, fmt.Errorf("the rows are pruned, but the file was not shrunk: %w", explain(err))
	}
	return pruned, nil
}

// errDryRun rolls a transaction back.
var errDryRun = errors.New("dry run")

// LastPruned returns the instant of the newest pruned snapshot, the zero time if there is none.
func (s *Store) LastPruned(ctx context.Context) (time.Time, error) {
	at, _, err := first(queryAll(ctx, s.db, "reading the pruned snapshots", (*reader).instant, `
		SELECT max(s.taken_at) FROM pruned_snapshots g JOIN stored_snapshots s ON s.id = g.snapshot_id`))
	return at, err
}

// PrunedAfter returns when retention last removed, after the end of a run, a snapshot that was
// taken at or after an instant; the zero time if it never did.
func (s *Store) PrunedAfter(ctx context.Context, runID int64, taken time.Time) (time.Time, error) {
	at, _, err := first(queryAll(ctx, s.db, "reading the prunes", (*reader).instant, `
		SELECT max(p.pruned_at)
		FROM run_ends e
		CROSS JOIN prunes p ON p.pruned_at >= e.finished_at
		WHERE e.run_id = ? AND EXISTS (
		  SELECT 1
		  FROM pruned_snapshots g
		  JOIN stored_snapshots s ON s.id = g.snapshot_id
		  WHERE g.prune_id = p.id AND s.taken_at >= ?
		)`, runID, formatSeconds(taken)))
	return at, err
}

func prune(ctx context.Context, tx *transaction, r Retention, at time.Time) *Pruned {
	pruned := &Pruned{}
	chosen, err := r.choose(ctx, tx)
	tx.fail(err)
	approved, err := approvedSnapshots(ctx, tx)
	tx.fail(err)
	for _, h := range chosen {
		if approved[h.ID] {
			pruned.Approved = append(pruned.Approved, h)
		} else {
			pruned.Snapshots = append(pruned.Snapshots, h)
		}
	}
	chosen = pruned.Snapshots
	if len(chosen)+len(r.Reports) > 0 || !r.ResponsesBefore.IsZero() {
		recordPrune(ctx, tx, r, at, chosen)
	}
	if len(chosen) > 0 {
		pruned.Rows = removeRows(ctx, tx)
	}
	pruned.Responses = removeResponses(ctx, tx, r.ResponsesBefore)
	return pruned
}

func recordPrune(ctx context.Context, tx *transaction, r Retention, at time.Time, snapshots []Snapshot) {
	id := nextID(ctx, tx, "prunes")
	var rows [][]any
	var ids []string
	for _, h := range snapshots {
		rows = append(rows, []any{h.ID, id})
		ids = append(ids, strconv.FormatInt(h.ID, 10))
	}
	insertRows(ctx, tx, "pruned_snapshots", []string{"snapshot_id", "prune_id"}, rows)
	values := []any{id, formatSeconds(at), nullSeconds(r.ResponsesBefore), keepVersions(ctx, tx, id)}
	insertRows(ctx, tx, "prunes", pruneColumns, [][]any{values})
	reports := slices.SortedFunc(slices.Values(r.Reports), func(a, b PrunedReport) int {
		return cmp.Compare(a.RunID, b.RunID)
	})
	var reportRows [][]any
	var texts []string
	for _, report := range reports {
		reportRows = append(reportRows, []any{report.RunID, id, report.Folder, report.SumsSHA256})
		texts = append(texts, fmt.Sprintf("%d %s %s", report.RunID, report.Folder, report.SumsSHA256))
	}
	insertRows(ctx, tx, "pruned_reports", []string{"run_id", "prune_id", "folder", "sums_sha256"}, reportRows)
	values = append(values, strings.Join(ids, ","), strings.Join(texts, ","))
	lastLink(ctx, tx).add(ctx, tx, "prune", id, values)
}

// keepVersions keeps the ids and the token expiries of the versions that only pruned snapshots
// show, because later snapshots need them. It returns the hash over them.
func keepVersions(ctx context.Context, tx *transaction, pruneID int64) string {
	for kind, expiry := range map[string]string{"scim": "token_expires_at", "sso": "NULL"} {
		tx.execute(ctx, "keeping ids and expiries", "INSERT INTO pruned_versions "+
			"SELECT organization_key, ?, id, valid_from, "+expiry+", ? FROM "+kind+"_versions AS v WHERE "+shownByPruned,
			kind, pruneID)
	}
	digest := evidence.NewDigest()
	err := queryEach(ctx, tx, "hashing what is kept", func(r *reader) {
		digest.Add(prunedVersionForm, r.values)
	}, "SELECT "+strings.Join(prunedVersionColumns, ", ")+` FROM pruned_versions
		WHERE prune_id = ?
		ORDER BY organization_key, kind, id, valid_from`, pruneID)
	tx.fail(err)
	return digest.Sum()
}

// choose returns the snapshots that the rules remove, oldest first, without those that are
// already pruned. A snapshot that failed before its organization was known is treated as one of
// its source's organization.
func (r Retention) choose(ctx context.Context, tx querier) ([]Snapshot, error) {
	return querySnapshots(ctx, tx, `
		WHERE id IN (
		  WITH complete AS MATERIALIZED (
		    SELECT id, source, organization_id, sso_not_assessed, policies_not_assessed, members_not_assessed,
		      row_number() OVER (PARTITION BY organization_id ORDER BY id DESC) AS place
		    FROM snapshots
		    WHERE outcome = 'complete' AND pruned_at IS NULL
		  )
		  SELECT s.id
		  FROM snapshots s
		  LEFT JOIN complete k ON k.organization_id = s.organization_id AND k.place = ?1
		  WHERE s.pruned_at IS NULL
		    AND CASE ?1 WHEN 0 THEN s.taken_at < ?2 ELSE s.id < coalesce(k.id, (
		      SELECT min(id) FROM complete WHERE s.organization_id IS NULL AND source = s.source AND place = ?1
		    )) END
		    AND s.id NOT IN (
		      SELECT max(id) FROM complete GROUP BY organization_id
		      UNION
		      SELECT max(id) FROM complete WHERE sso_not_assessed IS NULL GROUP BY organization_id
		      UNION
		      SELECT max(id) FROM complete WHERE policies_not_assessed IS NULL GROUP BY organization_id
		      UNION
		      SELECT max(id) FROM complete WHERE members_not_assessed IS NULL GROUP BY organization_id
		    )
		)
		ORDER BY id`, r.KeepLast, formatSeconds(r.Before))
}

// snapshotTables are the tables in which each row belongs to one snapshot.
var snapshotTables = []string{
	"stored_changes", "failed_findings", "stored_exchanges",
	"audit_log_readings", "audit_log_entries", "stored_candidates",
}

func removeRows(ctx context.Context, tx *transaction) (removed int) {
	for _, table := range snapshotTables {
		removed += tx.execute(ctx, "deleting from "+table,
			"DELETE FROM "+table+" WHERE snapshot_id IN (SELECT snapshot_id FROM pruned_snapshots)")
	}
	for _, t := range slices.Concat(contentTables, recordTables) {
		removed += tx.execute(ctx, "deleting from "+t.name, "DELETE FROM "+t.name+" AS v WHERE "+shownByPruned)
	}
	tx.execute(ctx, "deleting from requests",
		"DELETE FROM requests WHERE id NOT IN (SELECT request_id FROM stored_exchanges)")
	return removed
}

// shownByPruned is the condition that every snapshot that showed the version v is pruned.
const shownByPruned = `v.valid_to IS NOT NULL AND NOT EXISTS (
	SELECT 1
	FROM whole_snapshots s
	WHERE s.organization_key = v.organization_key AND s.id >= v.valid_from AND s.id < v.valid_to
)`

// removeResponses removes the bytes of responses that no snapshot taken since the instant has.
// The responses of the newest complete snapshot of each organization stay. A snapshot with redacted
// members does not have those about members, even if an earlier snapshot stored the same bytes.
func removeResponses(ctx context.Context, tx *transaction, before time.Time) int {
	return tx.execute(ctx, "removing the bytes of responses", `
		UPDATE responses
		SET body = NULL
		WHERE body IS NOT NULL
		  AND id NOT IN (
		    SELECT x.response_id
		    FROM stored_exchanges x
		    JOIN stored_snapshots s ON s.id = x.snapshot_id
		    JOIN requests q ON q.id = x.request_id
		    WHERE (s.taken_at >= ?
		       OR s.id IN (SELECT max(id) FROM stored_snapshots WHERE outcome = 'complete' GROUP BY organization_key))
		      AND NOT (s.members_setting = 'redacted' AND q.method IN ('`+strings.Join(withheldMethods, "', '")+`'))
		  )`, formatSeconds(before))
}
