package diff

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/ona"
)

// organizationSchema leaves updatedAt out: it moves with every edit of anything in the organization.
var organizationSchema = schema[ona.Organization]{
	fields: []field[ona.Organization]{
		{
			name:   "name",
			kind:   FieldChanged,
			text:   func(o *ona.Organization) string { return o.Name },
			refine: unreported[ona.Organization],
		},
		{
			name:   "tier",
			kind:   FieldChanged,
			text:   func(o *ona.Organization) string { return o.Tier },
			refine: unreported[ona.Organization],
		},
		{
			name:    "createdAt",
			kind:    FieldChanged,
			instant: func(o *ona.Organization) time.Time { return o.CreatedAt },
			refine:  unreported[ona.Organization],
		},
	},
	unknown: func(o *ona.Organization) map[string]json.RawMessage { return o.Unknown },
}

var policiesSchema = schema[ona.OrganizationPolicies]{
	fields: []field[ona.OrganizationPolicies]{
		{
			name: "restrictAccountCreationToScim",
			kind: RestrictionSet,
			text: func(p *ona.OrganizationPolicies) string { return strconv.FormatBool(p.RestrictAccountCreationToSCIM) },
			refine: func(row *Change, _, after *ona.OrganizationPolicies) {
				if !after.RestrictAccountCreationToSCIM {
					row.Kind = RestrictionLifted
				}
			},
		},
	},
	unknown: func(p *ona.OrganizationPolicies) map[string]json.RawMessage { return p.Unknown },
}

// compareOrganization returns the changes of the organization itself, with the summaries of its configurations' fields among them.
func compareOrganization(before, after ona.Inventory, summaries []Change) []Change {
	rows := slices.Concat(comparePolicies(before.Policies, after.Policies), summaries,
		organizationSchema.differences(&before.Organization, &after.Organization, nil))
	for i := range rows {
		rows[i].SubjectType = Organization
		rows[i].SubjectID = after.Organization.ID
		rows[i].SubjectName = cmp.Or(after.Organization.Name, before.Organization.Name)
	}
	sortByPrecedence(rows)
	return rows
}

// comparePolicies says nothing when either side could not be read. The note tells a policy from a field of the organization.
func comparePolicies(before, after *ona.OrganizationPolicies) []Change {
	if before == nil || after == nil {
		return nil
	}
	rows := policiesSchema.differences(before, after, nil)
	for i := range rows {
		rows[i].AddNote("organization policy")
	}
	return rows
}
