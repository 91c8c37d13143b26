package schedule

import (
	"fmt"
	"slices"
	"time"
)

// Period is a schedule in force from an instant on, until the next period begins. Its first night comes after From.
type Period struct {
	Expression string // None: no night is expected
	From       time.Time
}

// Run is what a run or a snapshot means to the nights.
type Run struct {
	ID        int64
	StartedAt time.Time
	// ScheduledFor is zero for a run that no schedule asked for.
	ScheduledFor      time.Time
	Complete, Running bool
	// CatchUp says that the run was late on purpose: it stands for the night whose time had passed unused.
	CatchUp bool
}

// Grace is how long after its time a night may begin before it counts as missed: schedulers and machines need a moment.
const Grace = 5 * time.Minute

// Status is what became of a night.
type Status string

// The statuses.
const (
	Complete Status = "complete"
	Failed   Status = "failed"    // it was tried and no run is complete
	Missed   Status = "missed"    // nothing ran
	CaughtUp Status = "caught_up" // a complete run came later, before the next night
	Running  Status = "running"
	Due      Status = "due" // its time has come only now
)

// Night is a time of the schedule.
type Night struct {
	ScheduledAt time.Time
	Status      Status
	// RunID is the run that the status is about, 0 when there is none.
	RunID int64
}

// Nights are the times of the periods up to now, in order, with what became of each. A run belongs to the night that it was scheduled for,
// else to the last night before its start. A night without a run is due while it is younger than grace, and missed from then on.
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
		if i := nightOf(times, r); i >= 0 {
			nights[i].take(r)
		}
	}
	return nights, nil
}

// expected are the times of the periods, which are sorted by From.
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

// nightOf finds the night that a run belongs to, -1 when there is none.
func nightOf(times []time.Time, r Run) int {
	at := r.StartedAt
	if !r.ScheduledFor.IsZero() {
		at = r.ScheduledFor
	}
	i, found := slices.BinarySearchFunc(times, at, time.Time.Compare)
	if found {
		return i
	}
	return i - 1
}

// take lets a run decide what became of the night, unless a better one has.
func (n *Night) take(r Run) {
	status := Failed
	switch {
	case r.Complete && r.CatchUp:
		status = CaughtUp
	case r.Complete:
		status = Complete
	case r.Running:
		status = Running
	}
	if n.RunID == 0 || rank(status) >= rank(n.Status) {
		n.Status, n.RunID = status, r.ID
	}
}

func rank(s Status) int {
	return slices.Index([]Status{Missed, Due, Failed, Running, CaughtUp, Complete}, s)
}
