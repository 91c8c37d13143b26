package period

import (
	"context"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// members are the snapshots at whose members the report looks: the last one before the period that
// could read them, else the first one in it, and the last one in it; nil if there is none.
type members struct {
	first, last *taken
	// activeAtFirst and activeAtLast count those who are active; nil if retention removed the content.
	activeAtFirst, activeAtLast any
}

func asked(s *taken) bool {
	return s.MembersSetting == snapshot.MembersOn || s.MembersSetting == snapshot.MembersRedacted
}

// ofMembers reports whether the settings asked for members in the period or in an opening snapshot.
func (p *Period) ofMembers() bool {
	for _, o := range p.organizations {
		if o.ofMembers() {
			return true
		}
	}
	return false
}

func (o *organization) ofMembers() bool {
	return countOf(o.complete, asked) > 0
}

// readMembers finds the snapshots at both ends, and counts who is active in them.
func (o *organization) readMembers(ctx context.Context, store *snapshot.Store) (err error) {
	m := &o.members
	if !o.ofMembers() {
		return nil
	}
	if o.opening != nil {
		if m.first, err = snapshotOrNil(store.LastRead(ctx, o.id, snapshot.PartMembers, o.opening.ID)); err != nil {
			return err
		}
	}
	for _, s := range o.complete {
		if s != o.opening && asked(s) && s.MembersNotAssessed == "" {
			if m.first == nil {
				m.first = s
			}
			m.last = s
		}
	}
	if m.activeAtFirst, err = active(ctx, store, m.first); err != nil {
		return err
	}
	m.activeAtLast, err = active(ctx, store, m.last)
	return err
}

// active counts the members of a snapshot who have access; nil if they are not known.
func active(ctx context.Context, store *snapshot.Store, s *taken) (any, error) {
	if s == nil || !intact(s) {
		return nil, nil
	}
	inventory, err := store.Inventory(ctx, s.header())
	return countOf(inventory.Members, finding.HasAccess), err
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
	add := func(name string, count any, remark string) {
		d.count(item{o.index, "Members", name, ""}, count, remark)
	}
	atStart := o.opening == nil || m.first == nil || m.first.ID <= o.opening.ID
	d.countMembersIn(add, "at the start", m.first, m.activeAtFirst, atStart, "first")
	unknown := o.membersUnknown()
	for _, movement := range movements {
		count, remark := any(countKinds(o.changes, diff.Member, movement.kind)), atLeast(o.lostChanges())
		if unknown != "" {
			count, remark = nil, unknown
		}
		add(movement.name, count, remark)
	}
	d.countMembersIn(add, atEnd, m.last, m.activeAtLast, m.last == o.closing, "last")
}

// countMembersIn counts the members in the first or the last snapshot that could read them. known
// reports whether this is the count at the start or the end of the period.
func (d *document) countMembersIn(add func(name string, count any, remark string), name string, s *taken,
	activeIn any, known bool, which string) {
	switch {
	case s == nil:
		add("listed "+name, nil, "not assessed: no snapshot could read them")
	case !known:
		add("listed "+name, nil, fmt.Sprintf("not known: the %s snapshot that could read them, taken at %s, has %d", which,
			report.UTC(s.TakenAt), s.Members))
	default:
		add("listed "+name, s.Members, "snapshot taken at "+report.UTC(s.TakenAt))
		remark := "of these"
		if activeIn == nil {
			remark = "not known: retention deleted the content of the snapshot"
		}
		add("active "+name, activeIn, remark)
	}
}

// membersUnknown returns why the numbers of those who joined and left are not known, or "".
func (o *organization) membersUnknown() string {
	switch m := &o.members; {
	case m.first == nil:
		return "not assessed: no snapshot could read them"
	case m.last == nil:
		return "not known: no later snapshot in the period could read them"
	case m.first.ID == m.last.ID:
		return "not known: only one snapshot could read them"
	case m.first.MembersSaltID != m.last.MembersSaltID:
		return "not known: the snapshots store them in different forms"
	}
	return ""
}

// tieMembers compares the numbers of listed members at both ends with the changes.
func (o *organization) tieMembers(t *report.TieOuts) {
	if !o.ofMembers() {
		return
	}
	const check = "Members listed at the start + newly listed − no longer listed = at the end"
	reason := o.membersUnknown()
	if reason == "" {
		reason = o.lostChanges()
	}
	if reason == "" && countOf(o.complete, func(s *taken) bool { return !asked(s) }) > 0 {
		reason = "the settings did not ask for members in every night"
	}
	if reason != "" {
		t.NotAssessed(o.index, check, reason)
		return
	}
	moved := 0
	for i := range o.changes {
		moved += report.Listed(&o.changes[i].Change)
	}
	t.Compare(o.index, check, o.members.first.Members+moved, o.members.last.Members, "")
}
