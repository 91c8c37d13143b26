package snapshot

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

// age has the stored times since when a finding has been open, and when it last failed.
type age struct {
	ruleID, firstSeen, lastSeen string
}

// ages has the age of each open finding, by fingerprint.
type ages map[string]age

// failedFinding is an open finding of a failed snapshot.
type failedFinding struct{ fingerprint, ruleID, status, firstSeen, takenAt string }

// openInFailed returns the open findings in the failed snapshots of an organization with ids from
// first to last.
func openInFailed(
	ctx context.Context, q querier, organizationID string, first, last int64,
) ([]failedFinding, error) {
	return queryAll(ctx, q, "reading the findings of failed snapshots", func(r *reader) failedFinding {
		return failedFinding{r.text(), r.text(), r.text(), r.text(), r.text()}
	}, `SELECT f.id, f.rule_id, f.status, f.first_seen, s.taken_at
		FROM stored_snapshots s
		JOIN failed_findings f ON f.snapshot_id = s.id
		WHERE s.organization_key = `+keyOf+` AND s.outcome = 'failed' AND s.id BETWEEN ?2 AND ?3
		  AND f.first_seen IS NOT NULL
		ORDER BY s.id, f.id`, organizationID, first, last)
}

// openBefore returns the ages of the findings that were open in the last complete snapshot of an
// organization (held has its rows) or in a later failed one.
func openBefore(last Snapshot, held versions, failed []failedFinding) ages {
	open, takenAt := make(ages), formatSeconds(last.TakenAt)
	for _, v := range held[findingVersions] {
		text := func(column string) string { return findingVersions.text(v, column) }
		if firstSeen := text("first_seen"); firstSeen != "" {
			open.add(v.id(), age{text("rule_id"), firstSeen, failedAt(text("status"), takenAt)})
		}
	}
	for _, v := range held[carriedVersions] {
		text := func(column string) string { return carriedVersions.text(v, column) }
		open.add(v.id(), age{text("rule_id"), text("first_seen"), text("last_seen")})
	}
	for _, f := range failed {
		open.add(f.fingerprint, age{f.ruleID, f.firstSeen, failedAt(f.status, f.takenAt)})
	}
	return open
}

// failedAt returns takenAt if a finding with this status fails, perhaps under an exception;
// otherwise "".
func failedAt(status, takenAt string) string {
	if status == string(finding.Fail) || status == string(finding.Excepted) {
		return takenAt
	}
	return ""
}

// add adds the age of a finding. Of several, the earliest beginning and the latest failure count.
func (all ages) add(fingerprint string, a age) {
	if known, found := all[fingerprint]; found {
		a.firstSeen, a.lastSeen = min(a.firstSeen, known.firstSeen), max(a.lastSeen, known.lastSeen)
	}
	all[fingerprint] = a
}

// firstSeen returns, by fingerprint, since when each open finding of the snapshot has been
// open. A finding is closed when its subject passes or no longer exists.
func (all ages) firstSeen(takenAt string, findings []finding.Finding) map[string]string {
	open := make(map[string]string)
	for _, f := range findings {
		known, wasOpen := all[f.Fingerprint]
		if f.Status == finding.Fail || f.Status == finding.Excepted || f.Status == finding.NotAssessed && wasOpen {
			open[f.Fingerprint] = cmp.Or(known.firstSeen, takenAt)
		}
	}
	return open
}

// carriedValues returns the values of carriedVersions for the findings that were open before
// and that a complete snapshot could not assess. Such findings stay open.
func (all ages) carriedValues(findings []finding.Finding) [][]any {
	statuses := make(map[string]finding.Status, len(findings))
	unassessed := make(map[string]bool) // rules that could not be assessed for the organization
	for _, f := range findings {
		statuses[f.Fingerprint] = f.Status
		if f.Status == finding.NotAssessed && f.SubjectType == diff.Organization {
			unassessed[f.RuleID] = true
		}
	}
	var rows [][]any
	for _, fingerprint := range slices.Sorted(maps.Keys(all)) {
		a := all[fingerprint]
		status, found := statuses[fingerprint]
		if status == finding.NotAssessed || !found && unassessed[a.ruleID] {
			rows = append(rows, []any{fingerprint, a.ruleID, a.firstSeen, a.lastSeen})
		}
	}
	return rows
}
