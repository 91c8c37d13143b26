package period

import (
	"cmp"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
)

// tieOuts compares each population with a second source: the counts stored with the snapshots,
// the counts of the database, and the rows of the sheets. It needs all other tables.
func (d *document) tieOuts() report.TieOuts {
	var t report.TieOuts
	nightsOf, nights := d.sheet("Nights").Size, "rows of the sheet Nights"
	if d.isFleet {
		nights = "nights that the sheet Population counts"
		nightsOf = func(organization int) int { return d.counts[item{organization, "Nights", "expected", ""}].(int) }
	}
	for i, o := range d.organizations {
		expected := len(d.nights)
		if o.opening == nil { // the night of its first snapshot is the last night that begins before it
			over := report.CountOf(d.nights, func(n *night) bool { return !n.ScheduledAt.After(o.begins) })
			expected -= max(over, 1) - 1
		}
		t.Compare(i, "Nights of the schedules since it was first tried = "+nights, expected, nightsOf(i), "")
		if o.id == "" {
			t.NotAssessed(i, "all but the nights", "the organization id is not known, because no snapshot was ever complete")
			continue
		}
		o.tieSnapshots(&t, d.sheet("Changes").Size(i), d.isFleet)
		o.tieConfigurations(&t, &o.scim, o.totals.SCIMAdded-o.totals.SCIMGone)
		o.tieConfigurations(&t, &o.sso, o.totals.SSOAdded-o.totals.SSOGone)
		o.tieMembers(&t)
		o.tieNet(&t)
		d.tieFindings(&t, o)
	}
	different := make(map[time.Time]bool)
	for n := range d.every() {
		different[n.ScheduledAt] = true
	}
	where := "of the sheet Nights"
	if d.isFleet {
		where = "of all organizations"
	}
	t.Compare(table.RunLevel, "Nights of the schedules in the period = different nights "+where,
		len(d.nights), len(different), "")
	t.Compare(table.RunLevel, "UTC days of the period = different days of the sheet Nights",
		int(d.lastDay().Sub(d.firstDay())/day)+1, len(shownDays(d.sheet("Nights"))), "")
	return t
}

// shownDays returns the different days of the sheet Nights.
func shownDays(t *table.Table) map[string]bool {
	shown := make(map[string]bool)
	for _, r := range t.Rows {
		text, _ := r.Cells[t.Column("days")].(string)
		from, to, several := strings.Cut(text, " to ")
		shown[from] = true
		first, err := time.Parse(time.DateOnly, from)
		last, err2 := time.Parse(time.DateOnly, to)
		for at := first; several && err == nil && err2 == nil && !at.After(last); at = at.Add(day) {
			shown[at.Format(time.DateOnly)] = true
		}
	}
	return shown
}

// tieSnapshots compares the complete snapshots and the changes. rows counts the sheet Changes.
func (o *organization) tieSnapshots(t *report.TieOuts, rows int, isFleet bool) {
	those := "those of the sheet Snapshots"
	if isFleet {
		those = "those of the nights that the report covers"
	}
	counted := 0
	for _, s := range o.since {
		counted += s.Changes
	}
	t.Compare(o.index, "Complete snapshots in the database after the opening one = "+those,
		o.totals.Complete, report.CountOf(o.since, complete), "")
	t.Compare(o.index, "Changes that the snapshots counted − removed by retention = rows of the sheet Changes",
		counted-o.lost, rows, "")
	t.Compare(o.index, "Changes in the database view = rows of the sheet Changes", o.totals.Changes, rows, "")
}

// tieConfigurations compares the numbers of configurations at the start and at the end. moved
// is the number of added less that of removed configurations, as the database counts them.
func (o *organization) tieConfigurations(t *report.TieOuts, c *ends, moved int) {
	o.tieEnds(t, c, c.plural+" at the start + added + reappeared − removed = at the end", c.unknown(), moved)
}

// tieEnds compares the numbers at the start and at the end, unless it is not known how many moved.
func (o *organization) tieEnds(t *report.TieOuts, c *ends, check, unknown string, moved int) {
	if reason := cmp.Or(unknown, o.lostChanges()); reason != "" {
		t.NotAssessed(o.index, check, reason)
		return
	}
	t.Compare(o.index, check, c.size(c.first)+moved, c.size(c.last), "")
}

func (o *organization) tieNet(t *report.TieOuts) {
	const check = "SCIM configurations at the start + net added − net removed = at the end"
	if o.net.after == nil {
		t.NotAssessed(o.index, check, "fewer than two complete snapshots have their content")
		return
	}
	expected := o.net.before.SCIMConfigurations + report.NetAdded(o.net.changes, diff.SCIMConfiguration)
	t.Compare(o.index, check, expected, o.net.after.SCIMConfigurations, "")
}

func (d *document) tieFindings(t *report.TieOuts, o *organization) {
	const (
		start = "Findings open in the opening snapshot = those of the sheet Findings from before the period"
		end   = "Findings open in the opening snapshot + opened − closed − no longer judged = " +
			"open in the closing snapshot"
	)
	if lost := o.lostOf("findings"); lost != "" {
		t.NotAssessed(o.index, start, lost)
		t.NotAssessed(o.index, end, lost)
		return
	}
	if o.opening == nil {
		t.NotAssessed(o.index, start, "there is no complete snapshot before the period")
	} else {
		t.Compare(o.index, start, o.openAtStart, d.findings(o, openAtStart), "")
	}
	ended := d.findings(o, stateClosed) + d.findings(o, stateDropped)
	t.Compare(o.index, end, o.openAtStart+d.findings(o, opened)-ended, o.openAtEnd, "")
}

// findings returns a count from the sheet Population, 0 if it is not known.
func (d *document) findings(o *organization, name string) int {
	n, _ := d.counts[item{o.index, "Findings", name, ""}].(int)
	return n
}
