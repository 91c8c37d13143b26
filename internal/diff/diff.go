package diff

import (
	"cmp"
	"slices"

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
