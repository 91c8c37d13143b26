package period

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// members are the snapshots at whose members the report looks: the last one before the period that
// could read them, unless the settings did not ask for them since, else the first one in it, and
// the last one in it; nil if there is none.
type members struct {
	ends
	// atFirst and atLast count the members in them.
	atFirst, atLast activity
}

// activity counts the members who are active, and those whose status is not known; active is nil if
// retention removed the content.
type activity struct {
	active  any
	unknown int
}

func asked(s *taken) bool {
	return s.MembersSetting == snapshot.MembersOn || s.MembersSetting == snapshot.MembersRedacted
}

// ofMembers reports whether the settings asked for members in the period or in an opening snapshot.
func (p *Period) ofMembers() bool {
	return slices.ContainsFunc(p.organizations, (*organization).ofMembers)
}

func (o *organization) ofMembers() bool {
	return slices.ContainsFunc(o.complete, asked)
}

// readMembers finds the snapshots at both ends, and counts who is active in them.
func (o *organization) readMembers(ctx context.Context, store *snapshot.Store) (err error) {
	m := &o.members
	m.ends = ends{plural: "Members", kind: diff.Member, size: func(s *taken) int { return s.Members }}
	if !o.ofMembers() {
		return nil
	}
	if o.opening != nil {
		if m.first, err = snapshotOrNil(store.MembersBaseline(ctx, o.opening.header())); err != nil {
			return err
		}
	}
	for _, s := range o.complete {
		if s != o.opening && asked(s) && s.MembersNotAssessed == "" {
			m.first, m.last = cmp.Or(m.first, s), s
		}
	}
	if m.atFirst, err = activityIn(ctx, store, m.first); err != nil {
		return err
	}
	m.atLast, err = activityIn(ctx, store, m.last)
	return err
}

func activityIn(ctx context.Context, store *snapshot.Store, s *taken) (activity, error) {
	if s == nil || !intact(s) {
		return activity{}, nil
	}
	inventory, err := store.Inventory(ctx, s.header())
	active := report.CountOf(inventory.Members,
		func(m ona.OrganizationMember) bool { return m.Status == ona.UserStatusActive })
	return activity{active, report.CountOf(inventory.Members, finding.HasAccess) - active}, err
}

// movements are the changes of members that the report counts.
var movements = []struct {
	name string
	kind diff.Kind
}{
	{"joined", diff.Joined}, {"left", diff.Left}, {"suspended", diff.Suspended}, {"reinstated", diff.Reinstated},
	{"role raised", diff.RoleRaised}, {"role lowered", diff.RoleLowered},
}

// countMembers counts the members at both ends, and who joined, left or has another role.
func (d *document) countMembers(o *organization) {
	if !o.ofMembers() {
		return
	}
	m := &o.members
	isStart, isEnd := m.first == nil || m.first.ID <= o.complete[0].ID, m.last == o.closing
	d.countIn(item{o.index, m.plural, "listed " + atStart, ""}, &m.ends, m.first, isStart, "first")
	if m.first != nil && isStart {
		d.countActive(item{o.index, m.plural, "active " + atStart, ""}, m.atFirst)
	}
	unknown := o.membersUnknown()
	for _, movement := range movements {
		count, remark := any(report.CountKinds(o.changes, m.kind, movement.kind)), atLeast(o.lostChanges())
		if unknown != "" {
			count, remark = nil, unknown
		}
		d.count(item{o.index, m.plural, movement.name, ""}, count, remark)
	}
	d.countIn(item{o.index, m.plural, "listed " + atEnd, ""}, &m.ends, m.last, isEnd, "last")
	if m.last != nil && isEnd {
		d.countActive(item{o.index, m.plural, "active " + atEnd, ""}, m.atLast)
	}
}

// countActive counts the active ones of the members who are listed.
func (d *document) countActive(x item, in activity) {
	remark := "of these"
	switch {
	case in.active == nil:
		remark = "not known: retention deleted the content of the snapshot"
	case in.unknown > 0:
		remark += fmt.Sprintf("; %d whose status is not known", in.unknown)
	}
	d.count(x, in.active, remark)
}

// membersUnknown returns why the numbers of those who joined and left are not known, or "".
func (o *organization) membersUnknown() string {
	switch m := &o.members; {
	case m.unknown() != "":
		return m.unknown()
	case m.otherSettings(m.first) || slices.ContainsFunc(o.complete, func(s *taken) bool {
		return s.ID > m.first.ID && s.ID < m.last.ID && m.otherSettings(s)
	}):
		return "not known: in some nights the settings did not ask for members, or stored them in another form"
	}
	return ""
}

// otherSettings reports whether the settings of a snapshot did not ask for members, or stored them
// in another form than in the last one: a snapshot is not compared with such a one.
func (m *members) otherSettings(s *taken) bool {
	return s.MembersSetting != m.last.MembersSetting || s.MembersSaltID != m.last.MembersSaltID
}

// tieMembers compares the numbers of listed members at both ends with the changes.
func (o *organization) tieMembers(t *report.TieOuts) {
	if !o.ofMembers() {
		return
	}
	o.tieEnds(t, &o.members.ends, "Members listed at the start + newly listed − no longer listed = at the end",
		o.membersUnknown(), report.NetListed(o.changes))
}
