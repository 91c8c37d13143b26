package report

import (
	"scim-auditor/internal/diff"
	"scim-auditor/internal/snapshot"
)

// tieOuts checks each population against a second source: what the snapshots themselves tell, what the store's views count, and what the sheets
// show.
func (v *periodView) tieOuts() []tieOut {
	if v.ties != nil {
		return v.ties
	}
	nights, changes := v.nightTable(), v.changeTable()
	for i, o := range v.each() {
		v.tieNights(i, nights)
		if o.id == "" {
			v.untied(i, "all but the nights", "its id is not known: no snapshot of it was ever complete")
			continue
		}
		v.tie(i, "Complete snapshots in the database after the opening one = those of the sheet Snapshots", o.counts.Complete, o.completeWithin())
		v.tie(i, "Changes that the snapshots counted − removed by retention = rows of the sheet Changes", o.toldChanges()-o.lostChanges(), changes.sizeOf(i))
		v.tie(i, "Changes in the database view = rows of the sheet Changes", o.counts.Changes, changes.sizeOf(i))
		v.tieConfigurations(i, populationSCIM, o.scimOpening(), o.closing, scimCount, o.counts.SCIMAdded-o.counts.SCIMGone)
		v.tieConfigurations(i, populationSSO, o.ssoOpening, o.ssoClosing, ssoCount, o.counts.SSOAdded-o.counts.SSOGone)
		v.tieNet(i)
		v.tieFindings(i)
	}
	different := make(map[string]bool)
	for r := range nights.rows {
		different[plain(r.cells[0])] = true
	}
	v.tie(runLevel, "Nights of the schedules in the period = different nights of the sheet Nights", len(v.Nights), len(different))
	return v.ties
}

func (v *periodView) tie(organization int, check string, first, second int) {
	t := tieOut{organization, check, first, second, ties, ""}
	if first != second {
		t.verdict = doesNotTie
	}
	v.ties = append(v.ties, t)
}

func (v *periodView) untied(organization int, check, why string) {
	v.ties = append(v.ties, tieOut{organization, check, nil, nil, notChecked, why})
}

func (v *periodView) tieNights(organization int, nights *table) {
	o, expected := &v.Organizations[organization], len(v.Nights)
	if o.opening == nil {
		expected = v.since(o.begins)
	}
	v.tie(organization, "Nights of the schedules since it was first tried = rows of the sheet Nights", expected, nights.sizeOf(organization))
}

func (o *periodOrganization) completeWithin() int {
	n := 0
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			n++
		}
	}
	return n
}

func (o *periodOrganization) toldChanges() int {
	n := 0
	for _, s := range o.within() {
		n += s.Changes
	}
	return n
}

func (v *periodView) tieConfigurations(organization int, population string, opening, closing *snapshot.Snapshot, of func(*snapshot.Snapshot) int, moved int) {
	check := population + " at the start + added + reappeared − removed = at the end"
	switch o := &v.Organizations[organization]; {
	case opening == nil || closing == nil:
		v.untied(organization, check, "no two snapshots could read them")
	case opening.ID == closing.ID:
		v.untied(organization, check, "one snapshot alone could read them")
	case o.lostChanges() > 0:
		v.untied(organization, check, "retention removed changes of the period")
	default:
		v.tie(organization, check, of(opening)+moved, of(closing))
	}
}

// tieNet holds the net change against the sizes of the two snapshots that it is between.
func (v *periodView) tieNet(organization int) {
	const check = "SCIM configurations at the start + net added − net removed = at the end"
	n := &v.Organizations[organization].net
	if n.after == nil {
		v.untied(organization, check, "there are no two complete snapshots that retention has left")
		return
	}
	moved := 0
	for i := range n.changes {
		switch c := &n.changes[i]; {
		case c.SubjectType != diff.SCIMConfiguration:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			moved++
		case c.Kind == diff.Removed:
			moved--
		}
	}
	v.tie(organization, check, n.before.SCIMConfigurations+moved, n.after.SCIMConfigurations)
}

func (v *periodView) tieFindings(organization int) {
	o := &v.Organizations[organization]
	before, closed := 0, 0
	for i := range o.episodes {
		e := &o.episodes[i]
		if o.before(e) {
			before++
		}
		if e.state() == episodeClosed {
			closed++
		}
	}
	const start, end = "Findings open in the opening snapshot = those of the sheet Findings from before the period",
		"Findings open in the opening snapshot + opened − closed = open in the closing snapshot"
	if len(o.pruned()) > 0 {
		v.untied(organization, start, "retention removed findings of the period")
		v.untied(organization, end, "retention removed findings of the period")
		return
	}
	if o.opening == nil {
		v.untied(organization, start, "there is no complete snapshot before the period")
	} else {
		v.tie(organization, start, o.startsWith.count, before)
	}
	v.tie(organization, end, o.startsWith.count+len(o.episodes)-before-closed, o.endsWith.count)
}
