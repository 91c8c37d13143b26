package snapshot

import (
	"context"
	"database/sql"
	"math"

	"scim-auditor/internal/diff"
)

// Totals is what the complete snapshots of a run add up to, beside what its row of the register counts.
type Totals struct {
	SSOConfigurations int
	// SSOKnown is false where a snapshot could not read them, or failed.
	SSOKnown bool
	// Failing counts failed findings of complete snapshots by severity; nil where a snapshot was pruned.
	Failing map[diff.Severity]int
}

// Totals adds up the snapshots of the runs from first to last, by run.
func (s *Store) Totals(ctx context.Context, first, last int64) (map[int64]*Totals, error) {
	totals := make(map[int64]*Totals)
	firstID, lastID := int64(math.MaxInt64), int64(0) // of the snapshots
	_, err := queryAll(ctx, s.db, "adding up snapshots", func(row *sql.Rows) (int64, error) {
		var run, oldest, newest int64
		var t Totals
		var pruned bool
		err := row.Scan(&run, &oldest, &newest, &t.SSOConfigurations, &t.SSOKnown, &pruned)
		firstID, lastID = min(firstID, oldest), max(lastID, newest)
		if !pruned {
			t.Failing = make(map[diff.Severity]int)
		}
		totals[run] = &t
		return run, err
	}, `SELECT
			run_id,
			min(id),
			max(id),
			sum(sso_configurations),
			min(outcome = 'complete' AND sso_not_assessed IS NULL),
			max(pruned_at IS NOT NULL)
		FROM snapshots
		WHERE run_id BETWEEN ? AND ?
		GROUP BY run_id
		ORDER BY run_id`, first, last)
	if err != nil {
		return nil, err
	}
	// A finding that stays for many nights is one row: counted by its span first, or each night would count it anew.
	_, err = queryAll(ctx, s.db, "counting failed findings", func(row *sql.Rows) (int64, error) {
		var run int64
		var severity diff.Severity
		var n int
		err := row.Scan(&run, &severity, &n)
		if t := totals[run]; t != nil && t.Failing != nil {
			t.Failing[severity] = n
		}
		return run, err
	}, `WITH spans AS MATERIALIZED (
			SELECT organization_key, valid_from, NULL AS valid_to, severity, count(*) AS findings
			FROM finding_live
			WHERE status = 'fail'
			GROUP BY organization_key, valid_from, severity
			UNION ALL
			SELECT v.organization_key, v.valid_from, v.valid_to, v.severity, count(*)
			FROM organizations o
			JOIN finding_history v ON v.organization_key = o.key AND v.valid_to > ?1
			WHERE v.status = 'fail'
			GROUP BY v.organization_key, v.valid_from, v.valid_to, v.severity
		)
		SELECT s.run_id, n.severity, sum(n.findings)
		FROM snapshots s
		JOIN organizations o ON o.id = s.organization_id
		JOIN spans n ON n.organization_key = o.key AND n.valid_from <= s.id AND (n.valid_to IS NULL OR n.valid_to > s.id)
		WHERE s.id BETWEEN ?1 AND ?2 AND s.outcome = 'complete'
		GROUP BY s.run_id, n.severity
		ORDER BY s.run_id, n.severity`, firstID, lastID)
	if err != nil {
		return nil, err
	}
	return totals, nil
}
