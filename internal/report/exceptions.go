package report

import (
	"fmt"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// acceptance is an exception and its organization; RunLevel for an exception that matches in
// none.
type acceptance struct {
	organization int
	*snapshot.Acceptance
}

// acceptances returns the exceptions of the run. An exception without an organization id is
// listed for each organization in which it matches something. If there is none, the run lists
// it once.
func (r *report) acceptances() []acceptance {
	matches := make(map[finding.Exception]bool)
	for _, o := range r.Organizations {
		for _, a := range o.Acceptances {
			matches[a.Exception] = matches[a.Exception] || a.Bearing != finding.Unmatched
		}
	}
	var all []acceptance
	for i, o := range r.Organizations {
		for j := range o.Acceptances {
			a := &o.Acceptances[j]
			switch {
			case a.Bearing != finding.Unmatched || a.OrganizationID != "" || len(r.Organizations) == 1:
				all = append(all, acceptance{i, a})
			case !matches[a.Exception]: // and not listed yet
				one := *a
				if r.incomplete() > 0 { // it may match something in an organization that failed
					one.Bearing = finding.Open
				}
				all, matches[a.Exception] = append(all, acceptance{table.RunLevel, &one}), true
			}
		}
	}
	return all
}

func (a acceptance) state() string {
	if a.InForce {
		return "in force"
	}
	return "expired"
}

// exceptionTables list every exception, and whether it covers anything: the first one for its
// sheet, the second one for the summary.
func (r *report) exceptionTables() (exceptions, accepted *table.Table) {
	exceptions, accepted = r.table("Exceptions"), table.New("", nil, columnsOf["Accepted"]...)
	for _, a := range r.acceptances() {
		label, by := "", a.Owner+": "+a.Reason
		if a.organization != table.RunLevel {
			label = r.label(a.organization)
		}
		if a.Ticket != "" {
			by += " (" + a.Ticket + ")"
		}
		exceptions.Add(a.organization, a.RuleID, a.state(), string(a.Bearing), label, a.SubjectID, a.OrganizationID,
			a.Owner, table.Day(a.Expires), a.Reason, a.Ticket, a.Findings)
		accepted.Add(a.organization, r.names.Of(a.organization), by, a.effect(), a.state(), a.RuleID, table.Day(a.Expires))
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			exceptions.Alarm(i, fmt.Sprintf("%s: %s: its accepted findings are not known", NotComplete, r.label(i)))
		}
	}
	accepted.Remarks = exceptions.Remarks
	return exceptions, accepted
}

// effect returns the subject of an exception and what the exception covers.
func (a acceptance) effect() string {
	subject := a.SubjectID
	if subject == "" {
		subject = "every subject of organization " + a.OrganizationID
	}
	switch {
	case a.Bearing == finding.Open:
		return subject + ": not known whether it matches a failure"
	case a.Bearing == finding.Applied && a.InForce:
		return subject + ": covers " + Count(a.Findings, "finding")
	case a.Bearing == finding.Applied:
		return subject + ": expired, no longer covers " + Count(a.Findings, "finding")
	}
	return subject + ": matches no failure"
}
