package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scim-auditor/internal/ona"
)

// AuditLog is what was read of the audit log for a snapshot. Its instants are those of the server's clock.
type AuditLog struct {
	// Since is how far back the log was to be read, Until the snapshot's instant.
	Since, Until    time.Time
	Pages, Received int
	// NotAssessed says why the log could not be read, Lacking why entries may be missing; each empty otherwise.
	NotAssessed, Lacking string
	// Entries are newest first. Raw is not kept here: the answers are evidence.
	Entries []ona.AuditLogEntry
}

var (
	auditLogColumns = []string{"snapshot_id", "since", "until", "pages", "received", "not_assessed", "lacking"}
	entryColumns    = []string{"snapshot_id", "number", "id", "created_at", "actor_id", "actor_principal", "subject_id", "subject_type", "action",
		"unknown_fields"}
	candidateColumns = []string{"snapshot_id", "change_number", "entry_number"}
)

func auditLogRows(snapshotID int64, l *AuditLog) (reading, entries [][]any) {
	if l == nil {
		return nil, nil
	}
	for i, e := range l.Entries {
		entries = append(entries, []any{snapshotID, i + 1, e.ID, ona.FormatTime(e.CreatedAt), nullText(e.ActorID), nullText(e.ActorPrincipal),
			nullText(e.SubjectID), nullText(e.SubjectType), nullText(e.Action), nullText(ona.CanonicalUnknown(e.Unknown))})
	}
	return [][]any{{snapshotID, ona.FormatTime(l.Since), ona.FormatTime(l.Until), l.Pages, l.Received, nullText(l.NotAssessed), nullText(l.Lacking)}}, entries
}

// candidateRows finds each candidate's place in the log.
func candidateRows(snapshotID int64, l *AuditLog, candidates [][]ona.AuditLogEntry) [][]any {
	if l == nil {
		return nil
	}
	places := make(map[string]int, len(l.Entries))
	for i, e := range l.Entries {
		places[e.ID] = i + 1
	}
	var rows [][]any
	for i, entries := range candidates {
		for _, e := range entries {
			rows = append(rows, []any{snapshotID, i + 1, places[e.ID]})
		}
	}
	return rows
}

// newest is the candidate that a change's own columns show; the zero entry when there is none.
func newest(candidates [][]ona.AuditLogEntry, change int) ona.AuditLogEntry {
	if change >= len(candidates) || len(candidates[change]) == 0 {
		return ona.AuditLogEntry{}
	}
	return candidates[change][0]
}

// AuditLog is what was read of the audit log for a snapshot; nil where it was not to be read: in a failed snapshot and in an organization's
// first.
func (s *Store) AuditLog(ctx context.Context, snapshotID int64) (*AuditLog, error) {
	readings, err := queryAll(ctx, s.db, "reading how the audit log was read", func(row *sql.Rows) (AuditLog, error) {
		var l AuditLog
		var since, until, notAssessed, lacking sql.NullString
		err := row.Scan(&since, &until, &l.Pages, &l.Received, &notAssessed, &lacking)
		l.NotAssessed, l.Lacking = notAssessed.String, lacking.String
		return l, errors.Join(err, parseInstant(since, &l.Since), parseInstant(until, &l.Until))
	}, "SELECT since, until, pages, received, not_assessed, lacking FROM audit_log_readings WHERE snapshot_id = ?", snapshotID)
	if err != nil || len(readings) == 0 {
		return nil, err
	}
	l := &readings[0]
	l.Entries, err = queryAll(ctx, s.db, "reading audit-log entries", scanEntry,
		"SELECT id, created_at, actor_id, actor_principal, subject_id, subject_type, action, unknown_fields"+
			" FROM audit_log_entries WHERE snapshot_id = ? ORDER BY number", snapshotID)
	return l, err
}

func scanEntry(row *sql.Rows) (ona.AuditLogEntry, error) {
	var e ona.AuditLogEntry
	var created, actor, principal, subject, kind, action, unknown sql.NullString
	err := row.Scan(&e.ID, &created, &actor, &principal, &subject, &kind, &action, &unknown)
	e.ActorID, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Action = actor.String, principal.String, subject.String, kind.String, action.String
	return e, errors.Join(err, parseInstant(created, &e.CreatedAt), parseJSON(unknown.String, &e.Unknown))
}

// addCandidates gives the changes of one snapshot the entries that may tell who made them.
func (s *Store) addCandidates(ctx context.Context, snapshotID int64, changes []Change) error {
	type pair struct{ change, entry int }
	pairs, err := queryAll(ctx, s.db, "reading candidate entries", func(row *sql.Rows) (pair, error) {
		var p pair
		return p, row.Scan(&p.change, &p.entry)
	}, "SELECT change_number, entry_number FROM change_candidates WHERE snapshot_id = ? ORDER BY change_number, entry_number", snapshotID)
	if err != nil || len(pairs) == 0 {
		return err
	}
	l, err := s.AuditLog(ctx, snapshotID)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		changes[p.change-1].Candidates = append(changes[p.change-1].Candidates, l.Entries[p.entry-1])
	}
	return nil
}
