package schedule

import (
	"fmt"
	"slices"
	"time"
)

// Grace is how long after its time a night may begin before it counts as missed.
const Grace = 5 * time.Minute

// Period is a schedule in force until the next period begins. Its first night comes after From.
type Period struct {
	Expression string // None: no night is expected
	From       time.Time
}

// Run is what a night needs to know of a run, or of a snapshot.
type Run struct {
	ID        int64
	StartedAt time.Time
	// ScheduledFor is zero for a run that no schedule started.
	ScheduledFor      time.Time
	Complete, Running bool
	// CatchUp says that the run stands for a night whose time had already passed.
	CatchUp bool
}

// Status is the outcome of a night.
type Status string

// The statuses, from the weakest to the strongest: the run with the strongest decides.
const (
	Missed   Status = "missed" // nothing ran
	Due      Status = "due"    // its time came less than the grace period ago
	Failed   Status = "failed" // there were runs, and none is complete
	Running  Status = "running"
	CaughtUp Status = "caught_up" // a complete run came later, before the next night
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

// Nights returns the times of the periods up to now, in order, each with its outcome. The periods
// are sorted by From. A run belongs to the night that it was scheduled for, else to the last night
// before its start. A night without a run is due for the grace period and missed afterwards. The
// error is a period whose expression cannot be read.
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

// expected returns the times of the periods up to now.
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

// nightOf returns the index of the night that a run belongs to, -1 when there is none.
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

// Filled returns the periods with @daily in their gaps: from the UTC day of since until the first
// period begins, and after a schedule was taken back. A report on a period needs to know on which
// days nothing was collected, whether a schedule expected it or not.
func Filled(periods []Period, since time.Time) []Period {
	var all []Period
	// The first night of a period comes after its From.
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

// InForce returns the period of a night: the last that began before it; false when none did.
func InForce(periods []Period, night time.Time) (Period, bool) {
	for _, p := range slices.Backward(periods) {
		if p.From.Before(night) {
			return p, true
		}
	}
	return Period{}, false
}
