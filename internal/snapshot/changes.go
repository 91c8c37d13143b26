package snapshot

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

var changeColumns = []string{
	"number", "severity", "kind", "subject_type", "subject_id", "subject_name", "field", "before", "after",
	"before_label", "after_label", "note", "actor_id", "actor_name", "actor_principal", "actor_action", "actor_at",
}

// changeValues returns the values of changeColumns for each change. The actor columns show the
// newest candidate.
func changeValues(changes []diff.Change, candidates [][]ona.AuditLogEntry) [][]any {
	rows := make([][]any, len(changes))
	for i, c := range changes {
		var actor ona.AuditLogEntry
		if i < len(candidates) && len(candidates[i]) > 0 {
			actor = candidates[i][0]
		}
		rows[i] = []any{
			int64(i + 1), string(c.Severity), string(c.Kind), string(c.SubjectType), c.SubjectID, c.SubjectName,
			orNull(c.Field), orNull(c.Before), orNull(c.After), orNull(c.BeforeLabel), orNull(c.AfterLabel),
			orNull(c.Note), orNull(actor.ActorID), orNull(actor.ActorName), orNull(actor.ActorPrincipal),
			orNull(actor.Action), nullInstant(actor.CreatedAt),
		}
	}
	return rows
}

// Changes returns the differences between a snapshot and its baseline, in stored order, or
// ErrPruned if retention removed them.
func (s *Store) Changes(ctx context.Context, snapshotID int64) ([]Change, error) {
	changes, err := s.queryChanges(ctx, "WHERE snapshot_id = ? ORDER BY number", snapshotID)
	if err == nil && len(changes) == 0 {
		return nil, s.notPruned(ctx, snapshotID)
	}
	if err != nil {
		return nil, err
	}
	return changes, s.addCandidates(ctx, snapshotID, changes)
}

// Timeline returns every change of an organization in the snapshots taken at or after since (the
// zero time: all) with an id up to upTo, oldest first, without the candidates. After the changes it
// returns the audit-log entries that were read for these snapshots about one of ona.AccessTypes,
// each once, with the kind Logged.
func (s *Store) Timeline(ctx context.Context, organizationID string, since time.Time, upTo int64) ([]Change, error) {
	changes, err := s.queryChanges(ctx, `
		WHERE organization_id = ? AND taken_at >= ? AND snapshot_id <= ?
		ORDER BY snapshot_id, number`, organizationID, formatSeconds(since), upTo)
	if err != nil {
		return nil, err
	}
	// Readings of the log overlap: an entry belongs to the first one that has it.
	logged, err := queryAll(ctx, s.db, "reading audit-log entries", func(r *reader) Change {
		c := Change{SnapshotID: r.number(), BaselineID: r.number(), TakenAt: r.instant(), OrganizationID: organizationID}
		c.SubjectType, c.SubjectID = diff.SubjectType(r.text()), r.text()
		c.ActorID, c.ActorName, c.ActorPrincipal, c.ActorAction = r.text(), r.text(), r.text(), r.text()
		c.ActorAt = r.instant()
		c.Severity, c.Kind = diff.Info, Logged
		c.Note = fmt.Sprintf("%q at %s", c.ActorAction, c.ActorAt.Format(ona.DisplayTime))
		return c
	}, `SELECT min(e.snapshot_id), s.baseline_id, s.taken_at, lower(replace(e.subject_type, 'RESOURCE_TYPE_', '')),
		  e.subject_id, e.actor_id, e.actor_name, e.actor_principal, e.action, e.created_at
		FROM stored_snapshots s
		JOIN audit_log_entries e ON e.snapshot_id = s.id
		WHERE s.organization_key = `+keyOf+` AND s.taken_at >= ?2 AND s.id <= ?3
		  AND e.subject_type IN (SELECT value FROM json_each(?4))
		GROUP BY e.id
		ORDER BY min(e.snapshot_id), e.created_at, e.id`,
		organizationID, formatSeconds(since), upTo, jsonText(ona.AccessTypes, "[]"))
	return append(changes, logged...), err
}

// Logged is the Kind of an audit-log entry on the timeline.
const Logged diff.Kind = "logged"

