package period

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// night is a night of the period, and what became of it for the run as a whole.
type night struct {
	schedule.Night
	expression string        // the schedule that expected it; empty for a UTC day without a schedule
	run        *snapshot.Run // nil when there was none
	key        string        // orders the nights for the sample, see sampleKey
	draw       int           // place in that order, from 1
	claimed    bool          // it was expected of an organization
}

// organizationNight is a night as one organization saw it.
type organizationNight struct {
	*night
	organization int // its index in the report, or table.RunLevel
	status       schedule.Status
	snapshot     *snapshot.Snapshot // nil when there is none
}

// lacks says whether the night has no complete snapshot.
func (n organizationNight) lacks() bool {
	return n.status != schedule.Complete && n.status != schedule.CaughtUp && n.status != schedule.Due
}

// readNights finds the nights of the period with what became of each, and draws the sample. It returns
// the first night after the period, or up to when snapshots are known where it has not come.
func (p *Period) readNights(runs []snapshot.Run) (next time.Time, err error) {
	if len(runs) == 0 {
		return next, fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	p.began = runs[0].StartedAt
	if p.began.After(p.To) {
		return next, fmt.Errorf("%w: the first run of the database began on %s", ErrNothingKnown, report.UTC(p.began))
	}
	p.expected = schedule.Filled(p.schedules, p.began)
	all := make([]schedule.Run, len(runs))
	for i := range runs {
		p.runs[runs[i].ID], all[i] = &runs[i], runs[i].OfSchedule()
	}
	nights, err := p.became(all)
	if err != nil {
		return next, err
	}
	next = slices.MaxFunc([]time.Time{p.To, p.Now}, time.Time.Compare)
	for _, n := range slices.Backward(nights) {
		switch {
		case n.ScheduledAt.Before(p.From):
			p.earlier++
		case n.ScheduledAt.After(p.To):
			next = n.ScheduledAt
		default:
			p.nights = append(p.nights, &night{Night: n, expression: p.expression(n.ScheduledAt), run: p.runs[n.RunID],
				key: p.sampleKey(n.ScheduledAt)})
		}
	}
	slices.Reverse(p.nights)
	p.drawn = slices.SortedFunc(slices.Values(p.nights), func(a, b *night) int { return cmp.Compare(a.key, b.key) })
	for i, n := range p.drawn {
		n.draw = i + 1
	}
	return next, nil
}

// became is what became of each night of the database for some runs. A UTC day that counts as a night
// is missed only when it is over.
func (p *Period) became(runs []schedule.Run) ([]schedule.Night, error) {
	nights, err := schedule.Nights(p.expected, runs, p.Now, schedule.Grace)
	for i := range nights {
		n := &nights[i]
		over := !p.Now.Before(n.ScheduledAt.Add(24 * time.Hour))
		if n.Status == schedule.Missed && !over && p.expression(n.ScheduledAt) == "" {
			n.Status = schedule.Due
		}
	}
	return nights, err
}

// expression is the schedule that expected a night, empty for a UTC day on which none was in force.
func (p *Period) expression(night time.Time) string {
	in, _ := schedule.InForce(p.schedules, night)
	if in.Expression == schedule.None {
		return ""
	}
	return in.Expression
}

// readNightsOf says what became of each night for an organization. later are the snapshots of all
// organizations after the period that may stand for its last night.
func (p *Period) readNightsOf(o *organization, later []*snapshot.Snapshot) error {
	byID := make(map[int64]*snapshot.Snapshot)
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
	nights, err := p.became(runs)
	for i, n := range nights {
		seen := organizationNight{nil, o.index, n.Status, byID[n.RunID]}
		if seen.lacks() {
			o.lacking = append(o.lacking, n.ScheduledAt)
		}
		untried := o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins)
		if untried || !p.contains(n.ScheduledAt) {
			continue // nothing says that the organization was to be collected before it was first tried
		}
		seen.night = p.nights[i-p.earlier] // p has found the same nights
		seen.claimed = true
		if n.Status == schedule.Missed && seen.Status == schedule.Running {
			seen.status = schedule.Running
		}
		o.nights = append(o.nights, seen)
	}
	return err
}

// listNights lists the nights as each organization saw them, then those that were expected of none.
func (p *Period) listNights() {
	for _, o := range p.organizations {
		p.every = append(p.every, o.nights...)
	}
	for _, n := range p.nights {
		if !n.claimed {
			p.unclaimed = append(p.unclaimed, organizationNight{n, table.RunLevel, n.Status, nil})
		}
	}
	p.every = append(p.every, p.unclaimed...)
}

