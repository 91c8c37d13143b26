package snapshot

import (
	"cmp"
	"context"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
)

// ScheduleChange is a new schedule, and who changed it.
type ScheduleChange struct {
	Expression string // "none" removes the schedule
	Reason     string // empty if not stated
	// ChangedBy is the user of the operating system, Host the machine.
	ChangedBy, Host string
}

var scheduleColumns = []string{"id", "valid_from", "expression", "reason", "changed_by", "host"}

// SetSchedule puts a schedule in force from an instant on. It does nothing if the expression is
// already in force.
func (s *Store) SetSchedule(ctx context.Context, c ScheduleChange, from time.Time) error {
	return s.inTransaction(ctx, "recording the schedule", func(tx *transaction) {
		all, err := queryAll(ctx, tx, "reading the schedules", (*reader).text,
			"SELECT expression FROM schedules ORDER BY id")
		tx.fail(err)
		if len(all) == 0 || all[len(all)-1] != c.Expression {
			recordRow(ctx, tx, "schedule", "schedules", scheduleColumns, []any{
				int64(len(all) + 1), formatSeconds(from), c.Expression, cmp.Or(c.Reason, "not stated"), c.ChangedBy, c.Host,
			})
		}
	})
}

// recordedSchedule is a schedule with what is recorded around it. The zero time means that there is
// no such run.
type recordedSchedule struct {
	schedule.Period
	// wrong is the start of the first run recorded after it if the clock of that run was wrong.
	// before and after are the starts of the last run before the schedule and of the first one after
	// it with a right clock.
	wrong, before, after time.Time
}

// inForce returns the period with the time from which it really was in force: the clock may have
// been wrong when it was recorded. What is recorded later did not happen earlier.
func (r *recordedSchedule) inForce() schedule.Period {
	p := r.Period
	recordedWrong := !r.wrong.IsZero() && r.wrong.Equal(p.From)
	if !r.after.IsZero() && (recordedWrong || r.after.Before(p.From)) {
		p.From = r.after
	}
	if p.From.Before(r.before) {
		p.From = r.before
	}
	return p
}

// Schedules returns the recorded schedules in the order of recording. The time of a schedule that
// was recorded with a wrong clock is that of the runs around it, as far as they are not later than
// now.
func (s *Store) Schedules(ctx context.Context, now time.Time) ([]schedule.Period, error) {
	return schedules(ctx, s.db, 0, 0, now)
}

// SchedulesAt does what Schedules does with what was recorded up to a link of the ledger. upTo is the
// newest run up to the link.
func (s *Store) SchedulesAt(ctx context.Context, link, upTo int64, now time.Time) ([]schedule.Period, error) {
	return schedules(ctx, s.db, link, upTo, now)
}

// schedules returns the schedules that were recorded up to a link, or before the start of the run
// upTo (0: all). It considers the runs with an id up to upTo.
func schedules(ctx context.Context, q querier, link, upTo int64, now time.Time) ([]schedule.Period, error) {
	return queryAll(ctx, q, "reading the schedules", func(r *reader) schedule.Period {
		recorded := recordedSchedule{Period: schedule.Period{Expression: r.text(), From: r.instant(), Why: r.text()}}
		recorded.wrong, recorded.before, recorded.after = r.instant(), r.instant(), r.instant()
		return recorded.inForce()
	}, `WITH recorded AS (
		  SELECT s.id, s.expression, s.valid_from, s.changed_by, s.host, s.reason, k.number AS link, (
		    SELECT l.row_id
		    FROM ledger l
		    WHERE l.kind = 'run_start' AND l.number > k.number
		    ORDER BY l.number
		    LIMIT 1
		  ) AS next
		  FROM schedules s
		  LEFT JOIN ledger k ON k.kind = 'schedule' AND k.row_id = s.id
		)
		SELECT
		  expression,
		  valid_from,
		  'by ' || changed_by || ' on ' || host || ', reason: ' || reason,
		  (SELECT started_at FROM runs WHERE id = next AND (?1 = 0 OR id <= ?1) AND clock_wrong),
		  (
		    SELECT started_at
		    FROM runs
		    WHERE (next IS NULL OR id < next) AND NOT clock_wrong AND started_at <= ?2
		    ORDER BY id DESC
		    LIMIT 1
		  ),
		  (
		    SELECT started_at
		    FROM runs
		    WHERE id >= next AND (?1 = 0 OR id <= ?1) AND NOT clock_wrong AND started_at <= ?2
		    ORDER BY id
		    LIMIT 1
		  )
		FROM recorded
		WHERE ?1 = 0 OR next <= ?1 OR link <= ?3
		ORDER BY recorded.id`, upTo, formatSeconds(now), link)
}

