package period

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// The statuses of the rows of the sheet Nights that are not nights.
const (
	notExpected = "not_expected" // a UTC day without an expected night, or a run that stands for none
	anotherRun  = "another_run"  // a run in a night for which another run counts
	notKnown    = "not_known"    // nobody knows whether a night was expected on the day, or when the run was
)

// days are consecutive UTC days without an expected night, or those on which a run started that
// the nights do not show.
type days struct {
	first, last    time.Time // the starts of the days
	status, reason string
	run            *snapshot.Run // nil if the days have no run
}

const day = 24 * time.Hour

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(day) }

// firstDay and lastDay return the UTC days on which the period begins and ends.
func (p *Period) firstDay() time.Time { return dayOf(p.From) }
func (p *Period) lastDay() time.Time  { return dayOf(p.To) }

// isCut reports whether the period has only a part of a day.
func (p *Period) isCut(at time.Time) bool {
	return at.Before(p.From) || at.Add(day-time.Second).After(p.To)
}

// expectedDays returns the UTC days that have an expected night.
func (p *Period) expectedDays() map[time.Time]bool {
	expected := make(map[time.Time]bool)
	for _, n := range p.nights {
		expected[dayOf(n.ScheduledAt)] = true
	}
	return expected
}

// daysBeside returns what the nights do not show of the period, by day: the days without an
// expected night, each run on them, and each run that stands for no expected night.
func (d *document) daysBeside() (all []days) {
	expected, started := d.expectedDays(), make(map[time.Time]bool)
	nights, countsFor := d.nightsOfRuns(), make(map[int64]int) // organizations by run
	for n := range d.every() {
		if n.snapshot != nil {
			countsFor[n.snapshot.RunID]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		r := d.runs[id]
		if !d.ranIn(r) {
			continue
		}
		one, known := d.daysOfRun(r)
		started[one.first] = started[one.first] || known
		if len(nights[r]) > 0 && expected[one.first] {
			continue // the row of its night names it
		}
		if night, isOther := d.others[id]; isOther {
			one.status = anotherRun
			one.reason += "; " + countsInstead(night, id, countsFor[id])
		} else if len(nights[r]) > 0 {
			one.reason += "; it stands for the night " + strings.Join(nights[r], ", ")
		} else {
			one.reason += "; it stands for no expected night"
		}
		all = append(all, one)
	}
	for at := d.firstDay(); !at.After(d.lastDay()); at = at.Add(day) {
		if !expected[at] && !started[at] {
			all = append(all, d.quietDay(at))
		}
	}
	slices.SortStableFunc(all, func(a, b days) int { return a.first.Compare(b.first) })
	return merged(all)
}

// daysOfRun returns the day of a run, or if it is not known those on which the run may have been.
func (d *document) daysOfRun(r *snapshot.Run) (one days, known bool) {
	started := dayOf(r.StartedAt)
	one = days{first: started, last: started, status: notExpected, run: r}
	when := "started at " + report.UTC(r.StartedAt)
	if m := d.misdatedRun(r.ID); m != nil {
		one.status = notKnown
		when = "recorded at " + report.UTC(r.StartedAt) + " by " + clockOf(r)
		if m.mayBeIn(d.From, d.To) {
			one.first, one.last = d.daysOf(m)
		}
	}
	one.reason = fmt.Sprintf("run %d, %s, %s", r.ID, when, r.Outcome)
	return one, one.status != notKnown
}

// countsInstead says which run counts for the night of another one, and for how many organizations
// that one counts itself.
func countsInstead(n schedule.Night, another int64, organizations int) string {
	text := fmt.Sprintf("run %d counts for its night, %s", n.RunID, n.ScheduledAt.UTC().Format(time.DateTime))
	if organizations > 0 {
		text += fmt.Sprintf("; for %s, run %d does", report.Count(organizations, "organization"), another)
	}
	return text
}

// clockOf says what is known of the clock of a misdated run.
func clockOf(r *snapshot.Run) string {
	if r.ClockNotConfirmed {
		return "a clock that nobody confirms"
	}
	return "a wrong clock"
}

// quietDay returns a day without an expected night on which no run is known to have started.
func (d *document) quietDay(at time.Time) days {
	quiet := days{first: at, last: at, status: notExpected, reason: "no night expected, no run"}
	end := at.Add(day - time.Second)
	expected := "no night expected"
	if d.isCut(at) {
		const part = "in the part of the day that the period has"
		quiet.reason = "no night expected and no run " + part
		expected += " " + part
	}
	var maybe []int64
	for i := range d.misdated {
		first := slices.MaxFunc([]time.Time{at, d.From}, time.Time.Compare)
		if d.misdated[i].mayBeIn(first, slices.MinFunc([]time.Time{end, d.To}, time.Time.Compare)) {
			maybe = append(maybe, d.misdated[i].id)
		}
	}
	switch {
	case at.Before(dayOf(d.began)):
		quiet.status, quiet.reason = notKnown, "before the first run recorded in this database"
	case !d.ended() && !end.Before(d.Now):
		quiet.status, quiet.reason = notKnown, "the day is not over"
	case len(maybe) > 0:
		quiet.reason = expected + "; " + inRuns(maybe) +
			" may have been in this time, with a wrong or unconfirmed clock"
	}
	return quiet
}

// merged joins consecutive days of which the same is said.
func merged(all []days) (joined []days) {
	for _, one := range all {
		n := len(joined) - 1
		if n >= 0 && joined[n].run == nil && one.run == nil && joined[n].reason == one.reason &&
			joined[n].last.Add(day).Equal(one.first) {
			joined[n].last = one.last
			continue
		}
		joined = append(joined, one)
	}
	return joined
}

// misdatedRun returns what is known of the time of a run if its clock was wrong, else nil.
func (p *Period) misdatedRun(id int64) *misdated {
	for i := range p.misdated {
		if p.misdated[i].id == id {
			return &p.misdated[i]
		}
	}
	return nil
}

// daysOf returns the days of the period on which a misdated run may have been.
func (p *Period) daysOf(m *misdated) (first, last time.Time) {
	first, last = p.firstDay(), p.lastDay()
	if m.after.After(p.From) {
		first = dayOf(m.after)
	}
	if !m.before.IsZero() && m.before.Before(p.To) {
		last = dayOf(m.before)
	}
	return first, last
}

// addDays adds the days to the sheet Nights. They have no night, so that no count and no sample
// includes them.
func (d *document) addDays(t *table.Table) {
	for _, one := range d.daysBeside() {
		cells := []any{
			nil, daysText(one.first, one.last), d.names.Of(table.RunLevel), report.Word(one.status), one.reason, false,
			nil, nil,
		}
		if one.run != nil {
			cells = append(cells, int(one.run.ID), nil, one.run.StartedAt)
		}
		t.Add(table.RunLevel, cells...)
	}
}

func daysText(first, last time.Time) string {
	if first.Equal(last) {
		return first.Format(time.DateOnly)
	}
	return first.Format(time.DateOnly) + " to " + last.Format(time.DateOnly)
}
