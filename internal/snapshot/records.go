package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

// Changes are what a snapshot shows to differ from its baseline, in stored order; ErrPruned when retention removed them.
func (s *Store) Changes(ctx context.Context, snapshotID int64) ([]Change, error) {
	changes, err := s.queryChanges(ctx, "WHERE snapshot_id = ? ORDER BY number", snapshotID)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return nil, s.notPruned(ctx, snapshotID)
	}
	return changes, s.addCandidates(ctx, snapshotID, changes)
}

// Timeline is every change of an organization up to and with a snapshot, oldest first, without the candidates.
func (s *Store) Timeline(ctx context.Context, organizationID string, upTo int64) ([]Change, error) {
	return s.queryChanges(ctx, "WHERE organization_id = ? AND snapshot_id <= ? ORDER BY snapshot_id, number", organizationID, upTo)
}

func (s *Store) queryChanges(ctx context.Context, where string, args ...any) ([]Change, error) {
	return queryAll(ctx, s.db, "reading changes", func(row *sql.Rows) (Change, error) {
		var c Change
		var baseline sql.NullInt64
		var taken string
		var field, before, after, beforeLabel, afterLabel, note, actor, principal, action, at sql.NullString
		err := row.Scan(&c.SnapshotID, &baseline, &taken, &c.OrganizationID, &c.Severity, &c.Kind, &c.SubjectType, &c.SubjectID, &c.SubjectName,
			&field, &before, &after, &beforeLabel, &afterLabel, &actor, &principal, &action, &at, &note)
		c.Field, c.Before, c.After, c.BeforeLabel, c.AfterLabel = field.String, before.String, after.String, beforeLabel.String, afterLabel.String
		c.Note = note.String
		c.BaselineID = baseline.Int64
		c.ActorID, c.ActorPrincipal, c.ActorAction = actor.String, principal.String, action.String
		return c, errors.Join(err, parseSeconds(taken, &c.TakenAt), parseInstant(at, &c.ActorAt))
	}, `SELECT snapshot_id, baseline_id, taken_at, organization_id, severity, kind, subject_type, subject_id, subject_name,
			field, before, after, before_label, after_label, actor_id, actor_principal, actor_action, actor_at, note
		FROM changes `+where, args...)
}

// Findings are the outcome of every rule in a snapshot, in the order of the rules: those of configurations before those of runs. ErrPruned
// when retention removed them.
func (s *Store) Findings(ctx context.Context, snapshotID int64) ([]Finding, error) {
	findings, err := queryAll(ctx, s.db, "reading findings", func(row *sql.Rows) (Finding, error) {
		var f Finding
		var taken string
		var organizationID, original, first sql.NullString
		var days sql.NullInt64
		err := row.Scan(&f.SnapshotID, &taken, &organizationID, &f.RuleID, &f.Title, &f.Severity, &f.Status, &original, &f.SubjectType,
			&f.SubjectID, &f.SubjectName, &f.Observed, &f.Expected, &f.Fingerprint, &first, &days)
		f.OrganizationID, f.OriginalStatus, f.DaysOpen = shared(organizationID.String), finding.Status(original.String), int(days.Int64)
		f.RuleID, f.Title, f.Severity, f.Status, f.SubjectType = shared(f.RuleID), shared(f.Title), shared(f.Severity), shared(f.Status), shared(f.SubjectType)
		f.Observed, f.Expected = shared(f.Observed), shared(f.Expected)
		return f, errors.Join(err, parseSeconds(taken, &f.TakenAt), parseSeconds(first.String, &f.FirstSeen))
	}, `SELECT snapshot_id, taken_at, organization_id, rule_id, title, severity, status, original_status, subject_type,
			subject_id, subject_name, observed, expected, fingerprint, first_seen, days_open
		FROM findings
		WHERE snapshot_id = ?
		ORDER BY rule_id LIKE 'RUN-%', rule_id, subject_type, subject_id`, snapshotID)
	if err == nil && len(findings) == 0 {
		err = s.notPruned(ctx, snapshotID)
	}
	if err != nil {
		return nil, err
	}
	return findings, s.addStanding(ctx, snapshotID, findings)
}

// Failing counts a snapshot's failed findings by severity.
func (s *Store) Failing(ctx context.Context, snapshotID int64) (map[diff.Severity]int, error) {
	counts := make(map[diff.Severity]int)
	_, err := queryAll(ctx, s.db, "counting failed findings", func(row *sql.Rows) (int, error) {
		var severity diff.Severity
		var n int
		err := row.Scan(&severity, &n)
		counts[severity] = n
		return n, err
	}, `SELECT severity, count(*)
		FROM findings
		WHERE snapshot_id = ? AND status = 'fail'
		GROUP BY severity
		ORDER BY severity`, snapshotID)
	return counts, err
}

// Exchanges are the requests of a snapshot with their answers, in order.
func (s *Store) Exchanges(ctx context.Context, snapshotID int64) ([]Exchange, error) {
	return queryAll(ctx, s.db, "reading exchanges", func(row *sql.Rows) (Exchange, error) {
		var e Exchange
		var sent, retries string
		var date sql.NullString
		var micros int64
		err := row.Scan(&e.Number, &e.Method, &e.Request, &e.Status, &sent, &micros, &date, &e.Records, &retries, &e.ResponseSHA256, &e.ResponseSize)
		e.Duration = time.Duration(micros) * time.Microsecond
		return e, errors.Join(err,
			parseInstant(sql.NullString{String: sent, Valid: true}, &e.SentAt),
			parseSeconds(date.String, &e.ServerDate),
			parseJSON(retries, &e.Retries))
	}, `SELECT e.number, e.method, e.request, e.status, e.sent_at, e.duration_us, e.server_date, e.records, e.retries, e.response_sha256, r.size
		FROM exchanges e
		JOIN responses r ON r.sha256 = e.response_sha256
		WHERE e.snapshot_id = ?
		ORDER BY e.number`, snapshotID)
}
