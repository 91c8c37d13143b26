package schedule

import (
	"context"
	"time"
)

// checkEvery is how often a waiting loop reads the clock. One timer for the whole wait is not
// enough: the clock may be set, and timers stop while the machine sleeps.
const checkEvery = 15 * time.Second

// Loop calls Do for each night of a schedule, never for two at the same time. A night is one
// scheduled run.
type Loop struct {
	Now func() time.Time
	// Do is called at the time of a night and returns when its run has ended.
	Do func(ctx context.Context, night time.Time)
	// Skipped is called with the nights whose time passed while Do was busy or the machine slept, in
	// order. The loop does not call Do for them.
	Skipped func(nights []time.Time)
	// Changed sends a new schedule, which replaces the old one; it may be nil.
	Changed <-chan *Schedule
}

// Run calls Do for the nights after from, until ctx ends.
func (l *Loop) Run(ctx context.Context, s *Schedule, from time.Time) {
	last := from
	for {
		changed := l.wait(ctx, s.Next(last))
		if ctx.Err() != nil {
			return
		}
		if changed != nil {
			s = changed
			if now := l.Now(); now.After(last) {
				last = now
			}
			continue
		}
		due := s.Between(last, l.Now())
		if len(due) == 0 {
			continue // The clock was set back.
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

// wait returns at the instant until, or when ctx ends. If the schedule changes first, it returns
// the new one.
func (l *Loop) wait(ctx context.Context, until time.Time) *Schedule {
	for {
		left := checkEvery
		if !until.IsZero() {
			left = min(checkEvery, until.Sub(l.Now()))
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
