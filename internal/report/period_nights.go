package report

import (
	"cmp"
	"slices"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// readNights finds the nights of the period, what became of them, and the order in which a sample is drawn from them. It gives the periods of the
// schedules, with every UTC day for a night where none was in force.
func (p *Period) readNights(runs []snapshot.Run) ([]schedule.Period, error) {
	periods := make([]schedule.Period, len(p.Schedules))
	for i, s := range p.Schedules {
		periods[i] = schedule.Period(s)
	}
	filled := schedule.Filled(periods, p.Began)
	all := make([]schedule.Run, len(runs))
	p.byID = make(map[int64]*snapshot.Run, len(runs))
	for i := range runs {
		r := &runs[i]
		p.byID[r.ID] = r
		all[i] = nightRun(r, r.ID, r.Outcome)
	}
	nights, err := schedule.Nights(filled, all, p.Now, schedule.Grace)
	if err != nil {
		return nil, err
	}
	shown := make(map[int64]bool)
	for _, n := range nights {
		if !p.contains(n.ScheduledAt) {
			continue
		}
		night := periodNight{Night: n, run: p.byID[n.RunID], key: p.sampleKey(n.ScheduledAt)}
		if in, found := schedule.InForce(periods, n.ScheduledAt); found && in.Expression != schedule.None {
			night.expression = in.Expression
		}
		night.Status = night.judge(n.Status, p.Now)
		p.Nights = append(p.Nights, night)
		shown[n.RunID] = true
	}
	p.draw()
	for i := range runs {
		if p.contains(runs[i].StartedAt) || shown[runs[i].ID] {
			p.Runs = append(p.Runs, runs[i])
		}
	}
	return filled, nil
}

// judge lets a UTC day that stands for a night be missed only when it is over.
func (n *periodNight) judge(status schedule.Status, now time.Time) schedule.Status {
	if status == schedule.Missed && n.expression == "" && now.Before(n.ScheduledAt.Add(24*time.Hour)) {
		return schedule.Due
	}
	return status
}

func nightRun(r *snapshot.Run, id int64, outcome snapshot.Outcome) schedule.Run {
	return schedule.Run{
		ID: id, StartedAt: r.StartedAt, ScheduledFor: r.ScheduledFor, Complete: outcome == snapshot.Complete, Running: outcome == snapshot.Running,
		CatchUp: r.Trigger == snapshot.TriggerCatchUp,
	}
}

// draw gives each night its place in the order of the keys.
func (p *Period) draw() {
	order := make([]*periodNight, len(p.Nights))
	for i := range p.Nights {
		order[i] = &p.Nights[i]
	}
	slices.SortFunc(order, func(a, b *periodNight) int { return cmp.Compare(a.key, b.key) })
	for i, n := range order {
		n.draw = i + 1
	}
}

// judgeNights says what became of each night for the organization. Those before it was first tried are none of its: nothing says that it was to be
// collected then. Of the snapshots after the period, later has those that may belong to its last night.
func (o *periodOrganization) judgeNights(p *Period, periods []schedule.Period, later []snapshot.Snapshot) error {
	mine := make(map[int64]*snapshot.Snapshot)
	var looks []schedule.Run
	add := func(s *snapshot.Snapshot) {
		mine[s.ID] = s
		looks = append(looks, nightRun(p.byID[s.RunID], s.ID, s.Outcome))
	}
	for i := range o.snapshots {
		add(&o.snapshots[i])
	}
	for i := range later {
		if s := &later[i]; o.id != "" && s.OrganizationID == o.id || s.Outcome == snapshot.Failed && s.Source == o.source {
			add(s)
		}
	}
	nights, err := schedule.Nights(periods, looks, p.Now, schedule.Grace)
	if err != nil {
		return err
	}
	for _, n := range nights {
		night := p.night(n.ScheduledAt)
		if night == nil && o.opening != nil && n.ScheduledAt.After(o.opening.TakenAt) && n.ScheduledAt.Before(p.From) && lacks(n.Status) {
			o.gap++
		}
		if night == nil || o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins) {
			continue
		}
		status := night.judge(n.Status, p.Now)
		if status == schedule.Missed && night.Status == schedule.Running {
			status = schedule.Running
		}
		o.nights = append(o.nights, organizationNight{night, status, mine[n.RunID]})
	}
	return nil
}

// since counts the nights of the period from the one on that an instant belongs to.
func (p *Period) since(at time.Time) int {
	i, found := p.place(at)
	if !found && i > 0 {
		i--
	}
	return len(p.Nights) - i
}

// unclaimed are the nights of the period that were not expected of any of its organizations.
func (p *Period) unclaimed() []organizationNight {
	claimed := make(map[*periodNight]bool)
	for i := range p.Organizations {
		for _, n := range p.Organizations[i].nights {
			claimed[n.periodNight] = true
		}
	}
	var all []organizationNight
	for i := range p.Nights {
		if n := &p.Nights[i]; !claimed[n] {
			all = append(all, organizationNight{n, n.Status, nil})
		}
	}
	return all
}

// night finds a night of the period by its instant, nil where it has none.
func (p *Period) night(at time.Time) *periodNight {
	i, found := p.place(at)
	if !found {
		return nil
	}
	return &p.Nights[i]
}

func (p *Period) place(at time.Time) (int, bool) {
	return slices.BinarySearchFunc(p.Nights, at, func(n periodNight, at time.Time) int { return n.ScheduledAt.Compare(at) })
}
