package diff

import (
	"cmp"

	"scim-auditor/internal/ona"
)

// members does not compare avatarUrl: a picture gives nobody access, and a server may sign its
// address anew for each answer.
var members = configurations[ona.OrganizationMember]{
	subject: Member,
	plural:  "members",
	id:      func(m *ona.OrganizationMember) string { return m.UserID },
	name:    func(m *ona.OrganizationMember) string { return MemberName(*m) },
	unknown: func(m *ona.OrganizationMember) unknownFields { return m.Unknown },
	fields: compared([]field[ona.OrganizationMember]{
		{name: StatusField, kind: FieldChanged, refine: refineStatus},
		{name: "role", kind: FieldChanged, refine: refineRole},
		{name: "loginProvider", kind: LoginChanged, refine: refineReported, optional: true},
		{name: "email", kind: EmailChanged, refine: refineReported, optional: true},
		{name: "fullName", kind: FieldChanged, refine: refineUnreported, optional: true},
		{name: "memberSince", kind: FieldChanged, refine: refineUnreported, optional: true},
	}),
}

// StatusField is the field of a change of a member's status. Before or After is empty if only one
// of the inventories lists the member.
const StatusField = "status"

// MemberName returns what reports call a member: the full name, or else the e-mail address.
func MemberName(m ona.OrganizationMember) string { return cmp.Or(m.FullName, m.Email) }

// compareMembers returns the changes of the members and, as fieldChanges, the changes of the
// organization that replace the changes of one field in many members.
func compareMembers(before, after []ona.OrganizationMember) (rows, fieldChanges []Change) {
	pairs := members.match(before, after)
	fieldChanges, covered := members.compareReporting(pairs)
	for _, p := range pairs {
		switch {
		case p.before == nil:
			rows = append(rows, members.about(p.after, newlyListed(p.after)))
		case p.after == nil:
			rows = append(rows, members.about(p.before, noLongerListed(p.before)))
		default:
			rows = append(rows, members.changed(p, covered)...)
		}
	}
	return rows, fieldChanges
}

// newlyListed returns the change of a member that the baseline does not list. A suspended or left
// one may be listed only because the token has more rights than before.
func newlyListed(m *ona.OrganizationMember) Change {
	if m.Status == ona.UserStatusSuspended || m.Status == ona.UserStatusLeft {
		return Change{Kind: FieldChanged, Field: StatusField, After: m.Status,
			Note: "not listed in the baseline: whether it joined since then cannot be told"}
	}
	return Change{Kind: Joined, After: m.Canonical()}
}

// noLongerListed returns the change of a member that is listed no longer. A suspended or left one
// may be missing only because the token has fewer rights than before.
func noLongerListed(m *ona.OrganizationMember) Change {
	if m.Status == ona.UserStatusSuspended || m.Status == ona.UserStatusLeft {
		return Change{Kind: FieldChanged, Field: StatusField, Before: m.Status,
			Note: "no longer listed: why cannot be told"}
	}
	return Change{Kind: Left, Before: m.Canonical(), Note: "no longer listed"}
}

// refineStatus keeps FieldChanged if either status is not reported or not known to this version.
func refineStatus(row *Change, before, after value) {
	known := func(v value) bool {
		return v.text == ona.UserStatusActive || v.text == ona.UserStatusSuspended || v.text == ona.UserStatusLeft
	}
	switch {
	case !known(before) || !known(after):
	case after.text == ona.UserStatusLeft:
		row.Kind = Left
	case after.text == ona.UserStatusSuspended:
		row.Kind = Suspended
	default:
		row.Kind = Reinstated
	}
	if row.Kind != FieldChanged && before.text == ona.UserStatusLeft {
		row.AddNote("had left")
	}
}

// refineRole keeps FieldChanged for a role that is not reported or not known to this version, with
// the severity of a raise if it becomes that of an admin.
func refineRole(row *Change, before, after value) {
	switch {
	case before.text == ona.OrganizationRoleMember && after.text == ona.OrganizationRoleAdmin:
		row.Kind = RoleRaised
	case before.text == ona.OrganizationRoleAdmin && after.text == ona.OrganizationRoleMember:
		row.Kind = RoleLowered
	case after.text == ona.OrganizationRoleAdmin:
		row.Severity = High
	}
}

// refineReported keeps the kind only if both values are reported: if a server starts or stops
// reporting a field, the value did not change.
func refineReported(row *Change, before, after value) {
	if !before.reported() || !after.reported() {
		row.Kind = FieldChanged
		row.noteIfUnreported()
	}
}
