package diff

import (
	"cmp"
	"slices"
	"strconv"

	"scim-auditor/internal/ona"
)

// Compute returns what changed between two complete inventories of one organization: SCIM
// configurations, then SSO configurations, then the organization; within each by id; within a
// subject by the precedence of its kinds. It panics when an inventory is not sorted as
// ona.Inventory promises.
//
// Seen reports whether a snapshot older than the baseline has the configuration, which makes it
// Reappeared and not Added; nil means that none has.
//
// What either inventory could not read (SSONotAssessed, Policies) is not compared: nothing in it is
// reported as added, removed or changed. A field that a newer server reports for the first time, or
// that no configuration has any longer, is one change of the organization, not one of each
// configuration.
func Compute(before, after ona.Inventory, seen func(t SubjectType, id string) bool) []Change {
	pairs := scimConfigurations.match(before.SCIM, after.SCIM)
	scim, summaries := scimConfigurations.compare(pairs, seen)
	labelLinks(scim, before, after)
	noteReplacements(scim, pairs)

	var sso []Change
	if before.SSONotAssessed == "" && after.SSONotAssessed == "" {
		rows, more := ssoConfigurations.compare(ssoConfigurations.match(before.SSO, after.SSO), seen)
		noteLinks(rows, pairs)
		sso, summaries = rows, append(summaries, more...)
	}

	changes := slices.Concat(scim, sso, compareOrganization(before, after, summaries))
	for i := range changes {
		c := &changes[i]
		c.Severity = cmp.Or(c.Severity, severity(c.SubjectType, c.Kind))
	}
	return changes
}

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
