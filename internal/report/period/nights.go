package period

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// night is a night of the period, and what became of it for the run as a whole.
type night struct {
	schedule.Night
	expression string        // the schedule that expected it; empty for a UTC day without a schedule
	run        *snapshot.Run // nil when there was none
	key        string        // orders the nights for the sample
	draw       int           // place in that order, from 1
}

// organizationNight is a night as one organization saw it.
type organizationNight struct {
	*night
	organization int    // its place in the period, or table.RunLevel
	name         string // of the organization
	status       schedule.Status
	snapshot     *snapshot.Snapshot // nil when there is none
}

// lacks says whether a night with this status has no complete snapshot.
func lacks(s schedule.Status) bool {
	return s != schedule.Complete && s != schedule.CaughtUp && s != schedule.Due
}

// readNights finds the nights of the period with what became of each, and draws the sample.
func (p *Period) readNights(runs []snapshot.Run) error {
	if len(runs) == 0 {
		return fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	p.began = runs[0].StartedAt
	if p.began.After(p.To) {
		return fmt.Errorf("%w: the first run of the database began on %s", ErrNothingKnown, report.UTC(p.began))
	}
	schedules := make([]schedule.Period, len(p.schedules))
	for i, s := range p.schedules {
		schedules[i] = schedule.Period(s)
	}
	p.expected = schedule.Filled(schedules, p.began)
	all := make([]schedule.Run, len(runs))
	p.runs = make(map[int64]*snapshot.Run, len(runs))
	for i := range runs {
		p.runs[runs[i].ID], all[i] = &runs[i], runs[i].OfSchedule()
	}
	nights, err := schedule.Nights(p.expected, all, p.Now, schedule.Grace)
	if err != nil {
		return err
	}
	stands := make(map[int64]bool)
	for _, n := range nights {
		if p.contains(n.ScheduledAt) {
			p.nights = append(p.nights, p.newNight(n, schedules))
			stands[n.RunID] = true
		}
	}
	p.draw()
	for i := range runs {
		if p.contains(runs[i].StartedAt) || stands[runs[i].ID] {
			p.register = append(p.register, &runs[i])
		}
	}
	return nil
}

func (p *Period) newNight(n schedule.Night, schedules []schedule.Period) *night {
	made := &night{Night: n, run: p.runs[n.RunID], key: p.sampleKey(n.ScheduledAt)}
	if in, found := schedule.InForce(schedules, n.ScheduledAt); found && in.Expression != schedule.None {
		made.expression = in.Expression
	}
	made.Status = made.asOf(n.Status, p.Now)
	return made
}

// asOf is a status as it stands now: a UTC day that counts as a night is missed only when it is over.
func (n *night) asOf(status schedule.Status, now time.Time) schedule.Status {
	if status == schedule.Missed && n.expression == "" && now.Before(n.ScheduledAt.Add(24*time.Hour)) {
		return schedule.Due
	}
	return status
}

// nightAt finds the place of an instant among the nights, and whether it is a night.
func (p *Period) nightAt(at time.Time) (int, bool) {
	return slices.BinarySearchFunc(p.nights, at,
		func(n *night, at time.Time) int { return n.ScheduledAt.Compare(at) })
}

// readNights says what became of each night for the organization. later are the snapshots of all
// organizations after the period that may stand for its last night.
func (o *organization) readNights(p *Period, later []snapshot.Snapshot) error {
	mine := slices.Clone(o.snapshots)
	for i := range later {
		s := &later[i]
		if o.id != "" && s.OrganizationID == o.id || s.Outcome == snapshot.Failed && s.Source == o.source {
			mine = append(mine, s)
		}
	}
	byID := make(map[int64]*snapshot.Snapshot)
	runs := make([]schedule.Run, len(mine))
	for i, s := range mine {
		byID[s.ID], runs[i] = s, p.runs[s.RunID].OfSchedule()
		runs[i].ID, runs[i].Complete, runs[i].Running = s.ID, s.Outcome == snapshot.Complete, false
	}
	nights, err := schedule.Nights(p.expected, runs, p.Now, schedule.Grace)
	if err != nil {
		return err
	}
	for _, n := range nights {
		if lacks(n.Status) {
			o.lacking = append(o.lacking, n.ScheduledAt)
		}
		i, found := p.nightAt(n.ScheduledAt)
		if !found || o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins) {
			continue // nothing says that the organization was to be collected before it was first tried
		}
		seen := organizationNight{night: p.nights[i], snapshot: byID[n.RunID]}
		seen.status = seen.asOf(n.Status, p.Now)
		if seen.status == schedule.Missed && seen.Status == schedule.Running {
			seen.status = schedule.Running
		}
		o.nights = append(o.nights, seen)
	}
	return nil
}