func (s *Store) queryChanges(ctx context.Context, where string, args ...any) ([]Change, error) {
	return queryAll(ctx, s.db, "reading changes", func(r *reader) Change {
		c := Change{SnapshotID: r.number(), BaselineID: r.number(), TakenAt: r.instant(), OrganizationID: r.text()}
		c.Change = diff.Change{
			Severity: diff.Severity(r.text()), Kind: diff.Kind(r.text()),
			SubjectType: diff.SubjectType(r.text()), SubjectID: r.text(), SubjectName: r.text(),
			Field: r.text(), Before: r.text(), After: r.text(), BeforeLabel: r.text(), AfterLabel: r.text(),
		}
		c.ActorID, c.ActorName, c.ActorPrincipal, c.ActorAction = r.text(), r.text(), r.text(), r.text()
		c.ActorAt = r.instant()
		c.Note = r.text()
		return c
	}, `SELECT snapshot_id, baseline_id, taken_at, organization_id, severity, kind, subject_type, subject_id, subject_name,
		  field, before, after, before_label, after_label, actor_id, actor_name, actor_principal, actor_action,
		  actor_at, note
		FROM changes `+where, args...)
}

func (s *Store) addCandidates(ctx context.Context, snapshotID int64, changes []Change) error {
	type candidate struct{ change, entry int }
	candidates, err := queryAll(ctx, s.db, "reading candidate entries", func(r *reader) candidate {
		return candidate{r.count(), r.count()}
	}, `SELECT change_number, entry_number
		FROM change_candidates
		WHERE snapshot_id = ?
		ORDER BY change_number, entry_number`, snapshotID)
	if err != nil || len(candidates) == 0 {
		return err
	}
	log, err := s.AuditLog(ctx, snapshotID)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		to := &changes[c.change-1].Candidates
		*to = append(*to, log.Entries[c.entry-1])
	}
	return nil
}

// AuditLog is the part of the audit log that was read for a snapshot. The store omits
// CompleteFrom and each entry's Raw, which the stored responses contain.
type AuditLog = ona.AuditLog

var (
	auditLogColumns = []string{"since", "until", "pages", "received"}
	entryColumns    = []string{
		"number", "id", "created_at", "actor_id", "actor_name", "actor_principal", "subject_id", "subject_type", "kind",
		"action", "unknown_fields",
	}
	candidateColumns = []string{"change_number", "entry_number"}
)

func auditLogValues(l *AuditLog) (reading, entries [][]any) {
	if l == nil {
		return nil, nil
	}
	for i, e := range l.Entries {
		entries = append(entries, []any{
			int64(i + 1), e.ID, ona.FormatTime(e.CreatedAt), orNull(e.ActorID), orNull(e.ActorName), orNull(e.ActorPrincipal),
			orNull(e.SubjectID), orNull(e.SubjectType), orNull(e.Kind), orNull(e.Action),
			orNull(ona.CanonicalUnknown(e.Unknown)),
		})
	}
	return [][]any{{ona.FormatTime(l.Since), ona.FormatTime(l.Until), int64(l.Pages), int64(l.Received)}}, entries
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

// AuditLog returns the part of the audit log that was read for a snapshot. It is nil for a
// failed snapshot and for the first one of an organization, which do not read the log.
func (s *Store) AuditLog(ctx context.Context, snapshotID int64) (*AuditLog, error) {
	return readAuditLog(ctx, s.db, snapshotID)
}

func readAuditLog(ctx context.Context, q querier, snapshotID int64) (*AuditLog, error) {
	log, found, err := first(queryAll(ctx, q, "reading how the audit log was read", func(r *reader) AuditLog {
		return AuditLog{
			Since: r.instant(), Until: r.instant(), Pages: r.count(), Received: r.count(),
			NotAssessed: r.text(), Lacking: r.text(),
		}
	}, `SELECT l.since, l.until, l.pages, l.received, s.audit_log_not_assessed, s.audit_log_lacking
		FROM audit_log_readings l
		JOIN stored_snapshots s ON s.id = l.snapshot_id
		WHERE l.snapshot_id = ?`, snapshotID))
	if err != nil || !found {
		return nil, err
	}
	log.Entries, err = queryAll(ctx, q, "reading audit-log entries", func(r *reader) ona.AuditLogEntry {
		return ona.AuditLogEntry{
			ID: r.text(), CreatedAt: r.instant(), ActorID: r.text(), ActorName: r.text(), ActorPrincipal: r.text(),
			SubjectID: r.text(), SubjectType: r.text(), Kind: r.text(), Action: r.text(), Unknown: r.unknown(),
		}
	}, `SELECT id, created_at, actor_id, actor_name, actor_principal, subject_id, subject_type, kind, action,
		  unknown_fields
		FROM audit_log_entries
		WHERE snapshot_id = ?
		ORDER BY number`, snapshotID)
	return &log, err
}
