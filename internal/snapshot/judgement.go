package snapshot

import (
	"context"
	"database/sql"

	"scim-auditor/internal/evidence"
)

// judgement is rows that changes and findings were judged by. Each row begins with the snapshot's id, which is not hashed.
type judgement struct {
	table string
	form  evidence.Form
	rows  [][]any
	store func(ctx context.Context, tx *sql.Tx, rows [][]any) error
}

// newJudgement is rows of one table, hashed under a kind.
func newJudgement(kind, table string, columns []string, rows [][]any) judgement {
	return judgement{table, evidence.NewForm(kind, columns[1:]...), rows, func(ctx context.Context, tx *sql.Tx, rows [][]any) error {
		return insertRows(ctx, tx, table, columns, rows)
	}}
}

// judgementRows is what a snapshot's changes and findings were judged by: the audit log, the exceptions, and the ages of what could not be
// assessed; in the order in which they are hashed.
func judgementRows(snapshotID int64, c Collected, carried [][]any) []judgement {
	reading, entries := auditLogRows(snapshotID, c.AuditLog)
	exceptions, covered := exceptionRows(snapshotID, c.Acceptances, c.Findings)
	return []judgement{
		newJudgement("audit_log", "audit_log_readings", auditLogColumns, reading),
		newJudgement("audit_log_entry", "audit_log_entries", entryColumns, entries),
		newJudgement("candidate", "stored_candidates", candidateColumns, candidateRows(snapshotID, c.AuditLog, c.Candidates)),
		{"exceptions", evidence.NewForm("exception", exceptionColumns[1:]...), exceptions, storeExceptions},
		newJudgement("finding_exception", "finding_exceptions", findingExceptionColumns, covered),
		newJudgement("carried_finding", "carried_findings", carriedColumns, carried),
	}
}

func storeJudgement(ctx context.Context, tx *sql.Tx, judged []judgement) error {
	for _, j := range judged {
		if err := j.store(ctx, tx, j.rows); err != nil {
			return err
		}
	}
	return nil
}
