package report

import (
	"fmt"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// accepted is an exception in one organization, or in none of the run's.
type accepted struct {
	organization int
	*snapshot.Acceptance
}

// accepted are the exceptions of the run. One that names no organization stands with those in which
// it matches something, and once for the run where it does so in none.
func (r *report) accepted() []accepted {
	matches := make(map[finding.Exception]bool)
	for _, o := range r.Organizations {
		for _, a := range o.Acceptances {
			matches[a.Exception] = matches[a.Exception] || a.Bearing != finding.Unmatched
		}
	}
	var all []accepted
	listed := make(map[finding.Exception]bool)
	for i, o := range r.Organizations {
		for j := range o.Acceptances {
			a := &o.Acceptances[j]
			switch {
			case a.Bearing != finding.Unmatched || a.OrganizationID != "" || len(r.Organizations) == 1:
				all = append(all, accepted{i, a})
			case !matches[a.Exception] && !listed[a.Exception]:
				one := *a
				if r.incomplete() > 0 { // it may match something in the others
					one.Bearing = finding.Open
				}
				all, listed[a.Exception] = append(all, accepted{table.RunLevel, &one}), true
			}
		}
	}
	return all
}

func (a accepted) state() string {
	if a.InForce {
		return "in force"
	}
	return "expired"
}

// exceptionTable has every exception with who accepted what until when, and whether it covers
// anything.
func (r *report) exceptionTable() *table.Table {
	t := r.table("Exceptions")
	for _, a := range r.accepted() {
		label := ""
		if a.organization != table.RunLevel {
			label = r.label(a.organization)
		}
		t.Add(a.organization, a.RuleID, a.state(), string(a.Bearing), label, a.SubjectID, a.OrganizationID, a.Owner,
			table.Day(a.Expires), a.Reason, a.Ticket, a.Findings)
	}
	r.remarkExceptions(t)
	return t
}

// remarkExceptions says where it is not known whether an exception matches anything.
func (r *report) remarkExceptions(t *table.Table) {
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Alarm(i, fmt.Sprintf("%s: %s: which of its findings are accepted was not assessed", NotComplete, r.label(i)))
		}
	}
}

// acceptedTable is the exceptions as the summary's columns hold them.
func (r *report) acceptedTable() *table.Table {
	t := table.New("", nil, columnsOf["Accepted"]...)
	for _, a := range r.accepted() {
		by := a.Owner + ": " + a.Reason
		if a.Ticket != "" {
			by += " (" + a.Ticket + ")"
		}
		t.Add(a.organization, r.names.Of(a.organization), by, a.cameTo(), a.state(), a.RuleID, table.Day(a.Expires))
	}
	r.remarkExceptions(t)
	return t
}

// cameTo says what an exception is for and what it did.
func (a accepted) cameTo() string {
	subject := a.SubjectID
	if subject == "" {
		subject = "every subject of organization " + a.OrganizationID
	}
	switch {
	case a.Bearing == finding.Open:
		return subject + ": not assessed: what it is for could not be"
	case a.Bearing == finding.Applied && a.InForce:
		return subject + ": covers " + Count(a.Findings, "finding")
	case a.Bearing == finding.Applied:
		return subject + ": expired: fails again in " + Count(a.Findings, "finding")
	}
	return subject + ": matches nothing that fails"
}
