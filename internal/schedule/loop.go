package schedule

import (
	"context"
	"time"
)

// checkEvery is how often a waiting loop reads the clock, because someone may set it and timers do
// not count the time in which the machine sleeps.
const checkEvery = 15 * time.Second

// Loop calls Do for the nights of a schedule, one after the other and never two at once.
type Loop struct {
	Now func() time.Time
	// Do is called when a night has come and returns when the night's run has ended.
	Do func(ctx context.Context, night time.Time)
	// Skipped is called with the nights that came while Do was busy or the machine slept, in order.
	// The loop does not catch up on them.
	Skipped func(nights []time.Time)
	// Changed receives another schedule to follow from then on; it may be nil.
	Changed <-chan *Schedule
}

// Run follows the schedule, after the instant from, until ctx ends.
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

// wait returns when the instant has come, ctx has ended or the schedule has changed.
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
