package snapshot

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
)

// records are the current rows of recordTables for an organization.
type records struct {
	organizationKey int64
	last            Snapshot // the last complete one; the zero Snapshot if there is none
	rows            versions
	open            ages
}

func readRecords(ctx context.Context, tx *transaction, organizationID string) (held records) {
	var errs [4]error
	if organizationID != "" {
		tx.execute(ctx, "storing the organization",
			"INSERT INTO organizations (id) VALUES (?) ON CONFLICT DO NOTHING", organizationID)
		held.organizationKey, errs[0] = findOrganization(ctx, tx, organizationID)
	}
	held.last, _, errs[1] = lastComplete(ctx, tx, organizationID, 0, "")
	held.rows, errs[2] = currentVersions(ctx, tx, held.organizationKey, recordTables)
	held.open, errs[3] = openBefore(ctx, tx, held.organizationKey, held.last)
	tx.fail(cmp.Or(errs[:]...))
	return held
}

// compare returns what to write so that the collected findings, exceptions and carried findings become
// current.
func (held records) compare(header Snapshot, c Collected) ([]difference, error) {
	exceptions, covering := exceptionValues(c.Acceptances)
	firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), c.Findings)
	return compareTables(recordTables, held.rows, map[*versionTable][][]any{
		findingVersions:   findingValues(c.Findings, firstSeen, covering),
		exceptionVersions: exceptions,
		carriedVersions:   held.open.carriedValues(c.Findings),
	})
}

// part has rows that belong to one snapshot only.
type part struct {
	kind    string
	table   string // empty for exchanges, which storeExchanges writes
	columns []string
	rows    [][]any
}

// partsOf returns the parts of a complete snapshot, in the order in which they are hashed.
func partsOf(c Collected) []part {
	reading, entries := auditLogValues(c.AuditLog)
	exchanges := valuesOf(c.Exchanges, exchangeValues)
	return []part{
		{"exchange", "", exchangeColumns, exchanges},
		{"change", "stored_changes", changeColumns, changeValues(c.Changes, c.Candidates)},
		{"audit_log", "audit_log_readings", auditLogColumns, reading},
		{"audit_log_entry", "audit_log_entries", entryColumns, entries},
		{"candidate", "stored_candidates", candidateColumns, candidateValues(c.AuditLog, c.Candidates)},
	}
}

func (p part) write(ctx context.Context, tx *transaction, snapshotID int64) {
	if p.table == "" {
		return
	}
	var rows [][]any
	for _, values := range p.rows {
		rows = append(rows, append([]any{snapshotID}, values...))
	}
	insertRows(ctx, tx, p.table, append([]string{"snapshot_id"}, p.columns...), rows)
}

// hashOf returns the SHA-256, in hex, over the row hashes of the tables followed by the records of the parts.
func hashOf(tables []difference, parts []part) string {
	digest := evidence.NewDigest()
	for _, d := range tables {
		digest.AddHashes(d.table.kind, d.hashes)
	}
	for _, p := range parts {
		form := evidence.NewForm(p.kind, p.columns...)
		for _, values := range p.rows {
			digest.Add(form, values)
		}
	}
	return digest.Sum()
}

// age has the stored times since when a finding has been open, and when it last failed.
type age struct {
	ruleID, firstSeen, lastSeen string
}

// ages has the age of each open finding, by fingerprint.
type ages map[string]age

// openBefore returns the ages of the findings that were open in the last complete snapshot of an organization
// or in a later failed one.
func openBefore(ctx context.Context, q querier, organizationKey int64, last Snapshot) (ages, error) {
	open := make(ages)
	_, err := queryAll(ctx, q, "reading open findings", func(r *reader) bool {
		fingerprint := r.text()
		open[fingerprint] = age{r.text(), r.text(), r.text()}
		return true
	}, `SELECT id, rule_id, min(first_seen), max(last_seen)
		FROM (
		  SELECT id, rule_id, first_seen, iif(status IN ('fail', 'excepted'), ?3, '') AS last_seen
		  FROM finding_versions
		  WHERE organization_key = ?1 AND valid_to IS NULL AND first_seen IS NOT NULL
		  UNION ALL
		  SELECT id, rule_id, first_seen, last_seen
		  FROM carried_finding_versions
		  WHERE organization_key = ?1 AND valid_to IS NULL
		  UNION ALL
		  SELECT f.id, f.rule_id, f.first_seen, iif(f.status IN ('fail', 'excepted'), s.taken_at, '')
		  FROM stored_snapshots s
		  JOIN failed_findings f ON f.snapshot_id = s.id
		  WHERE s.organization_key = ?1 AND s.outcome = 'failed' AND s.id > ?2 AND f.first_seen IS NOT NULL
		)
		GROUP BY id, rule_id
		ORDER BY id`, organizationKey, last.ID, formatSeconds(last.TakenAt))
	return open, err
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
