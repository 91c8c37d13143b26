package snapshot

import (
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

func (all ages) add(fingerprint string, a age) {
	if known, ok := all[fingerprint]; ok {
		a.firstSeen, a.lastSeen = min(a.firstSeen, known.firstSeen), max(a.lastSeen, known.lastSeen)
	}
	all[fingerprint] = a
}

// openBefore returns the ages of the findings that were open in the last complete snapshot of an organization
// or in a later failed one.
func openBefore(ctx context.Context, q querier, held records) (ages, error) {
	open := make(ages)
	for _, v := range held.findings {
		r := reader{values: v.values}
		f, firstSeen := readFinding(&r), r.text()
		if r.err != nil {
			return nil, v.damaged(r.err)
		}
		if firstSeen != "" {
			open.add(v.id(), age{f.RuleID, firstSeen, lastSeen(f.Status, formatSeconds(held.last.TakenAt))})
		}
	}
	for _, v := range held.carried {
		r := reader{values: v.values, next: 1}
		open.add(v.id(), age{ruleID: r.text(), firstSeen: r.text(), lastSeen: r.text()})
		if r.err != nil {
			return nil, v.damaged(r.err)
		}
	}
	_, err := queryAll(ctx, q, "reading open findings", func(r *reader) bool {
		fingerprint, a, status := r.text(), age{ruleID: r.text(), firstSeen: r.text()}, finding.Status(r.text())
		a.lastSeen = lastSeen(status, r.text())
		open.add(fingerprint, a)
		return true
	}, `SELECT f.id, f.rule_id, f.first_seen, f.status, s.taken_at
		FROM stored_snapshots s
		JOIN failed_findings f ON f.snapshot_id = s.id
		WHERE s.organization_key = ? AND s.outcome = 'failed' AND s.id > ? AND f.first_seen IS NOT NULL
		ORDER BY s.id, f.id`, held.organizationKey, held.last.ID)
	return open, err
}

// lastSeen returns takenAt if the finding failed or was excepted in that snapshot, else an empty text.
func lastSeen(status finding.Status, takenAt string) string {
	if status == finding.Fail || status == finding.Excepted {
		return takenAt
	}
	return ""
}

// firstSeen returns, by fingerprint, since when each open finding of the snapshot has been open. A finding
// is closed when its subject passes or no longer exists.
func (all ages) firstSeen(takenAt string, findings []finding.Finding) map[string]string {
	open := make(map[string]string)
	for _, f := range findings {
		known, wasOpen := all[f.Fingerprint]
		switch {
		case f.Status == finding.Pass || f.Status == finding.NotAssessed && !wasOpen:
		case wasOpen:
			open[f.Fingerprint] = known.firstSeen
		default:
			open[f.Fingerprint] = takenAt
		}
	}
	return open
}

// carriedValues returns the values of carriedVersions for the findings that were open before and that a
// complete snapshot could not assess. Such findings stay open.
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
