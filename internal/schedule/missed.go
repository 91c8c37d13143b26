package schedule

import (
	"fmt"
	"slices"
	"time"
)

// Grace is how long after its scheduled time a night may start before it counts as missed.
const Grace = 5 * time.Minute

// Period is a schedule that is in force until the next period begins. Its first night is after
// From.
type Period struct {
	Expression string // None means that no night is expected
	From       time.Time
}

// Run is what Nights needs to know about a run or a snapshot.
type Run struct {
	ID        int64
	StartedAt time.Time
	// ScheduledFor is zero for a run that no schedule started.
	ScheduledFor      time.Time
	Complete, Running bool
	// ClockWrong is set if the clock of the run was wrong. Such a run counts for no night.
	ClockWrong bool
	// CatchUp is set if the run was started for a night whose time had already passed.
	CatchUp bool
}

// Status is the outcome of a night.
type Status string

// The statuses, from the weakest to the strongest. If a night has several runs, the strongest
// counts.
const (
	Missed   Status = "missed" // nothing ran
	Due      Status = "due"    // its time passed less than the grace period ago
	Failed   Status = "failed" // there were runs, but no complete one
	Running  Status = "running"
	CaughtUp Status = "caught_up" // a complete run started later, before the next night
	Complete Status = "complete"
)

var byStrength = []Status{Missed, Due, Failed, Running, CaughtUp, Complete}

// Night is a time of the schedule and its outcome.
type Night struct {
	ScheduledAt time.Time `json:"scheduled_for"`
	Status      Status    `json:"status"`
	// RunID is the run that the status comes from, 0 when there is none.
	RunID int64 `json:"run_id,omitempty"`
}

