package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"scim-auditor/internal/schedule"
)

// The triggers of runs that a schedule asked for.
const (
	TriggerSchedule = "schedule"
	// TriggerCatchUp: the run stands for a night whose time had passed unused.
	TriggerCatchUp = "catch_up"
)

// Schedule is a schedule that is in force from an instant on, until the next one is.
type Schedule struct {
	// Expression is a cron expression as package schedule reads it, or "none" where a schedule was taken back.
	Expression string
	From       time.Time // whole seconds
}

// Schedules are the schedules that have been in force, oldest first.
func (s *Store) Schedules(ctx context.Context) ([]Schedule, error) {
	return queryAll(ctx, s.db, "reading the schedules", func(row *sql.Rows) (Schedule, error) {
		var scheduled Schedule
		var from string
		err := row.Scan(&scheduled.Expression, &from)
		return scheduled, errors.Join(err, parseSeconds(from, &scheduled.From))
	}, `SELECT expression, valid_from
		FROM schedules
		ORDER BY id`)
}

// SetSchedule puts a schedule in force from an instant on. It does nothing when the expression is in force already.
func (s *Store) SetSchedule(ctx context.Context, expression string, from time.Time) error {
	if _, err := s.db.ExecContext(ctx, `
		INSERT INTO schedules (valid_from, expression)
		SELECT ?1, ?2
		WHERE ?2 IS NOT (SELECT expression FROM schedules ORDER BY id DESC LIMIT 1)`, formatSeconds(from), expression); err != nil {
		return fmt.Errorf("recording the schedule: %w", err)
	}
	return nil
}

// Nights are the nights that the schedules expected up to now, oldest first, with what the runs with an id up to upTo (0: all) made of them.
// A night without a run is missed once it is as old as grace.
func (s *Store) Nights(ctx context.Context, upTo int64, now time.Time, grace time.Duration) ([]schedule.Night, error) {
	schedules, err := s.Schedules(ctx)
	if err != nil || len(schedules) == 0 {
		return nil, err
	}
	periods := make([]schedule.Period, len(schedules))
	for i, scheduled := range schedules {
		periods[i] = schedule.Period(scheduled)
	}
	runs, err := queryAll(ctx, s.db, "reading the runs of the schedule", scanScheduledRun, `
		SELECT id, started_at, scheduled_for, trigger, outcome
		FROM runs
		WHERE ?1 = 0 OR id <= ?1
		ORDER BY id`, upTo)
	if err != nil {
		return nil, err
	}
	return schedule.Nights(periods, runs, now, grace)
}

func scanScheduledRun(row *sql.Rows) (schedule.Run, error) {
	var r schedule.Run
	var started, trigger string
	var scheduled sql.NullString
	var outcome Outcome
	err := row.Scan(&r.ID, &started, &scheduled, &trigger, &outcome)
	r.Complete, r.Running, r.CatchUp = outcome == Complete, outcome == Running, trigger == TriggerCatchUp
	return r, errors.Join(err, parseSeconds(started, &r.StartedAt), parseSeconds(scheduled.String, &r.ScheduledFor))
}
