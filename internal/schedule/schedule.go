// Package schedule owns the nights, which are the scheduled runs: their times from a cron
// expression, which of them have passed, and the outcome of each. It reads only the clock that
// the caller passes.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// None is the expression that ends a schedule: from then on no night is expected.
const None = "none"

// Schedule is a cron expression that Parse has read. It is immutable.
type Schedule struct {
	expression string
	zone       *time.Location
	// spec is nil for a fixed interval; every is then the interval.
	spec  *cron.SpecSchedule
	every time.Duration
}

// starBit marks a field that was written as "*" in a cron.SpecSchedule.
const starBit = 1 << 63

// Parse reads a standard expression of five fields, a descriptor such as @daily, or @every with
// a duration. Times are in UTC unless the expression begins with "CRON_TZ=zone ". An expression
// without any time, such as February 30, is an error.
func Parse(expression string) (*Schedule, error) {
	text := strings.TrimSpace(expression)
	if text == "" {
		return nil, errors.New("the schedule is empty")
	}
	s := &Schedule{expression: text, zone: time.UTC}
	if !strings.HasPrefix(text, "CRON_TZ=") && !strings.HasPrefix(text, "TZ=") {
		text = "CRON_TZ=UTC " + text
	} else if !strings.Contains(text, " ") {
		// The library would panic, because it expects a space after the zone.
		return nil, fmt.Errorf("%q has a zone but no expression", expression)
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expression, err)
	}
	switch p := parsed.(type) {
	case cron.ConstantDelaySchedule:
		s.every = p.Delay
	case *cron.SpecSchedule:
		s.spec, s.zone = p, p.Location
	}
	// The library looks five years ahead; 2000 is a leap year.
	if s.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes", expression)
	}
	return s, nil
}

// String returns the expression that Parse read.
func (s *Schedule) String() string { return s.expression }

// Next returns the first time after an instant, in UTC, or the zero time if there is none
// within five years.
//
// Local times that daylight saving skips run at the jump; repeated ones run the first time.
// Expressions with "*" for the hour use elapsed time instead. "@every 90m" counts from
// 1970-01-01 00:00 UTC, so that its times do not depend on when the program was started.
func (s *Schedule) Next(after time.Time) time.Time {
	if s.spec == nil {
		sinceEpoch := time.Duration(after.Unix()) * time.Second
		return after.UTC().Truncate(time.Second).Add(s.every - sinceEpoch%s.every)
	}
	if s.spec.Hour&starBit != 0 {
		return s.spec.Next(after.In(s.zone)).UTC()
	}
	wall := *s.spec
	wall.Location = time.UTC
	for local := wallClock(after, s.zone); ; {
		if local = wall.Next(local); local.IsZero() {
			return local
		}
		if at := instantOf(local, s.zone); at.After(after) {
			return at
		}
	}
}

// Last returns the last time up to and including an instant, in UTC, or the zero time if there is
// none within the five years before.
func (s *Schedule) Last(until time.Time) (last time.Time) {
	const years = 5 * 366 * 24 * time.Hour
	for back := Grace; last.IsZero() && back < 2*years; back *= 2 {
		for at := s.Next(until.Add(-back)); !at.IsZero() && !at.After(until); at = s.Next(at) {
			last = at
		}
	}
	return last
}

// wallClock returns what a clock in the zone shows at t, as if it were UTC, which has no jumps.
func wallClock(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instantOf returns when a clock in the zone first shows a local time, or when it jumps over
// that time.
func instantOf(local time.Time, zone *time.Location) time.Time {
	// If the clock jumps on this day, the day before and the day after have the offsets on both
	// sides.
	var first, jump time.Time
	for _, day := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := local.Add(day).In(zone).Zone()
		at := local.Add(-time.Duration(offset) * time.Second)
		if wallClock(at, zone).Equal(local) && (first.IsZero() || at.Before(first)) {
			first = at
		}
		if start, _ := at.In(zone).ZoneBounds(); jump.Before(start) {
			jump = start
		}
	}
	if first.IsZero() {
		return jump.UTC()
	}
	return first
}

