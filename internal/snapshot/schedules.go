package snapshot

import (
	"context"
	"slices"
	"time"

	"scim-auditor/internal/schedule"
)

// The triggers of scheduled runs.
const (
	TriggerSchedule = "schedule"
	// TriggerCatchUp marks a run that makes up for a missed one.
	TriggerCatchUp = "catch_up"
)

// Schedule is a schedule that is in force from an instant until the next schedule begins.
type Schedule struct {
	// Expression is a cron expression for package schedule, or "none" if the schedule was removed.
	Expression string
	From       time.Time // whole seconds
}

var scheduleColumns = []string{"id", "valid_from", "expression"}

// Schedules returns all recorded schedules, oldest first.
func (s *Store) Schedules(ctx context.Context) ([]Schedule, error) { return schedules(ctx, s.db) }

func schedules(ctx context.Context, q querier) ([]Schedule, error) {
	return queryAll(ctx, q, "reading the schedules", func(r *reader) Schedule {
		return Schedule{Expression: r.text(), From: r.seconds()}
	}, "SELECT expression, valid_from FROM schedules ORDER BY id")
}

// SetSchedule puts a schedule in force from an instant on. It does nothing if the expression is already in
// force.
func (s *Store) SetSchedule(ctx context.Context, expression string, from time.Time) error {
	return s.inTransaction(ctx, "recording the schedule", func(tx *transaction) error {
		all, err := schedules(ctx, tx)
		if err != nil || len(all) > 0 && all[len(all)-1].Expression == expression {
			return err
		}
		return recordRow(ctx, tx, "schedule", "schedules", scheduleColumns,
			[]any{int64(len(all) + 1), formatSeconds(from), expression})
	})
}

// Nights returns the scheduled runs (nights) after since (the zero time: all) up to now, oldest first, each
// with the outcome of its run. It considers the runs with an id up to upTo (0: all). A night without a run
// is missed when it is at least as old as grace.
func (s *Store) Nights(
	ctx context.Context, since time.Time, upTo int64, now time.Time, grace time.Duration,
) ([]schedule.Night, error) {
	schedules, err := s.Schedules(ctx)
	if err != nil || len(schedules) == 0 {
		return nil, err
	}
	periods := make([]schedule.Period, 0, len(schedules))
	for i, scheduled := range schedules {
		if i+1 < len(schedules) && !schedules[i+1].From.After(since) {
			continue // the schedule ended before since
		}
		period := schedule.Period(scheduled)
		period.From = slices.MaxFunc([]time.Time{period.From, since}, time.Time.Compare)
		periods = append(periods, period)
	}
	runs, err := queryAll(ctx, s.db, "reading the runs of the schedule", func(r *reader) schedule.Run {
		run := readRun(r)
		return run.OfSchedule()
	}, `SELECT `+runColumns+`
		FROM runs
		WHERE started_at >= ? AND (?2 = 0 OR id <= ?2)
		ORDER BY id`, formatSeconds(since), upTo)
	if err != nil {
		return nil, err
	}
	return schedule.Nights(periods, runs, now, grace)
}
