package diff

import (
	"cmp"
	"slices"
	"strconv"

	"scim-auditor/internal/ona"
)

// organizationFields leaves updatedAt out: it moves with every edit of anything in the
// organization.
var organizationFields = []field[ona.Organization]{
	{name: "name", kind: FieldChanged, refine: unreported,
		value: func(o *ona.Organization) value { return text(o.Name) }},
	{name: "tier", kind: FieldChanged, refine: unreported,
		value: func(o *ona.Organization) value { return text(o.Tier) }},
	{name: "createdAt", kind: FieldChanged, refine: unreported,
		value: func(o *ona.Organization) value { return value{instant: o.CreatedAt} }},
}

var policyFields = []field[ona.OrganizationPolicies]{
	{name: "restrictAccountCreationToScim", refine: turned(RestrictionSet, RestrictionLifted),
		value: func(p *ona.OrganizationPolicies) value {
			return text(strconv.FormatBool(p.RestrictAccountCreationToSCIM))
		}},
}

// compareOrganization returns the changes of the organization itself, with the summaries of its
// configurations' fields among them.
func compareOrganization(before, after ona.Inventory, summaries []Change) []Change {
	was, is := &before.Organization, &after.Organization
	rows := slices.Concat(comparePolicies(before.Policies, after.Policies), summaries,
		differences(organizationFields, was, is, was.Unknown, is.Unknown, nil))
	for i := range rows {
		rows[i].SubjectType = Organization
		rows[i].SubjectID = is.ID
		rows[i].SubjectName = cmp.Or(is.Name, was.Name)
	}
	sortByPrecedence(rows)
	return rows
}

// comparePolicies returns nothing when either side could not be read. The note distinguishes a policy from
// a field of the organization.
func comparePolicies(before, after *ona.OrganizationPolicies) []Change {
	if before == nil || after == nil {
		return nil
	}
	rows := differences(policyFields, before, after, before.Unknown, after.Unknown, nil)
	for i := range rows {
		rows[i].AddNote("organization policy")
	}
	return rows
}
