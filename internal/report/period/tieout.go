package period

import (
	"cmp"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// tieOuts compares each population with a second source: what the snapshots say of themselves, what
// the database counts, and what the sheets show. The other tables must have been made.
func (d *document) tieOuts() report.TieOuts {
	var t report.TieOuts
	for i, o := range d.organizations {
		t.Compare(i, "Nights of the schedules since it was first tried = rows of the sheet Nights",
			d.nightsSince(o), d.sheets.nights.Size(i), "")
		if o.id == "" {
			t.NotAssessed(i, "all but the nights", "its id is not known: no snapshot of it was ever complete")
			continue
		}
		d.tieSnapshots(&t, i)
		o.tieConfigurations(&t, i, &o.scim, o.totals.SCIMAdded-o.totals.SCIMGone)
		o.tieConfigurations(&t, i, &o.sso, o.totals.SSOAdded-o.totals.SSOGone)
		o.tieNet(&t, i)
		o.tieFindings(&t, i)
	}
	different := make(map[time.Time]bool)
	for _, n := range d.every {
		different[n.ScheduledAt] = true
	}
	t.Compare(table.RunLevel, "Nights of the schedules in the period = different nights of the sheet Nights",
		len(d.nights), len(different), "")
	return t
}

// nightsSince counts the nights of the period from the one on in which an organization was first
// tried.
func (p *Period) nightsSince(o *organization) int {
	if o.opening != nil {
		return len(p.nights)
	}
	i, found := p.nightAt(o.begins)
	if !found && i > 0 {
		i--
	}
	return len(p.nights) - i
}

// tieSnapshots compares the complete snapshots and the changes.
func (d *document) tieSnapshots(t *report.TieOuts, i int) {
	o, complete, counted := d.organizations[i], 0, 0
	for _, s := range o.since {
		counted += s.Changes
		if s.Outcome == snapshot.Complete {
			complete++
		}
	}
	rows := d.sheets.changes.Size(i)
	t.Compare(i, "Complete snapshots in the database after the opening one = those of the sheet Snapshots",
		o.totals.Complete, complete, "")
	t.Compare(i, "Changes that the snapshots counted − removed by retention = rows of the sheet Changes",
		counted-o.lost, rows, "")
	t.Compare(i, "Changes in the database view = rows of the sheet Changes", o.totals.Changes, rows, "")
}

// tieConfigurations compares the configurations at the two ends with what the database counts as
// added less removed between them.
func (o *organization) tieConfigurations(t *report.TieOuts, i int, c *configurations, moved int) {
	check := c.plural + " at the start + added + reappeared − removed = at the end"
	if why := cmp.Or(c.unknown, o.lostChanges()); why != "" {
		t.NotAssessed(i, check, why)
		return
	}
	t.Compare(i, check, c.size(c.first)+moved, c.size(c.last), "")
}

// tieNet compares the net change with the sizes of the two snapshots that it is between.
func (o *organization) tieNet(t *report.TieOuts, i int) {
	const check = "SCIM configurations at the start + net added − net removed = at the end"
	if o.net.after == nil {
		t.NotAssessed(i, check, "there are no two complete snapshots that retention has left")
		return
	}
	expected := o.net.before.SCIMConfigurations +
		moved(o.net.changes, diff.SCIMConfiguration, diff.Added, diff.Reappeared) -
		moved(o.net.changes, diff.SCIMConfiguration, diff.Removed)
	t.Compare(i, check, expected, o.net.after.SCIMConfigurations, "")
}

func (o *organization) tieFindings(t *report.TieOuts, i int) {
	const (
		start = "Findings open in the opening snapshot = those of the sheet Findings from before the period"
		end   = "Findings open in the opening snapshot + opened − closed = open in the closing snapshot"
	)
	if lost := o.lostOf("findings"); lost != "" {
		t.NotAssessed(i, start, lost)
		t.NotAssessed(i, end, lost)
		return
	}
	items := o.findingItems()
	if o.opening == nil {
		t.NotAssessed(i, start, "there is no complete snapshot before the period")
	} else {
		t.Compare(i, start, o.openAtStart, total(items, openAtStart), "")
	}
	t.Compare(i, end, o.openAtStart+total(items, opened)-total(items, stateClosed), o.openAtEnd, "")
}
