package schedule

import (
	"context"
	"time"
)

// glance is how often the clock is looked at while waiting: it may be set, and a machine that sleeps does not count.
const glance = 15 * time.Second

// Loop lets a schedule's nights happen, one after the other and never two at once.
type Loop struct {
	Now func() time.Time
	// Do is called for a night when it has come. It returns when the night is over.
	Do func(ctx context.Context, night time.Time)
	// Skipped is told the nights that came while Do was busy or the machine slept, in order. They are not done later.
	Skipped func(nights []time.Time)
	// Changed gives another schedule to follow from then on; it may be nil.
	Changed <-chan *Schedule
}

// Run follows the schedule, after the instant from, until ctx ends. It never returns earlier.
func (l *Loop) Run(ctx context.Context, s *Schedule, from time.Time) {
	last := from
	for {
		next := s.Next(last)
		switch changed := l.wait(ctx, next); {
		case ctx.Err() != nil:
			return
		case changed != nil:
			s, last = changed, latest(last, l.Now())
			continue
		}
		due := s.Between(last, l.Now())
		if len(due) == 0 {
			continue // the clock was set back
		}
		if early := due[:len(due)-1]; len(early) > 0 {
			l.Skipped(early)
		}
		last = due[len(due)-1]
		l.Do(ctx, last)
		if overrun := s.Between(last, l.Now()); len(overrun) > 0 && ctx.Err() == nil {
			l.Skipped(overrun)
			last = overrun[len(overrun)-1]
		}
	}
}

// wait returns when the instant has come, ctx has ended or the schedule was changed.
func (l *Loop) wait(ctx context.Context, until time.Time) *Schedule {
	for {
		left := glance
		if !until.IsZero() {
			left = min(glance, until.Sub(l.Now()))
		}
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case s := <-l.Changed:
			return s
		case <-time.After(left):
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