// Nights returns the scheduled runs (nights) after since (the zero time: all) up to now, oldest
// first, each with the outcome of its run. It considers the runs with an id up to upTo (0: all),
// and the schedules recorded before that run. A night without a run is missed when it is at least
// as old as grace; consecutive missed nights are one.
func (s *Store) Nights(
	ctx context.Context, since time.Time, upTo int64, now time.Time, grace time.Duration,
) ([]schedule.Night, error) {
	periods, err := schedules(ctx, s.db, 0, upTo, now)
	if err != nil || len(periods) == 0 {
		return nil, err
	}
	runs, err := queryAll(ctx, s.db, "reading the runs of the schedule", func(r *reader) schedule.Run {
		run := readRun(r)
		return run.OfSchedule()
	}, `SELECT `+runColumns+`
		FROM runs
		WHERE started_at >= ?1 AND started_at <= ?3 AND (?2 = 0 OR id <= ?2)
		ORDER BY id`, formatSeconds(since), upTo, formatSeconds(now))
	if err != nil {
		return nil, err
	}
	return schedule.Nights(schedule.Since(periods, since), runs, now, grace)
}

// NewestNights returns the last night up to an instant, if there is one, and the later ones up to
// now, as Nights does.
func (s *Store) NewestNights(ctx context.Context, until, now time.Time) ([]schedule.Night, error) {
	periods, err := s.Schedules(ctx, now)
	if err != nil {
		return nil, err
	}
	last, err := schedule.Last(periods, until)
	if err != nil {
		return nil, err
	}
	if last.IsZero() {
		last = until
	}
	return s.Nights(ctx, last.Add(-time.Second), 0, now, 0)
}

// Gaps returns the gaps between the complete snapshots of an organization up to the start of a run
// that has one too, oldest first, as far as their last night is not before since. scheduled is
// false if no schedule was recorded before the run.
func (s *Store) Gaps(
	ctx context.Context, organizationID string, run Run, since time.Time,
) (gaps []finding.Gap, scheduled bool, err error) {
	periods, err := schedules(ctx, s.db, 0, run.ID, run.StartedAt)
	if err != nil || len(periods) == 0 {
		return nil, false, err
	}
	gaps, err = gapsIn(ctx, s.db, periods, organizationID, run, since)
	return gaps, true, err
}

// gapsIn returns the gaps in the nights of the periods, see Store.Gaps.
func gapsIn(
	ctx context.Context, q querier, periods []schedule.Period, organizationID string, run Run, since time.Time,
) ([]finding.Gap, error) {
	runs, err := queryAll(ctx, q, "reading the runs of an organization", func(r *reader) schedule.Run {
		return schedule.Run{StartedAt: r.instant(), ScheduledFor: r.instant(), Complete: true}
	}, `SELECT r.started_at, r.scheduled_for
		FROM stored_snapshots s
		JOIN run_starts r ON r.id = s.run_id
		WHERE s.organization_key = `+keyOf+` AND s.outcome = 'complete' AND s.run_id < ?2 AND s.taken_at <= ?3
		  AND s.taken_at >= coalesce((
		    SELECT b.taken_at
		    FROM stored_snapshots b
		    WHERE b.organization_key = s.organization_key AND b.outcome = 'complete' AND b.run_id < ?2
		      AND b.taken_at < ?4
		    ORDER BY b.taken_at DESC
		    LIMIT 1
		  ), '')
		ORDER BY s.taken_at, s.id`, organizationID, run.ID, formatSeconds(run.StartedAt), formatSeconds(since))
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	own := run.OfSchedule()
	own.Complete, own.Running = true, false
	all, err := schedule.Gaps(periods, append(runs, own), run.StartedAt)
	if err != nil {
		return nil, err
	}
	var gaps []finding.Gap
	for _, g := range all {
		if !g.Last.Before(since) {
			gaps = append(gaps, finding.Gap(g))
		}
	}
	return gaps, nil
}

// LaterRuns returns the runs recorded before a run whose start is later than its own, in the order
// of recording.
func (s *Store) LaterRuns(ctx context.Context, run Run) ([]finding.LaterRun, error) {
	return queryAll(ctx, s.db, "reading runs recorded later than now", func(r *reader) finding.LaterRun {
		return finding.LaterRun{ID: r.number(), StartedAt: r.instant()}
	}, "SELECT id, started_at FROM run_starts WHERE started_at > ? AND id < ? ORDER BY id",
		formatSeconds(run.StartedAt), run.ID)
}

// Gaps does what Store.Gaps does.
func (h *History) Gaps(
	ctx context.Context, organizationID string, run Run, since time.Time,
) (gaps []finding.Gap, scheduled bool, err error) {
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	periods, known := h.register.periods[run.ID]
	if !known {
		if periods, err = schedules(ctx, h.reader.tx, 0, run.ID, run.StartedAt); err != nil {
			return nil, false, err
		}
		h.register.periods[run.ID] = periods
	}
	if len(periods) == 0 {
		return nil, false, nil
	}
	gaps, err = gapsIn(ctx, h.reader.tx, periods, organizationID, run, since)
	return gaps, true, err
}

// LaterRuns does what Store.LaterRuns does.
func (h *History) LaterRuns(_ context.Context, run Run) (later []finding.LaterRun, err error) {
	for _, r := range h.register.Runs {
		if r.ID < run.ID && r.StartedAt.After(run.StartedAt) {
			later = append(later, finding.LaterRun{ID: r.ID, StartedAt: r.StartedAt})
		}
	}
	return later, nil
}
