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
	Why        string // who put it in force, and why; for reports
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

// Night is a time of the schedule and its outcome, or consecutive ones that were missed.
type Night struct {
	ScheduledAt time.Time `json:"scheduled_for"` // the first, if Nights is set
	// Last is the last of several missed nights, Nights is how many they are; else both are zero.
	Last   time.Time `json:"last_scheduled_for,omitzero"`
	Nights int       `json:"nights,omitempty"`
	Status Status    `json:"status"`
	// RunID is the run that the status comes from, 0 when there is none.
	RunID int64 `json:"run_id,omitempty"`
	// Others are the ids of the other runs of the night, in no order.
	Others []int64 `json:"-"`
}

// Each calls yield with each night in the periods up to now, in order, with its outcome. The periods
// are in the order of recording. A run belongs to the night that it was scheduled for, otherwise to
// the last night before its start, unless a schedule had ended since. A run that is recorded later
// than now, or whose clock was wrong, belongs to none. A night without a run is due during the
// grace period and missed afterwards. Each fails if the expression of a period cannot be read. It
// keeps no night: a schedule may have had millions since a clock was wrong.
func Each(periods []Period, runs []Run, now time.Time, grace time.Duration, yield func(Night)) error {
	type placed struct {
		Run
		order int
	}
	var counted []placed
	for i, r := range runs {
		if r.counts(now) && !unexpected(periods, r) {
			counted = append(counted, placed{r, i})
		}
	}
	slices.SortFunc(counted, func(a, b placed) int { return a.at().Compare(b.at()) })
	var night time.Time // whose outcome is known when the next one has come
	end := func(next time.Time) {
		n, order := Night{ScheduledAt: night, Status: Missed}, 0
		if now.Sub(night) < grace {
			n.Status = Due
		}
		for ; len(counted) > 0 && (next.IsZero() || counted[0].at().Before(next)); counted = counted[1:] {
			r, weak := counted[0], slices.Index(byStrength, n.Status)
			status := r.status()
			if strong := slices.Index(byStrength, status); strong > weak || strong == weak && r.order >= order {
				n.Status, n.RunID, order, r.ID = status, r.ID, r.order, n.RunID
			}
			if r.ID != 0 { // the weaker of the two
				n.Others = append(n.Others, r.ID)
			}
		}
		if !night.IsZero() {
			yield(n)
		}
		night = next
	}
	if err := expected(periods, now, end); err != nil {
		return err
	}
	end(time.Time{})
	return nil
}

// Nights returns the nights that Each yields. Consecutive missed nights are one.
func Nights(periods []Period, runs []Run, now time.Time, grace time.Duration) ([]Night, error) {
	var nights []Night
	err := Each(periods, runs, now, grace, func(n Night) {
		if i := len(nights) - 1; i >= 0 && n.Status == Missed && nights[i].Status == Missed {
			nights[i].Last, nights[i].Nights = n.ScheduledAt, max(nights[i].Nights, 1)+1
			return
		}
		nights = append(nights, n)
	})
	return nights, err
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
func Gaps(periods []Period, runs []Run, now time.Time) ([]Gap, error) {
	var first time.Time
	var complete []Run
	for _, r := range runs {
		if !r.Complete || !r.counts(now) {
			continue
		}
		if first.IsZero() || r.at().Before(first) {
			first = r.at()
		}
		complete = append(complete, r)
	}
	if first.IsZero() {
		return nil, nil
	}
	nights, err := Nights(Since(periods, first), complete, now, 0)
	return Missing(nights), err
}

// Missing returns the gaps of nights in which nothing ran.
func Missing(nights []Night) (gaps []Gap) {
	for _, n := range nights {
		if n.Status == Missed {
			gaps = append(gaps, Gap{n.ScheduledAt, latest(n.ScheduledAt, n.Last), max(n.Nights, 1)})
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
		all = append(all, Period{Expression: "@daily", From: from})
	}
	for i, p := range periods {
		if p.Expression == None {
			p.Expression = "@daily"
		}
		day := p.From.UTC().Truncate(oneDay)
		if i > 0 && !expectedOn(append(slices.Clone(all), periods[i:]...), day) {
			all = append(all, Period{Expression: "@daily", From: day.Add(-time.Second)}) // until p begins
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
