package snapshot

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/schedule"
)

var (
	runStartColumns = []string{"id", "started_at", "scheduled_for", "trigger", "tool_version", "host"}
	runEndColumns   = []string{"run_id", "finished_at", "outcome", "error"}
)

// BeginRun records the start of a run and returns its id. Runs that an interruption left without an end
// get one, as failed: the caller holds the lock that keeps a second run out.
func (s *Store) BeginRun(ctx context.Context, r Run) (id int64, err error) {
	err = s.inTransaction(ctx, "beginning a run", func(tx *transaction) error {
		if err := endInterrupted(ctx, tx, r.StartedAt); err != nil {
			return fmt.Errorf("closing an interrupted run: %w", err)
		}
		if id, err = nextID(ctx, tx, "run_starts"); err != nil {
			return err
		}
		return recordRow(ctx, tx, "run_start", "run_starts", runStartColumns, []any{
			id, formatSeconds(r.StartedAt), nullSeconds(r.ScheduledFor), r.Trigger, r.ToolVersion, r.Host,
		})
	})
	return id, err
}

// endInterrupted ends the runs that began after the last one that has an end.
func endInterrupted(ctx context.Context, tx querier, at time.Time) error {
	interrupted, err := queryAll(ctx, tx, "reading the runs", (*reader).number, `
		SELECT id FROM run_starts WHERE id > (SELECT coalesce(max(run_id), 0) FROM run_ends) ORDER BY id`)
	for _, id := range interrupted {
		err = recordRow(ctx, tx, "run_end", "run_ends", runEndColumns, []any{
			id, formatSeconds(at), string(Failed), "interrupted: the process ended before the run did",
		})
		if err != nil {
			return err
		}
	}
	return err
}

// FinishRun records the end of a run that is Running. A run has one end.
func (s *Store) FinishRun(ctx context.Context, id int64, at time.Time, outcome Outcome, reason string) error {
	return s.inTransaction(ctx, fmt.Sprintf("finishing run %d", id), func(tx *transaction) error {
		return recordRow(ctx, tx, "run_end", "run_ends", runEndColumns, []any{
			id, formatSeconds(at), string(outcome), orNull(reason),
		})
	})
}

// Run is the run with this id, ErrNotFound when there is none.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	run, found, err := first(s.queryRuns(ctx, "WHERE r.id = ?", id))
	if err == nil && !found {
		err = fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return run, err
}

// Runs is the register, newest first: the runs with an id up to upTo (0: all), at most limit of them (0: all).
func (s *Store) Runs(ctx context.Context, upTo int64, limit int) ([]Run, error) {
	if limit == 0 {
		limit = -1 // https://www.sqlite.org/lang_select.html#limitoffset: no upper bound
	}
	return s.queryRuns(ctx, "WHERE (?1 = 0 OR r.id <= ?1) ORDER BY r.id DESC LIMIT ?2", upTo, limit)
}

// runColumns are what readRun reads.
const runColumns = "id, started_at, scheduled_for, trigger, outcome"

func readRun(r *reader) Run {
	return Run{
		ID: r.number(), StartedAt: r.seconds(), ScheduledFor: r.seconds(), Trigger: r.text(), Outcome: Outcome(r.text()),
	}
}

// OfSchedule is what the run means to the nights of a schedule.
func (r *Run) OfSchedule() schedule.Run {
	return schedule.Run{
		ID: r.ID, StartedAt: r.StartedAt, ScheduledFor: r.ScheduledFor, CatchUp: r.Trigger == TriggerCatchUp,
		Complete: r.Outcome == Complete, Running: r.Outcome == Running,
	}
}