// checkEvery is how often a waiting loop reads the clock. One timer for the whole wait is not
// enough: the clock may be set, and timers stop while the machine sleeps.
const checkEvery = 15 * time.Second

// maxStep is how far the clock may be set, or be wrong, without a night being done again.
const maxStep = time.Hour

// Loop calls Do for each night of a schedule, never for two at the same time. A night is one
// scheduled run.
type Loop struct {
	Now func() time.Time
	// Do is called at the time of a night and returns when its run has ended. It returns true if
	// the clock was wrong: then the night has not come yet, and no night was skipped.
	Do func(ctx context.Context, night time.Time) (clockWrong bool)
	// Skipped is called with the nights whose time passed while Do was busy or the machine slept.
	// The loop does not call Do for them.
	Skipped func(Gap)
	// Changed sends a new schedule, which replaces the old one; it may be nil.
	Changed <-chan *Schedule
}

// Run calls Do for the nights after from, until ctx ends.
func (l *Loop) Run(ctx context.Context, s *Schedule, from time.Time) {
	nights := passed{from}
	// done is the last night for which Do was called with a right clock, tried the last one with a
	// wrong clock, zero if the clock was set since.
	done, tried, waited := from, time.Time{}, from
	for ctx.Err() == nil {
		now := l.Now()
		if tried.Sub(now) > maxStep || waited.Sub(now) > maxStep || now.Sub(waited) > maxStep+checkEvery {
			tried = time.Time{}
		}
		last := nights.upTo(now)
		if next := s.Next(latest(last, tried)); next.IsZero() || next.After(now) {
			waited = now
			if changed := l.wait(ctx, next); changed != nil {
				s = changed
				nights.add(latest(last, l.Now()))
			}
			continue
		}
		night := s.gap(last, now).Last
		wrong := l.Do(ctx, night)
		waited = l.Now()
		if wrong {
			tried = night
			continue
		}
		if last.Before(done) && done.Before(night) {
			last = done // the clock was set back since
		}
		tried, done = time.Time{}, night
		nights.add(night)
		if early := s.gap(last, night.Add(-time.Second)); early.Nights > 0 {
			l.Skipped(early)
		}
		if overrun := s.gap(night, l.Now()); overrun.Nights > 0 && ctx.Err() == nil {
			l.Skipped(overrun)
			nights.add(overrun.Last)
		}
	}
}

// passed has the nights that have passed, so that a loop can go back if the clock was ahead.
type passed []time.Time

const maxPassed = 1000 // nights

func (p *passed) add(night time.Time) {
	if *p = append(*p, night); len(*p) > maxPassed {
		*p = (*p)[1:]
	}
}

// upTo returns the last night that has passed by now. It forgets those that a clock showed that was
// more than maxStep ahead.
func (p *passed) upTo(now time.Time) time.Time {
	for len(*p) > 0 && (*p)[len(*p)-1].Sub(now) > maxStep {
		*p = (*p)[:len(*p)-1]
	}
	if len(*p) == 0 {
		p.add(now)
	}
	return (*p)[len(*p)-1]
}

// gap returns the times after one instant up to and including another.
func (s *Schedule) gap(after, until time.Time) (g Gap) {
	for at := s.Next(after); !at.IsZero() && !at.After(until); at = s.Next(at) {
		if g.Nights++; g.Nights == 1 {
			g.First = at
		}
		g.Last = at
	}
	return g
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// wait returns at the instant until, when the clock must be read again, or when ctx ends. If the
// schedule changes first, it returns the new one.
func (l *Loop) wait(ctx context.Context, until time.Time) *Schedule {
	left := checkEvery
	if !until.IsZero() {
		left = min(checkEvery, until.Sub(l.Now()))
	}
	select {
	case <-ctx.Done():
		return nil
	case s := <-l.Changed:
		return s
	case <-time.After(left):
		return nil
	}
}
