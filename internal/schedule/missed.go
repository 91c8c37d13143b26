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

// Nights returns the nights in the periods up to now, in order, each with its outcome. The
// periods must be sorted by From. A run belongs to the night that it was scheduled for,
// otherwise to the last night before its start. A night without a run is due during the grace
// period and missed afterwards. Nights fails if the expression of a period cannot be read.
func Nights(periods []Period, runs []Run, now time.Time, grace time.Duration) ([]Night, error) {
	times, err := expected(periods, now)
	if err != nil {
		return nil, err
	}
	nights := make([]Night, len(times))
	for i, at := range times {
		nights[i] = Night{ScheduledAt: at, Status: Missed}
		if now.Sub(at) < grace {
			nights[i].Status = Due
		}
	}
	for _, r := range runs {
		i := nightOf(times, r)
		if i < 0 {
			continue
		}
		status, night := r.status(), &nights[i]
		if slices.Index(byStrength, status) >= slices.Index(byStrength, night.Status) {
			night.Status, night.RunID = status, r.ID
		}
	}
	return nights, nil
}

func expected(periods []Period, now time.Time) ([]time.Time, error) {
	var times []time.Time
	for i, p := range periods {
		until := now
		if i+1 < len(periods) && periods[i+1].From.Before(now) {
			until = periods[i+1].From
		}
		if p.Expression == None {
			continue
		}
		s, err := Parse(p.Expression)
		if err != nil {
			return nil, fmt.Errorf("the schedule in force since %s: %w", p.From.UTC().Format(time.RFC3339), err)
		}
		times = append(times, s.Between(p.From, until)...)
	}
	return times, nil
}

// nightOf returns the index of the night that a run belongs to, or -1 if there is none.
func nightOf(times []time.Time, r Run) int {
	at := r.StartedAt
	if !r.ScheduledFor.IsZero() {
		at = r.ScheduledFor
	}
	i, found := slices.BinarySearchFunc(times, at, time.Time.Compare)
	if !found {
		i--
	}
	return i
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

// Filled returns the periods with @daily for the time without a schedule: from the UTC day of
// since to the first period, and after a schedule was ended. A report on a period must show the
// days on which nothing was collected, even if no schedule expected it.
func Filled(periods []Period, since time.Time) []Period {
	var all []Period
	// The first night of a period is after its From.
	from := since.UTC().Truncate(24 * time.Hour).Add(-time.Second)
	if len(periods) == 0 || from.Before(periods[0].From) {
		all = append(all, Period{"@daily", from})
	}
	for _, p := range periods {
		if p.Expression == None {
			p.Expression = "@daily"
		}
		all = append(all, p)
	}
	return all
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