// Nights returns the nights in the periods up to now, in order, each with its outcome. The periods
// are in the order of recording. A run belongs to the night that it was scheduled for, otherwise to
// the last night before its start, unless a schedule had ended since. A run that is recorded later
// than now, or whose clock was wrong, belongs to none. A night without a run is due during the
// grace period and missed afterwards. Nights fails if the expression of a period cannot be read.
func Nights(periods []Period, runs []Run, now time.Time, grace time.Duration) ([]Night, error) {
	var nights []Night
	err := expected(periods, now, func(at time.Time) {
		night := Night{ScheduledAt: at, Status: Missed}
		if now.Sub(at) < grace {
			night.Status = Due
		}
		nights = append(nights, night)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		i := nightOf(nights, r)
		if i < 0 || !r.counts(now) || unexpected(periods, r) {
			continue
		}
		status, night := r.status(), &nights[i]
		if slices.Index(byStrength, status) >= slices.Index(byStrength, night.Status) {
			night.Status, night.RunID = status, r.ID
		}
	}
	return nights, nil
}

// expected calls each with every scheduled time up to now, in order. A period ends where one that
// was recorded later begins, also if the clock was set back between them.
func expected(periods []Period, now time.Time, each func(time.Time)) error {
	for i, p := range periods {
		until := now
		for _, later := range periods[i+1:] {
			if later.From.Before(until) {
				until = later.From
			}
		}
		if p.Expression == None {
			continue
		}
		s, err := Parse(p.Expression)
		if err != nil {
			return unreadable(p, err)
		}
		for at := s.Next(p.From); !at.IsZero() && !at.After(until); at = s.Next(at) {
			each(at)
		}
	}
	return nil
}

// nightOf returns the index of the night that a run belongs to, or -1 if there is none.
func nightOf(nights []Night, r Run) int {
	i, found := slices.BinarySearchFunc(nights, r.at(), func(n Night, at time.Time) int {
		return n.ScheduledAt.Compare(at)
	})
	if !found {
		i--
	}
	return i
}

// unexpected reports whether a run that no schedule started began while no night was expected.
func unexpected(periods []Period, r Run) bool {
	if !r.ScheduledFor.IsZero() {
		return false
	}
	in, found := InForce(periods, r.StartedAt.Add(time.Second)) // also a run that ended the schedule itself
	return found && in.Expression == None
}

// at returns the instant that decides to which night the run belongs.
func (r Run) at() time.Time {
	if r.ScheduledFor.IsZero() {
		return r.StartedAt
	}
	return r.ScheduledFor
}

// counts reports whether the run can belong to a night up to now.
func (r Run) counts(now time.Time) bool { return !r.ClockWrong && !r.StartedAt.After(now) }

// Gap is a stretch of consecutive nights without a complete run.
type Gap struct {
	First, Last time.Time
	Nights      int
}

// Gaps returns the gaps up to now between complete runs, and after the last one, in order. Nights
// before the first of the runs are in no gap. Memory is in proportion to the runs and the gaps.
func Gaps(periods []Period, runs []Run, now time.Time) (gaps []Gap, err error) {
	var first time.Time
	var covered []time.Time
	for _, r := range runs {
		if !r.Complete || !r.counts(now) {
			continue
		}
		if first.IsZero() || r.at().Before(first) {
			first = r.at()
		}
		if !unexpected(periods, r) {
			covered = append(covered, r.at())
		}
	}
	if first.IsZero() {
		return nil, nil
	}
	slices.SortFunc(covered, time.Time.Compare)
	var night time.Time // whose outcome is known when the next one has come
	open := false
	end := func(next time.Time) {
		ran := false
		for len(covered) > 0 && (next.IsZero() || covered[0].Before(next)) {
			ran = ran || !covered[0].Before(night)
			covered = covered[1:]
		}
		switch {
		case night.IsZero():
		case ran:
			open = false
		case open:
			gaps[len(gaps)-1].Last = night
			gaps[len(gaps)-1].Nights++
		default:
			gaps, open = append(gaps, Gap{night, night, 1}), true
		}
		night = next
	}
	err = expected(Since(periods, first), now, end)
	end(time.Time{})
	return gaps, err
}

// Missing returns the gaps of nights in which nothing ran.
func Missing(nights []Night) (gaps []Gap) {
	open := false
	for _, n := range nights {
		switch missed := n.Status == Missed; {
		case missed && open:
			gaps[len(gaps)-1].Last = n.ScheduledAt
			gaps[len(gaps)-1].Nights++
		case missed:
			gaps, open = append(gaps, Gap{n.ScheduledAt, n.ScheduledAt, 1}), true
		default:
			open = false
		}
	}
	return gaps
}

// Since returns the periods without the nights up to an instant.
func Since(periods []Period, instant time.Time) []Period {
	periods = slices.Clone(periods)
	for i := range periods {
		if periods[i].From.Before(instant) {
			periods[i].From = instant
		}
	}
	return periods
}

func (r Run) status() Status {
	switch {
	case r.Complete && r.CatchUp:
		return CaughtUp
	case r.Complete:
		return Complete
	case r.Running:
		return Running
	}
	return Failed
}

// Last returns the last night up to and including an instant, or the zero time if there is none. It
// fails if the expression of a period cannot be read.
func Last(periods []Period, until time.Time) (time.Time, error) {
	for _, p := range slices.Backward(periods) {
		if p.Expression != None && p.From.Before(until) {
			s, err := Parse(p.Expression)
			if err != nil {
				return time.Time{}, unreadable(p, err)
			}
			if last := s.Last(until); last.After(p.From) {
				return last, nil
			}
		}
		if p.From.Before(until) {
			until = p.From
		}
	}
	return time.Time{}, nil
}

func unreadable(p Period, err error) error {
	return fmt.Errorf("the schedule in force since %s: %w", p.From.UTC().Format(time.RFC3339), err)
}

// Filled returns the periods with @daily for the time without a schedule: from the UTC day of
// since to the first period, and after a schedule was ended, and on a day on which a schedule ended
// or was replaced before its time and the next one had none. A report on a period must show the
// days on which nothing was collected, even if no schedule expected it.
func Filled(periods []Period, since time.Time) []Period {
	var all []Period
	// The first night of a period is after its From.
	from := since.UTC().Truncate(oneDay).Add(-time.Second)
	if len(periods) == 0 || from.Before(periods[0].From) {
		all = append(all, Period{"@daily", from})
	}
	for i, p := range periods {
		if p.Expression == None {
			p.Expression = "@daily"
		}
		day := p.From.UTC().Truncate(oneDay)
		if i > 0 && !expectedOn(append(slices.Clone(all), periods[i:]...), day) {
			all = append(all, Period{"@daily", day.Add(-time.Second)}) // until p begins
		}
		all = append(all, p)
	}
	return all
}

const oneDay = 24 * time.Hour

// expectedOn reports whether a night is expected on a UTC day. An expression that cannot be read
// counts as one that expects nothing: Nights fails for it.
func expectedOn(periods []Period, day time.Time) (found bool) {
	_ = expected(Since(periods, day.Add(-time.Second)), day.Add(oneDay-time.Second), func(time.Time) { found = true })
	return found
}

// InForce returns the last period that began before a night; false if there is none.
func InForce(periods []Period, night time.Time) (Period, bool) {
	for _, p := range slices.Backward(periods) {
		if p.From.Before(night) {
			return p, true
		}
	}
	return Period{}, false
}
