package snapshot

import (
	"context"

	"scim-auditor/internal/diff"
)

// Totals are the sums over the complete snapshots of a run, beside what its row of the register counts.
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
	_, err := queryAll(ctx, s.db, "adding up snapshots", func(r *reader) bool {
		run, t := r.number(), &Totals{SSOConfigurations: r.count(), SSOKnown: r.flag()}
		if pruned := r.flag(); !pruned {
			t.Failing = make(map[diff.Severity]int)
		}
		totals[run] = t
		return true
	}, `SELECT
		  run_id,
		  sum(sso_configurations),
		  min(outcome = 'complete' AND sso_not_assessed IS NULL),
		  max(id IN (SELECT snapshot_id FROM pruned_snapshots))
		FROM stored_snapshots
		WHERE run_id BETWEEN ? AND ?
		GROUP BY run_id
		ORDER BY run_id`, first, last)
	if err != nil {
		return nil, err
	}
	// A finding that stays for many nights is one row: counted by its stretch first, or each night would
	// count it again. CROSS JOIN keeps the order of the tables, so that no older night is read:
	// https://www.sqlite.org/lang_select.html#crossjoin
	_, err = queryAll(ctx, s.db, "counting failed findings", func(r *reader) bool {
		run, severity, n := r.number(), diff.Severity(r.text()), r.count()
		if t := totals[run]; t != nil && t.Failing != nil {
			t.Failing[severity] = n
		}
		return true
	}, `WITH shown AS (
		  SELECT v.*
		  FROM organizations o
		  CROSS JOIN finding_versions v ON v.organization_key = o.key AND v.valid_to IS NULL
		  UNION ALL
		  SELECT v.*
		  FROM organizations o
		  CROSS JOIN finding_versions v ON v.organization_key = o.key
		    AND v.valid_to > (SELECT min(id) FROM stored_snapshots WHERE run_id BETWEEN ?1 AND ?2)
		),
		stretches AS MATERIALIZED (
		  SELECT organization_key, valid_from, valid_to, severity, count(*) AS findings
		  FROM shown
		  WHERE status = 'fail'
		  GROUP BY organization_key, valid_from, valid_to, severity
		)
		SELECT s.run_id, n.severity, sum(n.findings)
		FROM stored_snapshots s
		CROSS JOIN stretches n ON n.organization_key = s.organization_key
		  AND n.valid_from <= s.id AND (n.valid_to IS NULL OR n.valid_to > s.id)
		WHERE s.run_id BETWEEN ?1 AND ?2 AND s.outcome = 'complete'
		GROUP BY s.run_id, n.severity
		ORDER BY s.run_id, n.severity`, first, last)
	if err != nil {
		return nil, err
	}
	return totals, nil
}