func (s *Store) queryRuns(ctx context.Context, where string, args ...any) ([]Run, error) {
	return queryAll(ctx, s.db, "reading the run register", func(r *reader) Run {
		run := readRun(r)
		run.FinishedAt, run.Error, run.ToolVersion, run.Host = r.seconds(), r.text(), r.text(), r.text()
		run.CompleteOrganizations, run.FailedOrganizations = r.count(), r.count()
		run.Changes, run.FailedFindings, run.SCIMConfigurations = r.count(), r.count(), r.count()
		return run
	}, `SELECT `+runColumns+`, finished_at, error, tool_version, host,
		  complete, failed, changes, failing_findings, scim_configurations
		FROM (
		  SELECT r.*, sum(s.outcome = 'complete') AS complete, sum(s.outcome = 'failed') AS failed,
		    sum(s.changes) AS changes, sum(s.failing_findings) AS failing_findings,
		    sum(s.scim_configurations) AS scim_configurations
		  FROM (SELECT * FROM runs r `+where+`) r
		  LEFT JOIN stored_snapshots s ON s.run_id = r.id
		  GROUP BY r.id
		)
		ORDER BY id DESC`, args...)
}

// Totals are the sums over the complete snapshots of a run, beside what its row of the register counts.
type Totals struct {
	SSOConfigurations int
	// SSOKnown is false where a snapshot could not read them, or failed.
	SSOKnown bool
	// Failing counts failed findings of complete snapshots by severity; nil where a snapshot was pruned.
	Failing map[diff.Severity]int
}

// Totals adds up the snapshots of the runs from first to last, by run.
func (s *Store) Totals(ctx context.Context, first, last int64) (map[int64]*Totals, error) {
	totals := make(map[int64]*Totals)
	_, err := queryAll(ctx, s.db, "adding up snapshots", func(r *reader) bool {
		run, t := r.number(), &Totals{SSOConfigurations: r.count(), SSOKnown: r.flag()}
		if pruned := r.flag(); !pruned {
			t.Failing = make(map[diff.Severity]int)
		}
		totals[run] = t
		return true
	}, `SELECT
		  run_id,
		  sum(sso_configurations),
		  min(outcome = 'complete' AND sso_not_assessed IS NULL),
		  max(id IN (SELECT snapshot_id FROM pruned_snapshots))
		FROM stored_snapshots
		WHERE run_id BETWEEN ? AND ?
		GROUP BY run_id
		ORDER BY run_id`, first, last)
	if err != nil {
		return nil, err
	}
	// A finding that stays for many nights is one row: counted by its stretch first, or each night would
	// count it again. CROSS JOIN keeps the order of the tables, so that no older night is read:
	// https://www.sqlite.org/lang_select.html#crossjoin
	_, err = queryAll(ctx, s.db, "counting failed findings", func(r *reader) bool {
		run, severity, n := r.number(), diff.Severity(r.text()), r.count()
		if t := totals[run]; t != nil && t.Failing != nil {
			t.Failing[severity] = n
		}
		return true
	}, `WITH shown AS (
		  SELECT v.*
		  FROM organizations o
		  CROSS JOIN finding_versions v ON v.organization_key = o.key AND v.valid_to IS NULL
		  UNION ALL
		  SELECT v.*
		  FROM organizations o
		  CROSS JOIN finding_versions v ON v.organization_key = o.key
		    AND v.valid_to > (SELECT min(id) FROM stored_snapshots WHERE run_id BETWEEN ?1 AND ?2)
		),
		stretches AS MATERIALIZED (
		  SELECT organization_key, valid_from, valid_to, severity, count(*) AS findings
		  FROM shown
		  WHERE status = 'fail'
		  GROUP BY organization_key, valid_from, valid_to, severity
		)
		SELECT s.run_id, n.severity, sum(n.findings)
		FROM stored_snapshots s
		CROSS JOIN stretches n ON n.organization_key = s.organization_key
		  AND n.valid_from <= s.id AND (n.valid_to IS NULL OR n.valid_to > s.id)
		WHERE s.run_id BETWEEN ?1 AND ?2 AND s.outcome = 'complete'
		GROUP BY s.run_id, n.severity
		ORDER BY s.run_id, n.severity`, first, last)
	if err != nil {
		return nil, err
	}
	return totals, nil
}
