package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/schedule"
)

var (
	runStartColumns = []string{"id", "started_at", "scheduled_for", "trigger", "tool_version", "host",
		"unknown_report", "shard"}
	runEndColumns = []string{"run_id", "finished_at", "outcome", "error"}
)

// BeginRun records the start of a run and returns its id. It first ends earlier interrupted
// runs as failed. The caller must hold the lock that prevents a second run.
func (s *Store) BeginRun(ctx context.Context, r Run) (id int64, err error) {
	err = s.inTransaction(ctx, "beginning a run", func(tx *transaction) {
		endInterrupted(ctx, tx, r.StartedAt)
		id = nextID(ctx, tx, "run_starts")
		recordRow(ctx, tx, "run_start", "run_starts", runStartColumns, []any{
			id, formatSeconds(r.StartedAt), nullSeconds(r.ScheduledFor), r.Trigger, r.ToolVersion, r.Host,
			orNull(r.UnknownReport), orNull(r.Shard),
		})
	})
	return id, err
}

// interrupted is the error of a run whose process ended before it.
const interrupted = "interrupted: the process ended before the run did"

func endInterrupted(ctx context.Context, tx *transaction, at time.Time) {
	ids, err := queryAll(ctx, tx, "reading interrupted runs", (*reader).number, `
		SELECT id FROM run_starts WHERE id > (SELECT coalesce(max(run_id), 0) FROM run_ends) ORDER BY id`)
	tx.fail(err)
	for _, id := range ids {
		endRun(ctx, tx, id, at, Failed, interrupted)
	}
}

// Interrupted reports whether the process of the run ended before the run did, so that the run may
// have no snapshot of some organizations. A run that has not ended counts as interrupted.
func (r *Run) Interrupted() bool { return r.Outcome == Running || r.Error == interrupted }

func endRun(ctx context.Context, tx *transaction, id int64, at time.Time, outcome Outcome, reason string) {
	recordRow(ctx, tx, "run_end", "run_ends", runEndColumns,
		[]any{id, formatSeconds(at), string(outcome), orNull(reason)})
}

// FinishRun records the end of a run. It fails if the run has ended.
func (s *Store) FinishRun(ctx context.Context, id int64, at time.Time, outcome Outcome, reason string) error {
	return s.inTransaction(ctx, fmt.Sprintf("finishing run %d", id), func(tx *transaction) {
		endRun(ctx, tx, id, at, outcome, reason)
	})
}

