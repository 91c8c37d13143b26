package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// BeginRun writes a new run as Running and gives its id. Runs that an interruption left as Running are closed as failed: the caller holds
// the lock that keeps a second run out.
func (s *Store) BeginRun(ctx context.Context, r Run) (int64, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("beginning a run: %w", explain(err))
	}
	defer rollback(tx)
	if _, err := tx.ExecContext(ctx, `
		UPDATE runs
		SET outcome = 'failed', error = 'interrupted: the process ended before the run did', finished_at = ?
		WHERE outcome = 'running'`, formatSeconds(r.StartedAt)); err != nil {
		return 0, fmt.Errorf("closing an interrupted run: %w", explain(err))
	}
	result, err := tx.ExecContext(ctx, `
		INSERT INTO runs (started_at, scheduled_for, trigger, outcome, tool_version, host)
		VALUES (?, ?, ?, 'running', ?, ?)`,
		formatSeconds(r.StartedAt), nullSeconds(r.ScheduledFor), r.Trigger, r.ToolVersion, r.Host)
	if err != nil {
		return 0, fmt.Errorf("beginning a run: %w", explain(err))
	}
	id, err := result.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("beginning a run: %w", explain(err))
	}
	return id, commit(tx, "beginning a run")
}

// FinishRun closes a run that is Running; closing it twice is an error.
func (s *Store) FinishRun(ctx context.Context, id int64, at time.Time, outcome Outcome, reason string) error {
	result, err := s.db.ExecContext(ctx, `
		UPDATE runs
		SET outcome = ?, error = ?, finished_at = ?
		WHERE id = ? AND outcome = 'running'`, string(outcome), nullText(reason), formatSeconds(at), id)
	if err != nil {
		return fmt.Errorf("finishing run %d: %w", id, explain(err))
	}
	return expectOneRow(result, fmt.Sprintf("finishing run %d", id))
}

// Run is the run with this id, ErrNotFound when there is none.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	runs, err := s.queryRuns(ctx, "WHERE r.id = ?", id)
	if err != nil {
		return Run{}, err
	}
	if len(runs) == 0 {
		return Run{}, fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return runs[0], nil
}

// Runs is the register, newest first: the runs with an id up to upTo (0: all), at most limit of them (0: all).
func (s *Store) Runs(ctx context.Context, upTo int64, limit int) ([]Run, error) {
	if limit == 0 {
		limit = -1 // https://www.sqlite.org/lang_select.html#limitoffset: no upper bound
	}
	return s.queryRuns(ctx, "WHERE (?1 = 0 OR r.id <= ?1) ORDER BY r.id DESC LIMIT ?2", upTo, limit)
}

func (s *Store) queryRuns(ctx context.Context, where string, args ...any) ([]Run, error) {
	const counts = `
		(SELECT count(*) FROM snapshots s WHERE s.run_id = r.id AND s.outcome = 'complete'),
		(SELECT count(*) FROM snapshots s WHERE s.run_id = r.id AND s.outcome = 'failed'),
		(SELECT coalesce(sum(s.changes), 0) FROM snapshots s WHERE s.run_id = r.id),
		(SELECT coalesce(sum(s.failing_findings), 0) FROM snapshots s WHERE s.run_id = r.id),
		(SELECT coalesce(sum(s.scim_configurations), 0) FROM snapshots s WHERE s.run_id = r.id)`
	return queryAll(ctx, s.db, "reading the run register", func(row *sql.Rows) (Run, error) {
		var r Run
		var started string
		var finished, scheduled, reason sql.NullString
		err := row.Scan(&r.ID, &started, &finished, &scheduled, &r.Trigger, &r.Outcome, &reason, &r.ToolVersion, &r.Host,
			&r.CompleteOrganizations, &r.FailedOrganizations, &r.Changes, &r.FailedFindings, &r.SCIMConfigurations)
		if err != nil {
			return Run{}, err
		}
		r.Error = reason.String
		err = errors.Join(
			parseSeconds(started, &r.StartedAt),
			parseSeconds(finished.String, &r.FinishedAt),
			parseSeconds(scheduled.String, &r.ScheduledFor))
		return r, err
	}, `SELECT r.id, r.started_at, r.finished_at, r.scheduled_for, r.trigger, r.outcome, r.error, r.tool_version, r.host,`+
		counts+` FROM runs r `+where, args...)
}
