package finding

import (
	"strings"

	"golang.org/x/text/cases"

	"scim-auditor/internal/diff"
)

func disabled(e *evaluation, c configuration) row {
	switch {
	case c.Enabled:
		return inOrder
	case len(e.scim) == 1:
		return fail("The configuration is disabled, and it is the organization's only one.").as(diff.High)
	}
	return fail("The configuration is disabled.")
}

func noneEnabled(e *evaluation) []row {
	switch {
	case len(e.scim) == 0:
		return []row{fail("The organization has no SCIM configuration.").of(e.organization)}
	case e.enabled == 0:
		return []row{fail("SCIM configurations that are enabled: 0 of %d.", len(e.scim)).of(e.organization)}
	}
	return nil
}

func unnamed(_ *evaluation, c configuration) row {
	return failIf(strings.TrimSpace(c.Name) == "", "The configuration has no name.")
}

func sharedNames(e *evaluation) (rows []row) {
	fold := cases.Fold()
	names := make(map[string][]subject)
	for _, c := range e.scim {
		if name := fold.String(strings.TrimSpace(c.Name)); name != "" {
			names[name] = append(names[name], c.subject())
		}
	}
	for _, group := range names {
		rows = append(rows, shared(group, "The name, apart from letter case and surrounding spaces, is also that of ")...)
	}
	return rows
}

func unverifiedLinking(_ *evaluation, c configuration) row {
	switch allowed := c.AllowUnverifiedEmailAccountLinking; {
	case allowed == nil:
		return notAssessed("The API did not report allowUnverifiedEmailAccountLinking.")
	case *allowed:
		return fail("The configuration is %s and allows unverified e-mail account linking.", enabledWord(c.Enabled))
	}
	return inOrder
}

// foreign verifies again what the collector guarantees: a foreign configuration ends a collection
// as not complete.
func foreign(e *evaluation, c configuration) row {
	return failIf(c.OrganizationID != "" && c.OrganizationID != e.organization.id,
		"The configuration belongs to organization %s; the listing is of organization %s.",
		c.OrganizationID, e.organization.id)
}

func policyOff(e *evaluation) []row {
	if e.Inventory.Policies.RestrictAccountCreationToSCIM {
		return nil
	}
	return []row{fail("The policy restrictAccountCreationToScim is off: accounts can be created without SCIM.").
		of(e.organization)}
}
