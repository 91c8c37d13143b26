package snapshot

import (
	"cmp"
	"context"

	"scim-auditor/internal/evidence"
)

// records are the current rows of recordTables for an organization.
type records struct {
	organizationKey               int64
	last                          Snapshot // the last complete one; the zero Snapshot if there is none
	findings, exceptions, carried []version
	open                          ages
}

func readRecords(ctx context.Context, tx querier, organizationID string) (held records, err error) {
	if held.organizationKey, err = organizationKey(ctx, tx, organizationID); err != nil {
		return held, err
	}
	held.last, _, err = lastComplete(ctx, tx, organizationID, 0, "")
	current := func(t *versionTable) (rows []version) {
		if err == nil {
			rows, err = t.current(ctx, tx, held.organizationKey)
		}
		return rows
	}
	held.findings, held.exceptions = current(findingVersions), current(exceptionVersions)
	held.carried = current(carriedVersions)
	if err == nil {
		held.open, err = openBefore(ctx, tx, held)
	}
	return held, err
}

// compare returns what to write so that the collected findings, exceptions and carried findings become
// current, in the order of recordTables.
func (held records) compare(header Snapshot, c Collected) ([]difference, error) {
	exceptions, covering := exceptionValues(c.Acceptances)
	firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), c.Findings)
	findings := findingValues(c.Findings, firstSeen, covering)
	changed, err := findingVersions.compare(held.findings, findings)
	accepted, acceptedErr := exceptionVersions.compare(held.exceptions, exceptions)
	carried, carriedErr := carriedVersions.compare(held.carried, held.open.carriedValues(c.Findings))
	return []difference{changed, accepted, carried}, cmp.Or(err, acceptedErr, carriedErr)
}

// writeFailedFindings writes the findings of a failed snapshot.
func writeFailedFindings(ctx context.Context, tx querier, snapshotID int64, failed difference) error {
	var rows [][]any
	for _, v := range failed.begun {
		rows = append(rows, append([]any{snapshotID, v.sha256}, v.values...))
	}
	columns := append([]string{"snapshot_id", "row_sha256"}, failed.table.columns...)
	return insertRows(ctx, tx, "failed_findings", columns, rows)
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

func writeParts(ctx context.Context, tx querier, snapshotID int64, parts []part) error {
	for _, p := range parts {
		if p.table == "" {
			continue
		}
		var rows [][]any
		for _, values := range p.rows {
			rows = append(rows, append([]any{snapshotID}, values...))
		}
		if err := insertRows(ctx, tx, p.table, append([]string{"snapshot_id"}, p.columns...), rows); err != nil {
			return err
		}
	}
	return nil
}

// recordsHash returns the SHA-256, in hex, over the row hashes of recordTables followed by the records of the
// parts.
func recordsHash(versions []difference, parts []part) string {
	digest := evidence.NewDigest()
	for _, d := range versions {
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
