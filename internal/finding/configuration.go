package finding

import (
	"strings"

	"golang.org/x/text/cases"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

func checkDisabled(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		switch {
		case c.Enabled:
		case e.count == 1:
			r.failAs(diff.High, scimSubject(c), "The configuration is disabled, and it is the organization's only one.")
		default:
			r.fail(scimSubject(c), "The configuration is disabled.")
		}
	}, func() {
		r.passes("SCIM configurations that are enabled: %d of %d.", e.enabled, e.count)
	}}
}

func checkAnyEnabled(e *evaluation, r *result) {
	r.passes("SCIM configurations that are enabled: %d of %d.", e.enabled, e.count)
	switch {
	case e.count == 0:
		r.fail(e.organization, "The organization has no SCIM configuration.")
	case e.enabled == 0:
		r.fail(e.organization, "SCIM configurations that are enabled: 0 of %d.", e.count)
	}
}

func checkNamed(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		if strings.TrimSpace(c.Name) == "" {
			r.fail(scimSubject(c), "The configuration has no name.")
		}
	}, func() {
		r.passes("SCIM configurations checked: %d. Each has a name.", e.count)
	}}
}

func checkUniqueNames(e *evaluation, r *result) judging {
	fold := cases.Fold()
	names := newGrouping(e.Inventory.SCIM, func(c *ona.SCIMConfiguration) string { return fold.String(strings.TrimSpace(c.Name)) })
	return judging{names.add, func() {
		for _, group := range names.shared() {
			for _, s := range group {
				r.fail(s, "The name, apart from letter case and surrounding spaces, is also that of %s.", others(group, s.id))
			}
		}
		r.passes("SCIM configurations checked: %d. No two have the same name, apart from those without one.", e.count)
	}}
}

func checkUnverifiedLinking(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		switch allowed := c.AllowUnverifiedEmailAccountLinking; {
		case allowed == nil:
			r.notAssessed(scimSubject(c), "The API did not report allowUnverifiedEmailAccountLinking.")
		case *allowed:
			r.fail(scimSubject(c), "The configuration is %s and allows unverified e-mail account linking.", enabledWord(c.Enabled))
		}
	}, func() {
		r.passes("SCIM configurations checked: %d. Each reports allowUnverifiedEmailAccountLinking as false.", e.count)
	}}
}

// checkForeign looks again at what the collector guarantees: it ends a collection as not complete on a foreign configuration.
func checkForeign(e *evaluation, r *result) judging {
	unnamed := 0
	return judging{func(c *ona.SCIMConfiguration) {
		switch c.OrganizationID {
		case e.organization.id:
		case "":
			unnamed++
		default:
			r.fail(scimSubject(c), "The configuration belongs to organization %s; the listing is of organization %s.", c.OrganizationID, e.organization.id)
		}
	}, func() {
		r.passes("SCIM configurations listed: %d. %d name this organization, %d name none, and none names another: the collection would "+
			"not be complete otherwise.", e.count, e.count-unnamed, unnamed)
	}}
}

// checkPolicy judges whether accounts can be created without SCIM.
func checkPolicy(e *evaluation, r *result) {
	switch {
	case e.Inventory.Policies == nil:
		r.notAssessed(e.organization, "The organization's policies could not be read: %s", e.Inventory.PoliciesNotAssessed)
	case !e.Inventory.Policies.RestrictAccountCreationToSCIM:
		r.fail(e.organization, "The policy restrictAccountCreationToScim is off: accounts can be created without SCIM.")
	}
	r.passes("The policy restrictAccountCreationToScim is on.")
}
