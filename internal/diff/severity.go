package diff

import (
	"cmp"
	"slices"
)

// Severity is how much a change or a finding matters.
type Severity string

// The severities, from the most to the least serious.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities is every severity, the most serious first.
var Severities = []Severity{Critical, High, Medium, Low, Info}

// rule is the severity of a kind of change for a type of subject.
type rule struct {
	kind     Kind
	severity Severity
}

// precedence lists the kinds of change that each type of subject can have, in the order in which
// the changes of one subject are reported.
var precedence = map[SubjectType][]rule{
	SCIMConfiguration: {
		{OrganizationChanged, Critical},
		{CreatedAtChanged, Critical},
		{Removed, High},
		{Added, Medium},
		{Reappeared, High},
		{Disabled, High},
		{Enabled, Medium},
		{SSOUnlinked, High},
		{SSORelinked, High},
		{SSOLinked, Low},
		{UnverifiedLinkingAllowed, High},
		{UnverifiedLinkingDisallowed, Low},
		{TokenRotated, Medium},
		{TokenExpiryReported, Info},
		{TokenExpiryLost, Info},
		{Renamed, Low},
		{OrganizationNotStated, Info},
		{OrganizationStated, Info},
		{FieldChanged, Info},
		{OnlyUpdatedAtChanged, Info},
		{UpdatedAtRegressed, Medium},
	},
	SSOConfiguration: {
		{Added, Medium},
		{Removed, High},
		{Reappeared, Medium},
		{Disabled, High},
		{Enabled, Medium},
		{Renamed, Low},
		{IssuerChanged, High},
		{ClientIDChanged, Medium},
		{DomainsChanged, Medium},
		{ClaimsChanged, High},
		{FieldChanged, Low},
	},
	Organization: {
		{RestrictionLifted, High},
		{RestrictionSet, Low},
		{InviteDomainAdded, High},
		{InviteDomainRemoved, Low},
		{FieldFirstReported, Info},
		{FieldChanged, Info},
	},
	Member: {
		{Joined, Medium},
		{Left, Low},
		{Suspended, Low},
		{Reinstated, High},
		{RoleRaised, High},
		{RoleLowered, Low},
		{LoginChanged, High},
		{EmailChanged, Low},
		{FieldChanged, Low},
	},
}

// severity returns "" for a kind that this type of subject cannot have.
func severity(t SubjectType, k Kind) Severity {
	for _, r := range precedence[t] {
		if r.kind == k {
			return r.severity
		}
	}
	return ""
}

// sortByPrecedence orders the changes of one subject; those of the same kind keep their order.
func sortByPrecedence(rows []Change) {
	rank := func(c Change) int {
		return slices.IndexFunc(precedence[c.SubjectType], func(r rule) bool { return r.kind == c.Kind })
	}
	slices.SortStableFunc(rows, func(x, y Change) int { return cmp.Compare(rank(x), rank(y)) })
}
