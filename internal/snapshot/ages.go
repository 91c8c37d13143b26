package snapshot

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

var carriedColumns = []string{"snapshot_id", "fingerprint", "rule_id", "first_seen", "last_seen"}

// age is since when a finding has been open and when it last failed, as they are stored.
type age struct {
	fingerprint, ruleID, firstSeen, lastSeen string
}

// openBefore is the findings of an organization, by fingerprint, that its last complete snapshot or a failed one after it left open.
func openBefore(ctx context.Context, tx *sql.Tx, organizationID string) (map[string]age, error) {
	ages, err := queryAll(ctx, tx, "reading open findings", func(row *sql.Rows) (age, error) {
		var a age
		var last sql.NullString
		err := row.Scan(&a.fingerprint, &a.ruleID, &a.firstSeen, &last)
		a.lastSeen = last.String
		return a, err
	}, `WITH last_complete AS (
		  SELECT coalesce(max(id), 0) AS id
		  FROM snapshots
		  WHERE organization_id = ?1 AND outcome = 'complete'
		)
		SELECT f.fingerprint, f.rule_id, f.first_seen, CASE WHEN f.status IN ('fail', 'excepted') THEN f.taken_at END
		FROM findings f
		WHERE f.organization_id = ?1 AND f.first_seen IS NOT NULL AND f.snapshot_id >= (SELECT id FROM last_complete)
		UNION ALL
		SELECT c.fingerprint, c.rule_id, c.first_seen, c.last_seen
		FROM carried_findings c
		WHERE c.snapshot_id = (SELECT id FROM last_complete)
		ORDER BY 1, 3, 4`, organizationID)
	if err != nil {
		return nil, err
	}
	open := make(map[string]age, len(ages))
	for _, a := range ages {
		known, ok := open[a.fingerprint]
		if ok {
			a.firstSeen, a.lastSeen = min(a.firstSeen, known.firstSeen), max(a.lastSeen, known.lastSeen)
		}
		open[a.fingerprint] = a
	}
	return open, nil
}

// firstSeen says, by fingerprint, since when each finding of this snapshot that is open has been open, and gives a row for each that was
// open before and that a complete snapshot could not assess: it stays open. One whose subject passes or is gone is open no longer.
func firstSeen(ctx context.Context, tx *sql.Tx, header Snapshot, findings []finding.Finding) (open map[string]string, carried [][]any, err error) {
	before, err := openBefore(ctx, tx, header.OrganizationID)
	if err != nil {
		return nil, nil, err
	}
	open = make(map[string]string, len(before))
	statuses := make(map[string]finding.Status, len(findings))
	unassessed := make(map[string]bool) // rules that could not be assessed for the organization
	for _, f := range findings {
		statuses[f.Fingerprint] = f.Status
		notAssessed := f.Status == finding.NotAssessed
		unassessed[f.RuleID] = unassessed[f.RuleID] || notAssessed && f.SubjectType == diff.Organization
		switch known, wasOpen := before[f.Fingerprint]; {
		case f.Status == finding.Pass || notAssessed && !wasOpen:
		case wasOpen:
			open[f.Fingerprint] = known.firstSeen
		default:
			open[f.Fingerprint] = formatSeconds(header.TakenAt)
		}
	}
	if header.Outcome != Complete {
		return open, nil, nil // what comes next looks at the last complete snapshot as well
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(before)) {
		a := before[fingerprint]
		if status, told := statuses[fingerprint]; told && status == finding.NotAssessed || !told && unassessed[a.ruleID] {
			carried = append(carried, []any{header.ID, fingerprint, a.ruleID, a.firstSeen, a.lastSeen})
		}
	}
	return open, carried, nil
}
