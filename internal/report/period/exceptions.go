package period

import (
	"slices"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// placeExceptions leaves an exception that names no organization with those organizations in which it
// covered something or might have, or with the first one where it did in none.
func (p *Period) placeExceptions() {
	covers, placed := make(map[finding.Exception]bool), make(map[finding.Exception]bool)
	for _, o := range p.organizations {
		for _, x := range o.exceptions {
			covers[x.Exception] = covers[x.Exception] || x.Applied+x.Open > 0
		}
	}
	for _, o := range p.organizations {
		o.exceptions = slices.DeleteFunc(o.exceptions, func(x snapshot.Standing) bool {
			stays := x.OrganizationID != "" || x.Applied+x.Open > 0 || !covers[x.Exception] && !placed[x.Exception]
			placed[x.Exception] = placed[x.Exception] || stays
			return !stays
		})
	}
}

const exceptionInForce = "in force"

// exceptionState is how an exception stood in the closing snapshot.
func (o *organization) exceptionState(x *snapshot.Standing) string {
	switch {
	case o.closing == nil || !intact(o.closing):
		return "not known"
	case x.Last.Before(o.closing.TakenAt):
		return "withdrawn"
	case x.InForce == 0 || !x.Exception.InForce(o.closing.TakenAt):
		return "expired"
	}
	return exceptionInForce
}

// exceptionTable has the exceptions that the snapshots of the period saw.
func (d *document) exceptionTable() *table.Table {
	t := d.table("Exceptions")
	for i, o := range d.organizations {
		for j := range o.exceptions {
			x := &o.exceptions[j]
			t.Add(i, x.RuleID, o.exceptionState(x), o.name, x.SubjectID, x.OrganizationID, x.Owner, table.Day(x.Expires),
				x.Reason, x.Ticket, x.First, x.Last, x.Snapshots, x.InForce, x.Applied, x.Findings)
		}
		d.missing(t, i, o.lostOf("exceptions"))
	}
	return t
}
