package diff

import (
	"cmp"
	"slices"

	"scim-auditor/internal/ona"
)

// Compute returns what changed between two complete inventories of one organization. The changes
// are sorted: SCIM configurations, SSO configurations, organization, members; then by id; then by
// kind. It panics if an inventory is not sorted as ona.Inventory requires.
//
// seen reports whether a snapshot older than the baseline has the configuration; a new
// configuration is then Reappeared, not Added. A nil seen means that no older snapshot has any.
//
// A part that is missing from either inventory (SSONotAssessed or MembersNotAssessed set, or
// Policies nil) is not compared, nor are members that are stored in different forms (MembersSalt).
// If a newer server reports a field for the first time, or no configuration has a field any longer,
// the result has one change of the organization instead of one for each configuration; likewise for
// members.
func Compute(before, after ona.Inventory, seen func(t SubjectType, id string) bool) []Change {
	pairs := scimConfigurations.match(before.SCIM, after.SCIM)
	scim, fieldChanges := scimConfigurations.compare(pairs, seen)
	labelLinks(scim, before, after)
	noteReplacements(scim, pairs)

	var sso []Change
	if before.SSONotAssessed == "" && after.SSONotAssessed == "" {
		rows, more := ssoConfigurations.compare(ssoConfigurations.match(before.SSO, after.SSO), seen)
		noteLinks(rows, pairs)
		sso, fieldChanges = rows, append(fieldChanges, more...)
	}

	var people []Change
	if before.MembersNotAssessed == "" && after.MembersNotAssessed == "" && before.MembersSalt == after.MembersSalt {
		rows, more := compareMembers(before.Members, after.Members)
		people, fieldChanges = rows, append(fieldChanges, more...)
	}

	changes := slices.Concat(scim, sso, compareOrganization(before, after, fieldChanges), people)
	for i := range changes {
		c := &changes[i]
		c.Severity = cmp.Or(c.Severity, severity(c.SubjectType, c.Kind))
	}
	return changes
}

// organizationFields does not include updatedAt, which every edit in the organization changes.
var organizationFields = compared([]field[ona.Organization]{
	{name: "name", kind: FieldChanged, refine: refineUnreported},
	{name: "tier", kind: FieldChanged, refine: refineUnreported},
	{name: "createdAt", kind: FieldChanged, refine: refineUnreported},
})

var policyFields = compared([]field[ona.OrganizationPolicies]{
	{name: "restrictAccountCreationToScim", refine: refineBoolean(RestrictionSet, RestrictionLifted)},
})

// compareOrganization returns the changes of the organization, including fieldChanges.
func compareOrganization(before, after ona.Inventory, fieldChanges []Change) []Change {
	was, is := &before.Organization, &after.Organization
	rows := slices.Concat(comparePolicies(before.Policies, after.Policies),
		compareInviteDomains(was.InviteDomains, is.InviteDomains), fieldChanges,
		differences(organizationFields, was, is, was.Unknown, is.Unknown, nil))
	for i := range rows {
		rows[i].SubjectType = Organization
		rows[i].SubjectID = is.ID
		rows[i].SubjectName = cmp.Or(is.Name, was.Name)
	}
	sortByPrecedence(rows)
	return rows
}

// compareInviteDomains returns a change for each domain that only one of the sets has.
func compareInviteDomains(before, after []string) (rows []Change) {
	for _, domain := range after {
		if !slices.Contains(before, domain) {
			rows = append(rows, Change{Kind: InviteDomainAdded, Field: "inviteDomains", After: domain})
		}
	}
	for _, domain := range before {
		if !slices.Contains(after, domain) {
			rows = append(rows, Change{Kind: InviteDomainRemoved, Field: "inviteDomains", Before: domain})
		}
	}
	return rows
}

// comparePolicies returns nil if either side could not be read. The note distinguishes a policy
// from a field of the organization.
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
