package report

import (
	"fmt"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

var exceptionColumns = []column{
	{"Rule", "rule_id"},
	{"State", "state"},
	{"Bearing", "bearing"},
	{"Organization", "organization"},
	{"Subject ID", "subject_id"},
	{"For organization ID", "accepted_organization_id"},
	{"Accepted by", "owner"},
	{"Last day, in UTC", "expires"},
	{"Reason", "reason"},
	{"Ticket", "ticket"},
	{"Findings", "findings"},
}

// accepted is an exception in one organization, or in none of the run's when organization is runLevel.
type accepted struct {
	organization int
	*snapshot.Acceptance
}

// exceptions is the exceptions of the run. One that names no organization stands with those in which it bears on something, and once for
// the run where it does in none.
func (v *view) exceptions() []accepted {
	bears := make(map[finding.Exception]bool)
	for _, o := range v.each() {
		for _, a := range o.Acceptances {
			bears[a.Exception] = bears[a.Exception] || a.Bearing != finding.Unmatched
		}
	}
	var all []accepted
	told := make(map[finding.Exception]bool)
	for i, o := range v.each() {
		for j := range o.Acceptances {
			a := &o.Acceptances[j]
			switch {
			case a.Bearing != finding.Unmatched || a.OrganizationID != "" || len(v.Organizations) == 1:
				all = append(all, accepted{i, a})
			case !bears[a.Exception] && !told[a.Exception]:
				all, told[a.Exception] = append(all, accepted{runLevel, v.anywhere(*a)}), true
			}
		}
	}
	return all
}

// anywhere is an exception that bears on nothing in the organizations that were assessed.
func (v *view) anywhere(a snapshot.Acceptance) *snapshot.Acceptance {
	if v.incomplete() > 0 {
		a.Bearing = finding.Open
	}
	return &a
}

func (a accepted) state() string {
	if a.InForce {
		return "in force"
	}
	return "expired"
}

// exceptionTable has every exception with who accepted what until when, and whether it covers anything.
func (v *view) exceptionTable() *table {
	var rows []row
	for _, a := range v.exceptions() {
		rows = append(rows, row{a.organization, []any{
			a.RuleID, a.state(), string(a.Bearing), v.label(a.organization), a.SubjectID, a.OrganizationID, a.Owner,
			day(a.Expires), a.Reason, a.Ticket, a.Findings,
		}})
	}
	return &table{name: "Exceptions", file: fileExceptions, columns: exceptionColumns, rows: rowList(rows), remarks: v.exceptionRemarks()}
}

// exceptionRemarks says where it is not known whether an exception matches anything.
func (v *view) exceptionRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, remark{i, fmt.Sprintf("%s: %s: which of its findings are accepted was not assessed", wordNotComplete, v.label(i)), true})
		}
	}
	return all
}

// exceptionSummary is the exceptions as the summary's columns hold them.
func (v *view) exceptionSummary() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Accepted by, and why", "reason"}, {"For, and what came of it", "bearing"}, {"State", "state"},
		{"Rule", "rule_id"}, {"Last day, in UTC", "expires"},
	}}
	var rows []row
	for _, a := range v.exceptions() {
		by := a.Owner + ": " + a.Reason
		if a.Ticket != "" {
			by += " (" + a.Ticket + ")"
		}
		rows = append(rows, row{a.organization, []any{v.scope(a.organization), by, a.cameTo(), a.state(), a.RuleID, day(a.Expires)}})
	}
	t.rows, t.remarks = rowList(rows), v.exceptionRemarks()
	return t
}

// cameTo says what an exception is for and what it did.
func (a accepted) cameTo() string {
	subject := orText(a.SubjectID, "every subject of organization "+a.OrganizationID)
	result := "matches nothing that fails"
	switch {
	case a.Bearing == finding.Open:
		result = "not assessed: what it is for could not be"
	case a.Bearing == finding.Applied && a.InForce:
		result = "covers " + count(a.Findings, "finding")
	case a.Bearing == finding.Applied:
		result = "expired: fails again in " + count(a.Findings, "finding")
	}
	return subject + ": " + result
}
