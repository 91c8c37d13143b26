package period

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// night is one scheduled run in the period, and its result for the run as a whole.
type night struct {
	schedule.Night
	expression string        // the schedule's expression; empty for a UTC day without a schedule
	run        *snapshot.Run // nil if there was none
	// key is the sort key for the sample: the SHA-256, in hex, of the seed, a vertical bar and
	// the night as written in nights.csv.
	key     string
	draw    int  // place in that order, from 1
	claimed bool // an organization was expected in this night
	// misdated are the ids of the runs that may have been at this time: their clocks were wrong.
	misdated []int64
	// unconfirmed are those whose clocks nobody confirms.
	unconfirmed []int64
}

// organizationNight is the result of a night for one organization.
type organizationNight struct {
	*night
	organization int // its index in the report, or table.RunLevel
	status       schedule.Status
	snapshot     *taken // nil if there is none
}

// every returns the nights of each organization, then those not assigned to any.
func (p *Period) every() iter.Seq[*organizationNight] {
	return func(yield func(*organizationNight) bool) {
		for _, o := range p.organizations {
			for i := range o.nights {
				if !yield(&o.nights[i]) {
					return
				}
			}
		}
		for i := range p.unclaimed {
			if !yield(&p.unclaimed[i]) {
				return
			}
		}
	}
}

// isUncovered reports whether a night that is due has no complete snapshot.
func (n organizationNight) isUncovered() bool {
	return n.status != schedule.Complete && n.status != schedule.CaughtUp && n.status != schedule.Due
}

// readNights finds the nights in the period and draws the sample. It returns the first night
// after the period, or the later of the end of the period and the time of the report if that
// night has not come.
func (p *Period) readNights(runs []snapshot.Run) (next time.Time, err error) {
	if len(runs) == 0 {
		return next, fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	for i := range runs {
		at := runs[i].StartedAt
		if p.isMisdated(&runs[i]) {
			continue // nobody knows when it really ran
		}
		if p.began.IsZero() || at.Before(p.began) {
			p.began = at
		}
		if !at.After(p.To) && at.After(p.knownUntil) {
			p.knownUntil = at
		}
	}
	if p.began.IsZero() {
		return next, fmt.Errorf("%w: the clock was wrong in every recorded run", ErrNothingKnown)
	}
	if p.began.After(p.To) {
		return next, fmt.Errorf("%w: the first recorded run started at %s", ErrNothingKnown, report.UTC(p.began))
	}
	p.expected = schedule.Filled(p.schedules, p.began)
	all := make([]schedule.Run, len(runs))
	for i := range runs {
		p.runs[runs[i].ID], all[i] = &runs[i], runs[i].OfSchedule()
	}
	p.others = make(map[int64]schedule.Night)
	err = p.eachNight(p.expected, all, func(n schedule.Night) {
		for _, id := range n.Others {
			p.others[id] = n
		}
		switch {
		case n.ScheduledAt.Before(p.From):
			if r := p.runs[n.RunID]; r != nil && p.contains(r.StartedAt) {
				p.before = append(p.before, &night{Night: n, run: r})
			}
		case n.ScheduledAt.After(p.To):
			next = cmp.Or(next, n.ScheduledAt)
		default:
			sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", p.Seed, n.ScheduledAt.UTC().Format(time.RFC3339)))
			p.nights = append(p.nights, &night{Night: n, expression: p.expression(n.ScheduledAt), run: p.runs[n.RunID],
				key: hex.EncodeToString(sum[:])})
		}
	})
	p.placeMisdated(runs)
	p.draw()
	return cmp.Or(next, slices.MaxFunc([]time.Time{p.To, p.Now}, time.Time.Compare)), err
}

// misdated is a run whose recorded start is not when it was: its clock was wrong, or it is recorded
// later than now. It was between the runs that were recorded before and after it.
type misdated struct {
	id            int64
	after, before time.Time // zero if there is no such run
}

// mayBeIn reports whether the run may have been between two instants.
func (m *misdated) mayBeIn(from, to time.Time) bool {
	return !m.after.After(to) && (m.before.IsZero() || !m.before.Before(from))
}

// placeMisdated finds the misdated runs among all, which are in the order of recording, and the
// nights that they may have been for.
func (p *Period) placeMisdated(runs []snapshot.Run) {
	var last time.Time
	open := 0 // index of the first one without a run after it
	for i := range runs {
		r := &runs[i]
		if p.isMisdated(r) {
			p.misdated = append(p.misdated, misdated{id: r.ID, after: last})
			continue
		}
		last = r.StartedAt
		for ; open < len(p.misdated); open++ {
			m := &p.misdated[open]
			m.before = last
			if m.after.After(last) { // the clock of the run before was ahead
				m.after = p.lastUpTo(runs[:i], last)
			}
		}
	}
	for _, n := range p.nights {
		for i := range p.misdated {
			id := p.misdated[i].id
			switch {
			case !p.misdated[i].mayBeIn(n.ScheduledAt, n.ScheduledAt):
			case p.runs[id].ClockNotConfirmed:
				n.unconfirmed = append(n.unconfirmed, id)
			default:
				n.misdated = append(n.misdated, id)
			}
		}
	}
}

// lastUpTo returns the last start of the runs up to an instant that is not misdated, zero if there is none.
func (p *Period) lastUpTo(runs []snapshot.Run, until time.Time) (last time.Time) {
	for i := range runs {
		r := &runs[i]
		if !p.isMisdated(r) && !r.StartedAt.After(until) && r.StartedAt.After(last) {
			last = r.StartedAt
		}
	}
	return last
}

func (p *Period) isMisdated(r *snapshot.Run) bool { return r.ClockWrong || r.StartedAt.After(p.Now) }

// ranIn reports whether a run started in the period, or may have: its clock was wrong.
func (p *Period) ranIn(r *snapshot.Run) bool {
	return p.contains(r.StartedAt) || slices.ContainsFunc(p.misdated, func(m misdated) bool {
		return m.id == r.ID && m.mayBeIn(p.From, p.To)
	})
}

// inRuns names runs in a sentence.
func inRuns(ids []int64) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	if len(ids) == 1 {
		return "run " + texts[0]
	}
	return "runs " + report.FirstOf(texts, listed, ", ")
}