// Run returns the run with this id, or ErrNotFound.
func (s *Store) Run(ctx context.Context, id int64) (Run, error) {
	run, found, err := first(s.Runs(ctx, id, 1))
	if err == nil && (!found || run.ID != id) {
		return Run{}, fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return run, err
}

// Runs returns the runs with an id up to upTo (0: all), newest first, at most limit of them (0:
// no limit).
func (s *Store) Runs(ctx context.Context, upTo int64, limit int) ([]Run, error) {
	if limit == 0 {
		limit = -1 // https://www.sqlite.org/lang_select.html#limitoffset: no upper bound
	}
	return s.queryRuns(ctx, "WHERE r.id <= ? ORDER BY r.id DESC LIMIT ?", cmp.Or(upTo, math.MaxInt64), limit)
}

// LastEnded returns the newest run that has ended and is not recorded later than now. A run with a
// wrong clock counts whatever its time. found is false if there is none.
func (s *Store) LastEnded(ctx context.Context, now time.Time) (r Run, found bool, err error) {
	return first(s.queryRuns(ctx, `WHERE r.finished_at IS NOT NULL AND (r.clock_wrong OR r.started_at <= ?)
		ORDER BY r.id DESC
		LIMIT 1`, formatSeconds(now)))
}

// LastConfirmed returns the start of the newest run whose clock a server confirmed, the zero time
// if there is none.
func (s *Store) LastConfirmed(ctx context.Context) (at time.Time, err error) {
	at, _, err = first(queryAll(ctx, s.db, "reading the last run with a right clock", (*reader).instant, `
		SELECT r.started_at
		FROM stored_snapshots s
		JOIN runs r ON r.id = s.run_id
		WHERE s.server_clock_offset_ms IS NOT NULL AND NOT r.clock_wrong
		ORDER BY s.id DESC
		LIMIT 1`))
	return at, err
}

const runColumns = "id, started_at, scheduled_for, trigger, outcome, clock_wrong, unknown_report"

func readRun(r *reader) Run {
	return Run{
		ID: r.number(), StartedAt: r.instant(), ScheduledFor: r.instant(), Trigger: r.text(), Outcome: Outcome(r.text()),
		ClockWrong:    r.flag(),
		UnknownReport: r.text(),
	}
}

// OfSchedule returns the run in the form that package schedule compares with the expected runs.
func (r *Run) OfSchedule() schedule.Run {
	return schedule.Run{
		ID: r.ID, StartedAt: r.StartedAt, ScheduledFor: r.ScheduledFor, CatchUp: r.Trigger == TriggerCatchUp,
		Complete: r.Outcome == Complete, Running: r.Outcome == Running,
		ClockWrong: r.ClockWrong,
	}
}

func (s *Store) queryRuns(ctx context.Context, where string, args ...any) ([]Run, error) {
	return queryAll(ctx, s.db, "reading the run register", func(r *reader) Run {
		run := readRun(r)
		run.FinishedAt, run.Error, run.ToolVersion, run.Host = r.instant(), r.text(), r.text(), r.text()
		run.Shard, run.ReportPrunedAt = r.text(), r.instant()
		run.CompleteOrganizations, run.FailedOrganizations = r.count(), r.count()
		run.Changes, run.FailedFindings, run.SCIMConfigurations = r.count(), r.count(), r.count()
		shown := r.flag()
		run.ClockNotConfirmed = run.ClockWrong && !shown
		return run
	}, `SELECT `+runColumns+`, finished_at, error, tool_version, host, shard, report_pruned_at,
		  complete, failed, changes, failing_findings, scim_configurations, clock_shown
		FROM (
		  SELECT r.*, sum(s.outcome = 'complete') AS complete, sum(s.outcome = 'failed') AS failed,
		    sum(s.changes) AS changes, sum(s.failing_findings) AS failing_findings,
		    sum(s.scim_configurations) AS scim_configurations,
		    coalesce(max(s.error_code = 'clock_wrong'), 0) AS clock_shown
		  FROM (SELECT * FROM runs r `+where+`) r
		  LEFT JOIN stored_snapshots s ON s.run_id = r.id
		  GROUP BY r.id
		)
		ORDER BY id DESC`, args...)
}

// Totals are sums over the complete snapshots of a run that Run does not have.
type Totals struct {
	SSOConfigurations int
	// SSOKnown is false if a snapshot failed or could not read the SSO configurations.
	SSOKnown bool
	// Failing counts failed findings of complete snapshots by severity; nil if a snapshot is
	// pruned.
	Failing map[diff.Severity]int
}

// Totals returns the sums for the runs with ids from first to last, by the id of the run.
func (s *Store) Totals(ctx context.Context, first, last int64) (map[int64]*Totals, error) {
	totals := make(map[int64]*Totals)
	err := queryEach(ctx, s.db, "adding up snapshots", func(r *reader) {
		run, t := r.number(), &Totals{SSOConfigurations: r.count(), SSOKnown: r.flag()}
		if pruned := r.flag(); !pruned {
			t.Failing = make(map[diff.Severity]int)
		}
		totals[run] = t
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
	return totals, s.countFailing(ctx, first, last, totals)
}

// countFailing sets Failing for the runs that are not pruned.
func (s *Store) countFailing(ctx context.Context, first, last int64, totals map[int64]*Totals) error {
	// A finding that stays the same in many snapshots is one row. The rows are counted by range
	// before the join, so that no snapshot counts them one by one. CROSS JOIN keeps the order
	// of the tables, so that older versions are not read:
	// https://www.sqlite.org/lang_select.html#crossjoin
	return queryEach(ctx, s.db, "counting failed findings", func(r *reader) {
		run, severity, n := r.number(), diff.Severity(r.text()), r.count()
		if t := totals[run]; t != nil && t.Failing != nil {
			t.Failing[severity] = n
		}
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
}

// The triggers of scheduled runs.
const (
	TriggerSchedule = "schedule"
	// TriggerCatchUp marks a run that makes up for a missed one.
	TriggerCatchUp = "catch_up"
)
