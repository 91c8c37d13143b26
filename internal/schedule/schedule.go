// Package schedule knows when the nights are: the times of a cron expression, which of them have passed, and what became of each. It reads no
// clock but the one it is handed.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// None is the expression that takes a schedule back: from then on no night is expected.
const None = "none"

// Schedule is a cron expression that was understood. It is immutable.
type Schedule struct {
	expression string
	zone       *time.Location
	// spec is nil for a fixed interval, which every then is.
	spec  *cron.SpecSchedule
	every time.Duration
}

// starBit marks a field that was written "*" in a cron.SpecSchedule.
const starBit = 1 << 63

// Parse reads a standard expression of five fields, a descriptor such as @daily, or @every with a duration, in UTC unless "CRON_TZ=zone "
// goes before it. An expression that never comes, such as February 30, is refused.
func Parse(expression string) (*Schedule, error) {
	text := strings.TrimSpace(expression)
	if text == "" {
		return nil, errors.New("the schedule is empty")
	}
	if !strings.HasPrefix(text, "CRON_TZ=") && !strings.HasPrefix(text, "TZ=") {
		text = "CRON_TZ=UTC " + text
	} else if !strings.Contains(text, " ") {
		// The library takes the text up to the first space without looking whether there is one.
		return nil, fmt.Errorf("%q has a zone and no expression", expression)
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expression, err)
	}
	s := &Schedule{expression: strings.TrimSpace(expression), zone: time.UTC}
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

// String is the expression as it was given.
func (s *Schedule) String() string { return s.expression }

// Next is the first time after an instant, UTC, or the zero time when there is none within five years.
//
// Every time on the clock of the zone comes once: one that the clock jumps over in spring comes at the jump, one that it shows twice in
// autumn comes the first time. Expressions with "*" for the hour run through by elapsed time instead. "@every 90m" counts from 1970-01-01
// 00:00 UTC, so that its times do not depend on when the program was started.
func (s *Schedule) Next(after time.Time) time.Time {
	if s.spec == nil {
		return after.UTC().Truncate(time.Second).Add(s.every - sinceEpoch(after)%s.every)
	}
	if s.spec.Hour&starBit != 0 {
		return utc(s.spec.Next(after.In(s.zone)))
	}
	wall := *s.spec
	wall.Location = time.UTC
	for shown := onTheClock(after, s.zone); ; {
		if shown = wall.Next(shown); shown.IsZero() {
			return shown
		}
		if at := instantOf(shown, s.zone); at.After(after) {
			return at
		}
	}
}

// Between are the times after one instant and up to another, in order.
func (s *Schedule) Between(after, until time.Time) []time.Time {
	var all []time.Time
	for at := s.Next(after); !at.IsZero() && !at.After(until); at = s.Next(at) {
		all = append(all, at)
	}
	return all
}

func sinceEpoch(t time.Time) time.Duration { return time.Duration(t.Unix()) * time.Second }

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// onTheClock is what a clock of the zone shows at t, written as if it were UTC, which has no jumps.
func onTheClock(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instantOf is when a clock of the zone first shows this, or when it jumps over it.
func instantOf(shown time.Time, zone *time.Location) time.Time {
	// The offsets of the day before and the day after are those of both sides of a jump on this day.
	var first, jumped time.Time
	for _, day := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := shown.Add(day).In(zone).Zone()
		at := shown.Add(-time.Duration(offset) * time.Second)
		if onTheClock(at, zone).Equal(shown) && (first.IsZero() || at.Before(first)) {
			first = at
		}
		if start, _ := at.In(zone).ZoneBounds(); jumped.Before(start) {
			jumped = start
		}
	}
	if first.IsZero() {
		return jumped.UTC()
	}
	return first
}