// listed is the number of runs, nights or files that a sentence lists.
const listed = 10

// draw orders the nights for samples.
func (p *Period) draw() {
	p.drawn = slices.SortedFunc(slices.Values(p.nights), func(a, b *night) int { return cmp.Compare(a.key, b.key) })
	for i, n := range p.drawn {
		n.draw = i + 1
	}
}

// eachNight calls yield with the result of every night from the given runs. A UTC day that counts as
// a night is due until it is over.
func (p *Period) eachNight(expected []schedule.Period, runs []schedule.Run, yield func(schedule.Night)) error {
	return schedule.Each(expected, runs, p.Now, schedule.Grace, func(n schedule.Night) {
		over := !p.Now.Before(n.ScheduledAt.Add(24 * time.Hour))
		if n.Status == schedule.Missed && !over && p.expression(n.ScheduledAt) == "" {
			n.Status = schedule.Due
		}
		yield(n)
	})
}

// expression returns the schedule that expects a night, "" for a UTC day without a scheduled time.
func (p *Period) expression(night time.Time) string {
	in, found := schedule.InForce(p.schedules, night)
	if !found || in.Expression == schedule.None {
		return ""
	}
	parsed, err := schedule.Parse(in.Expression)
	if err != nil || !parsed.Next(night.Add(-time.Second)).Equal(night) {
		return ""
	}
	return in.Expression
}

// readNightsOf finds the result of each night for one organization. later are the snapshots of
// all organizations that were taken after the period and may count for its last night.
func (p *Period) readNightsOf(o *organization, later []*taken) error {
	byID := make(map[int64]*taken)
	var runs []schedule.Run
	for i, s := range slices.Concat(o.snapshots, later) {
		failed := s.Outcome == snapshot.Failed && s.Source == o.source
		if i >= len(o.snapshots) && !failed && (o.id == "" || s.OrganizationID != o.id) {
			continue
		}
		run := p.runs[s.RunID].OfSchedule()
		run.ID, run.Complete, run.Running = s.ID, s.Outcome == snapshot.Complete, false
		byID[s.ID], runs = s, append(runs, run)
	}
	o.nights = make([]organizationNight, 0, len(p.nights))
	since, i := p.From.Add(-time.Second), -1
	if o.opening != nil {
		since = o.opening.TakenAt
	}
	return p.eachNight(schedule.Since(p.expected, since), runs, func(n schedule.Night) {
		seen := organizationNight{nil, o.index, n.Status, byID[n.RunID]}
		if seen.isUncovered() {
			o.uncovered = append(o.uncovered, n.ScheduledAt)
		}
		if !p.contains(n.ScheduledAt) {
			return
		}
		i++
		if o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins) {
			return // before its first snapshot, the organization may not have been in the settings
		}
		seen.night = p.nights[i] // readNights found the same nights
		seen.claimed = true
		if n.Status == schedule.Missed && seen.Status == schedule.Running {
			seen.status = schedule.Running
		}
		o.nights = append(o.nights, seen)
	})
}