// everyNight are the nights as each organization saw them, then those that were expected of none.
func (p *Period) everyNight() []organizationNight {
	var all []organizationNight
	claimed := make(map[*night]bool)
	for i, o := range p.organizations {
		for _, n := range o.nights {
			n.organization, n.name, claimed[n.night] = i, o.name, true
			all = append(all, n)
		}
	}
	for _, n := range p.nights {
		if !claimed[n] {
			all = append(all, organizationNight{n, table.RunLevel, p.names.All, n.Status, nil})
		}
	}
	return all
}

// nightTable is the population of nights, with what became of each.
func (d *document) nightTable() *table.Table {
	t := d.table("Nights",
		table.Time("Night", "night"), table.Text("Organization", "organization"), table.Text("Status", "status"),
		table.Text("Reason", "reason"), table.Bool("Sampled", "sampled"), table.Int("Draw", "draw"),
		table.Text("Expected by", "expected_by"), table.Int("Run", "run_id"), table.Int("Snapshot", "snapshot_id"),
		table.Time("Began at", "began_at"), table.Int("Minutes after the night", "minutes_late"),
		table.Int("SCIM configurations", "scim_configurations"), table.Int("SSO configurations", "sso_configurations"),
		table.Int("Changes", "changes"), table.Int("Failed findings", "failed_findings"))
	for i := range d.every {
		n := &d.every[i]
		cells := []any{
			n.ScheduledAt, n.name, report.Word(n.status), n.reason(), n.draw <= d.Sample, n.draw,
			cmp.Or(n.expression, withoutSchedule),
		}
		switch s := n.snapshot; {
		case s != nil:
			cells = append(cells, int(s.RunID), int(s.ID), s.TakenAt, n.minutesLate())
			if s.Outcome == snapshot.Complete {
				cells = append(cells, counts(s)...)
			}
			if s.SSONotAssessed != "" {
				cells[12] = table.Why("not assessed") // the sheet Snapshots says why
			}
		case n.run != nil:
			cells = append(cells, int(n.run.ID)) // it has no snapshot of the organization
		}
		t.Add(n.organization, cells...)
	}
	return t
}

// minutesLate is how long after the night its snapshot was taken; a UTC day without a schedule has no
// time at which a run was expected.
func (n *organizationNight) minutesLate() any {
	if n.expression == "" {
		return nil
	}
	return int(n.snapshot.TakenAt.Sub(n.ScheduledAt) / time.Minute)
}

// withoutSchedule stands for the schedule of a UTC day on which none was in force.
const withoutSchedule = "no schedule was in force: UTC day"

// reason says why a night is as it is.
func (n *organizationNight) reason() string {
	var why []string
	switch {
	case n.status == schedule.Failed && n.snapshot != nil:
		why = append(why, errorText(n.snapshot))
	case n.status == schedule.CaughtUp:
		why = append(why, "a later run stands for it")
	case n.status == schedule.Running:
		why = append(why, "a run has not ended")
	case n.status == schedule.Due && n.expression == "":
		why = append(why, "the day is not over")
	case n.status == schedule.Due:
		why = append(why, "its time has come only now")
	case lacks(n.status) && n.run == nil:
		why = append(why, "no run was made")
	case lacks(n.status):
		text := fmt.Sprintf("run %d has no snapshot of it: %s", n.run.ID, report.OneLine(n.run.Error))
		why = append(why, strings.TrimSuffix(text, ": "))
	}
	if n.snapshot != nil && !n.snapshot.PrunedAt.IsZero() {
		why = append(why, "retention removed its rows on "+report.UTC(n.snapshot.PrunedAt))
	}
	return strings.Join(why, "; ")
}

// errorText is why a snapshot failed.
func errorText(s *snapshot.Snapshot) string {
	text := cmp.Or(report.OneLine(s.Error), "no reason was stored")
	if s.ErrorCode != "" {
		text = s.ErrorCode + ": " + text
	}
	return text
}
