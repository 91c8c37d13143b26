package report

import (
	"fmt"

	"scim-auditor/internal/snapshot"
)

var standingColumns = []column{
	{"Rule", "rule_id"},
	{"State at the end", "state"},
	{"Organization", "organization"},
	{"Subject ID", "subject_id"},
	{"For organization ID", "accepted_organization_id"},
	{"Accepted by", "owner"},
	{"Last day, in UTC", "expires"},
	{"Reason", "reason"},
	{"Ticket", "ticket"},
	{"First snapshot with it (UTC)", "first_seen"},
	{"Last snapshot with it (UTC)", "last_seen"},
	{"Snapshots with it", "snapshots"},
	{"In force in", "in_force"},
	{"Covered something in", "applied"},
	{"Most findings at once", "findings"},
}

// exceptionTable has the exceptions that the snapshots of the period saw. One that names no organization stands with those in which it covered
// something or might have, and with the first where it did in none.
func (v *periodView) exceptionTable() *table {
	t := &table{
		name: "Exceptions", file: fileExceptions, columns: standingColumns,
		rows: rowsOfPeriod(v, v.bearing, func(label string, o *periodOrganization, x *snapshot.Standing) []any {
			return []any{
				x.RuleID, o.standingState(x), label, x.SubjectID, x.OrganizationID, x.Owner, day(x.Expires), x.Reason, x.Ticket,
				x.First, x.Last, x.Snapshots, x.InForce, x.Applied, x.Findings,
			}
		}),
	}
	for i, o := range v.each() {
		if n := len(o.pruned()); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: retention removed the exceptions of %s", wordNotComplete, v.labels[i], count(n, "snapshot")), true})
		}
	}
	return t
}

// bearing are the exceptions that are told with an organization.
func (v *periodView) bearing(o *periodOrganization) []snapshot.Standing {
	var all []snapshot.Standing
	for i := range o.standings {
		x := &o.standings[i]
		if x.OrganizationID != "" || x.Applied+x.Open > 0 || v.firstWith(x) == o && !v.bears(x) {
			all = append(all, *x)
		}
	}
	return all
}

func (v *periodView) firstWith(x *snapshot.Standing) *periodOrganization {
	for _, o := range v.each() {
		for i := range o.standings {
			if o.standings[i].Exception == x.Exception {
				return o
			}
		}
	}
	return nil
}

// bears says whether an exception covered something, or might have, in any organization.
func (v *periodView) bears(x *snapshot.Standing) bool {
	for _, o := range v.each() {
		for i := range o.standings {
			if s := &o.standings[i]; s.Exception == x.Exception && s.Applied+s.Open > 0 {
				return true
			}
		}
	}
	return false
}

// standingState is how an exception stood in the closing snapshot.
func (o *periodOrganization) standingState(x *snapshot.Standing) string {
	switch {
	case o.closing == nil || !whole(o.closing):
		return "not known"
	case x.Last.Before(o.closing.TakenAt):
		return "withdrawn"
	case x.InForce == 0 || !x.Exception.InForce(o.closing.TakenAt):
		return "expired"
	}
	return "in force"
}
