package snapshot

import (
	"context"

	"scim-auditor/internal/ona"
)

// AuditLog is the part of the audit log that was read for a snapshot. The store omits CompleteFrom and each
// entry's Raw, which the stored responses contain.
type AuditLog = ona.AuditLog

var (
	auditLogColumns = []string{"since", "until", "pages", "received", "not_assessed", "lacking"}
	entryColumns    = []string{
		"number", "id", "created_at", "actor_id", "actor_principal", "subject_id", "subject_type", "action",
		"unknown_fields",
	}
	candidateColumns = []string{"change_number", "entry_number"}
)

func auditLogValues(l *AuditLog) (reading, entries [][]any) {
	if l == nil {
		return nil, nil
	}
	for i, e := range l.Entries {
		entries = append(entries, []any{
			int64(i + 1), e.ID, ona.FormatTime(e.CreatedAt), orNull(e.ActorID), orNull(e.ActorPrincipal),
			orNull(e.SubjectID), orNull(e.SubjectType), orNull(e.Action), orNull(ona.CanonicalUnknown(e.Unknown)),
		})
	}
	return [][]any{{
		ona.FormatTime(l.Since), ona.FormatTime(l.Until), int64(l.Pages), int64(l.Received),
		orNull(l.NotAssessed), orNull(l.Lacking),
	}}, entries
}

// candidateValues returns, for each change, the places of its candidates in the log.
func candidateValues(l *AuditLog, candidates [][]ona.AuditLogEntry) [][]any {
	if l == nil {
		return nil
	}
	places := make(map[string]int64, len(l.Entries))
	for i, e := range l.Entries {
		places[e.ID] = int64(i + 1)
	}
	var rows [][]any
	for i, entries := range candidates {
		for _, e := range entries {
			rows = append(rows, []any{int64(i + 1), places[e.ID]})
		}
	}
	return rows
}

// AuditLog returns the part of the audit log that was read for a snapshot. It is nil for a failed snapshot and
// for the first one of an organization, which do not read the log.
func (s *Store) AuditLog(ctx context.Context, snapshotID int64) (*AuditLog, error) {
	log, found, err := first(queryAll(ctx, s.db, "reading how the audit log was read", func(r *reader) AuditLog {
		return AuditLog{
			Since: r.instant(), Until: r.instant(), Pages: r.count(), Received: r.count(),
			NotAssessed: r.text(), Lacking: r.text(),
		}
	}, "SELECT since, until, pages, received, not_assessed, lacking FROM audit_log_readings WHERE snapshot_id = ?",
		snapshotID))
	if err != nil || !found {
		return nil, err
	}
	log.Entries, err = queryAll(ctx, s.db, "reading audit-log entries", func(r *reader) ona.AuditLogEntry {
		return ona.AuditLogEntry{
			ID: r.text(), CreatedAt: r.instant(), ActorID: r.text(), ActorPrincipal: r.text(),
			SubjectID: r.text(), SubjectType: r.text(), Action: r.text(), Unknown: r.unknown(),
		}
	}, `SELECT id, created_at, actor_id, actor_principal, subject_id, subject_type, action, unknown_fields
		FROM audit_log_entries
		WHERE snapshot_id = ?
		ORDER BY number`, snapshotID)
	return &log, err
}
