package period

import (
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
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
		t.Compare(i, "Complete snapshots in the database after the opening one = those of the sheet Snapshots",
			o.totals.Complete, o.completeSince(), "")
		d.tieChanges(&t, i)
		o.tieConfigurations(&t, i, &o.scim, o.totals.SCIMAdded-o.totals.SCIMGone)
		o.tieConfigurations(&t, i, &o.sso, o.totals.SSOAdded-o.totals.SSOGone)
		o.net.tie(&t, i)
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

// completeSince counts the complete snapshots after the opening one.
func (o *organization) completeSince() int {
	if o.opening != nil {
		return len(o.complete) - 1
	}
	return len(o.complete)
}

func (d *document) tieChanges(t *report.TieOuts, index int) {
	o, counted := d.organizations[index], 0
	for _, s := range o.since {
		counted += s.Changes
	}
	rows := d.sheets.changes.Size(index)
	t.Compare(index, "Changes that the snapshots counted − removed by retention = rows of the sheet Changes",
		counted-o.lost, rows, "")
	t.Compare(index, "Changes in the database view = rows of the sheet Changes", o.totals.Changes, rows, "")
}

// tieConfigurations compares the configurations at the two ends with what the database counts as
// added less removed between them.
func (o *organization) tieConfigurations(t *report.TieOuts, index int, c *configurations, moved int) {
	check := c.plural + " at the start + added + reappeared − removed = at the end"
	switch {
	case c.unknown != "":
		t.NotAssessed(index, check, c.unknown)
	case o.lost > 0:
		t.NotAssessed(index, check, "retention removed changes of the period")
	default:
		t.Compare(index, check, c.size(c.first)+moved, c.size(c.last), "")
	}
}

// tie compares the net change with the sizes of the two snapshots that it is between.
func (n *netChange) tie(t *report.TieOuts, index int) {
	const check = "SCIM configurations at the start + net added − net removed = at the end"
	if n.after == nil {
		t.NotAssessed(index, check, "there are no two complete snapshots that retention has left")
		return
	}
	expected := n.before.SCIMConfigurations
	for _, c := range n.changes {
		switch {
		case c.SubjectType != diff.SCIMConfiguration:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			expected++
		case c.Kind == diff.Removed:
			expected--
		}
	}
	t.Compare(index, check, expected, n.after.SCIMConfigurations, "")
}

func (o *organization) tieFindings(t *report.TieOuts, index int) {
	const (
		start = "Findings open in the opening snapshot = those of the sheet Findings from before the period"
		end   = "Findings open in the opening snapshot + opened − closed = open in the closing snapshot"
	)
	items := o.findingItems()
	switch {
	case len(o.pruned) > 0:
		t.NotAssessed(index, start, "retention removed findings of the period")
		t.NotAssessed(index, end, "retention removed findings of the period")
		return
	case o.opening == nil:
		t.NotAssessed(index, start, "there is no complete snapshot before the period")
	default:
		t.Compare(index, start, o.openAtStart, total(items, openAtStart), "")
	}
	expected := o.openAtStart + total(items, opened) - total(items, stateClosed)
	t.Compare(index, end, expected, o.openAtEnd, "")
}
