package snapshot

import (
	"cmp"
	"context"

	"scim-auditor/internal/evidence"
)

// records are the rows of recordTables that hold for an organization.
type records struct {
	organizationKey              int64
	last                         Snapshot // the last complete one; the zero Snapshot without one
	findings, exceptions, stayed []version
	open                         ages
}

func readRecords(ctx context.Context, tx querier, organizationID string) (held records, err error) {
	if held.organizationKey, err = organizationKey(ctx, tx, organizationID); err != nil {
		return held, err
	}
	held.last, _, err = lastComplete(ctx, tx, organizationID, 0, "")
	now := func(t *versionTable) (rows []version) {
		if err == nil {
			rows, err = t.now(ctx, tx, held.organizationKey)
		}
		return rows
	}
	held.findings, held.exceptions, held.stayed = now(findingVersions), now(exceptionVersions), now(carriedVersions)
	if err == nil {
		held.open, err = openBefore(ctx, tx, held)
	}
	return held, err
}

// compare finds what has to be written so that the findings, the exceptions and the findings that stay open
// hold, in the order of recordTables.
func (held records) compare(header Snapshot, c Collected) ([]difference, error) {
	exceptions, covering := exceptionValues(c.Acceptances)
	firstSeen := held.open.firstSeen(formatSeconds(header.TakenAt), c.Findings)
	findings := findingValues(c.Findings, firstSeen, covering)
	changed, err := findingVersions.compare(held.findings, findings)
	accepted, acceptedErr := exceptionVersions.compare(held.exceptions, exceptions)
	stayed, stayedErr := carriedVersions.compare(held.stayed, held.open.carriedValues(c.Findings))
	return []difference{changed, accepted, stayed}, cmp.Or(err, acceptedErr, stayedErr)
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

// part is rows of one snapshot alone.
type part struct {
	kind    string
	table   string // empty for exchanges, which storeExchanges writes
	columns []string
	rows    [][]any
}

// partsOf are the parts of a complete snapshot, in the order in which they are hashed.
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

// recordsHash is the SHA-256, in hex, over the hashes of the rows of recordTables and then the records of
// the parts.
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
