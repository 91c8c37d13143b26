package snapshot

import (
	"context"
	"database/sql"
	"fmt"

	"scim-auditor/internal/diff"
)

// Totals is what the complete snapshots of a run add up to, beside what its row of the register counts.
type Totals struct {
	SSOConfigurations int
	// SSOKnown is false where a snapshot could not read them, or failed.
	SSOKnown bool
	// Failing counts failed findings by severity; nil where a snapshot was pruned.
	Failing map[diff.Severity]int
}

// Totals adds up the snapshots of the runs from first to last, by run.
func (s *Store) Totals(ctx context.Context, first, last int64) (map[int64]*Totals, error) {
	totals := make(map[int64]*Totals)
	_, err := queryAll(ctx, s.db, "adding up snapshots", func(row *sql.Rows) (int64, error) {
		var run int64
		var t Totals
		var pruned bool
		err := row.Scan(&run, &t.SSOConfigurations, &t.SSOKnown, &pruned)
		if !pruned {
			t.Failing = make(map[diff.Severity]int)
		}
		totals[run] = &t
		return run, err
	}, `SELECT
			run_id,
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
	// The condition on the snapshots goes into each part of the view; a join with them would compute all of it first.
	_, err = queryAll(ctx, s.db, "counting failed findings", func(row *sql.Rows) (int64, error) {
		var run int64
		var severity diff.Severity
		var n int
		if err := row.Scan(&run, &severity, &n); err != nil {
			return run, err
		}
		if totals[run] == nil {
			return run, fmt.Errorf("run %d has findings and no snapshot", run)
		}
		if totals[run].Failing != nil {
			totals[run].Failing[severity] += n
		}
		return run, nil
	}, `SELECT (SELECT run_id FROM snapshots WHERE id = snapshot_id), severity, sum(n)
		FROM (
			SELECT snapshot_id, severity, count(*) AS n
			FROM findings
			WHERE status = 'fail' AND snapshot_id IN (SELECT id FROM snapshots WHERE run_id BETWEEN ? AND ?)
			GROUP BY snapshot_id, severity
		)
		GROUP BY 1, 2
		ORDER BY 1, 2`, first, last)
	if err != nil {
		return nil, err
	}
	return totals, nil
}