// nightTable is the population of nights, with what became of each.
func (d *document) nightTable() *table.Table {
	t := d.table("Nights")
	for i := range d.every {
		n := &d.every[i]
		t.Add(n.organization, append([]any{
			n.ScheduledAt, d.names.Of(n.organization), report.Word(n.status), n.reason(), n.draw <= d.Sample, n.draw,
			cmp.Or(n.expression, withoutSchedule),
		}, n.collected()...)...)
	}
	return t
}

// withoutSchedule stands for the schedule of a UTC day on which none was in force.
const withoutSchedule = "no schedule was in force: UTC day"

// collected are the cells of the night's run and snapshot.
func (n *organizationNight) collected() []any {
	s := n.snapshot
	if s == nil && n.run == nil {
		return nil
	}
	if s == nil {
		return []any{int(n.run.ID)} // it has no snapshot of the organization
	}
	cells := []any{int(s.RunID), int(s.ID), s.TakenAt, nil}
	if n.expression != "" { // else no time was expected
		cells[3] = int(s.TakenAt.Sub(n.ScheduledAt) / time.Minute)
	}
	if !complete(s) {
		return cells
	}
	cells = append(cells, counts(s)...)
	if s.SSONotAssessed != "" {
		cells[5] = table.Why("not assessed") // the sheet Snapshots says why
	}
	return cells
}

// reasons say why a night has a status.
var reasons = map[schedule.Status]string{
	schedule.CaughtUp: "a later run stands for it", schedule.Running: "a run has not ended",
	schedule.Due: "its time has come only now",
}

// reason says why a night is as it is.
func (n *organizationNight) reason() string {
	var why []string
	switch {
	case n.status == schedule.Failed && n.snapshot != nil:
		why = append(why, errorText(n.snapshot))
	case n.status == schedule.Due && n.expression == "":
		why = append(why, "the day is not over")
	case reasons[n.status] != "":
		why = append(why, reasons[n.status])
	case n.lacks() && n.run == nil:
		why = append(why, "no run was made")
	case n.lacks():
		text := fmt.Sprintf("run %d has no snapshot of it: %s", n.run.ID, report.OneLine(n.run.Error))
		why = append(why, strings.TrimSuffix(text, ": "))
	}
	if n.snapshot != nil && pruned(n.snapshot) {
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

// sampleKey orders the nights for the sample: the SHA-256, in hex, of the seed, a vertical bar and
// the night as nights.csv has it.
func (s *Span) sampleKey(night time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", s.Seed, night.UTC().Format(time.RFC3339)))
	return hex.EncodeToString(sum[:])
}

// sampleTable has the nights that are drawn, in that order.
func (d *document) sampleTable() *table.Table {
	t := d.table("Sample")
	drawn := d.drawn[:min(len(d.drawn), d.Sample)]
	for _, n := range drawn {
		t.Add(table.RunLevel, d.sampleCells(n)...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("Drawn: %d of %s, with the seed %d.",
		len(drawn), report.Count(len(d.nights), "night"), d.Seed))
	t.Remark(table.RunLevel, "To draw it again: write each night of the sheet Nights once, as in "+
		d.From.UTC().Format(time.RFC3339)+", behind the seed and a vertical bar; take the SHA-256 of each text in "+
		"hexadecimal; sort by it; the first are the sample.")
	return t
}

func (d *document) sampleCells(n *night) []any {
	var complete, lacking, folders []string
	var runs []int64
	for _, seen := range d.every {
		if seen.night != n {
			continue
		}
		if seen.lacks() {
			lacking = append(lacking, d.names.Of(seen.organization))
		} else if seen.snapshot != nil {
			complete = append(complete, d.names.Of(seen.organization))
		}
		if seen.snapshot != nil {
			runs = append(runs, seen.snapshot.RunID)
		}
	}
	var run, began any
	if n.run != nil {
		runs, run, began = append(runs, n.run.ID), int(n.run.ID), n.run.StartedAt
	}
	slices.Sort(runs)
	for _, id := range slices.Compact(runs) {
		folders = append(folders, folder.RunName(d.runs[id].StartedAt, id))
	}
	return []any{
		n.draw, n.ScheduledAt, report.Word(n.Status), run, began, strings.Join(complete, ", "),
		strings.Join(lacking, ", "), cmp.Or(strings.Join(folders, ", "), "none"), n.key,
	}
}
