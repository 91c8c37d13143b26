package finding

import (
	"strings"

	"golang.org/x/text/cases"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

func checkDisabled(e *evaluation) result {
	r := passes("SCIM configurations that are enabled: %d of %d.", e.enabled, len(e.scim))
	for _, c := range e.scim {
		switch {
		case c.Enabled:
		case len(e.scim) == 1:
			r.failAs(diff.High, scimSubject(c), "The configuration is disabled, and it is the organization's only one.")
		default:
			r.fail(scimSubject(c), "The configuration is disabled.")
		}
	}
	return r
}

func checkAnyEnabled(e *evaluation) result {
	r := passes("SCIM configurations that are enabled: %d of %d.", e.enabled, len(e.scim))
	switch {
	case len(e.scim) == 0:
		r.fail(e.organization, "The organization has no SCIM configuration.")
	case e.enabled == 0:
		r.fail(e.organization, "SCIM configurations that are enabled: 0 of %d.", len(e.scim))
	}
	return r
}

func checkNamed(e *evaluation) result {
	r := passes("SCIM configurations checked: %d. Each has a name.", len(e.scim))
	for _, c := range e.scim {
		if strings.TrimSpace(c.Name) == "" {
			r.fail(scimSubject(c), "The configuration has no name.")
		}
	}
	return r
}

func checkUniqueNames(e *evaluation) result {
	r := passes("SCIM configurations checked: %d. No two have the same name, apart from those without one.", len(e.scim))
	fold := cases.Fold()
	keys := make([]string, len(e.scim))
	same := make(map[string][]ona.SCIMConfiguration)
	for i, c := range e.scim {
		keys[i] = fold.String(strings.TrimSpace(c.Name))
		same[keys[i]] = append(same[keys[i]], c)
	}
	for i, c := range e.scim {
		if group := same[keys[i]]; keys[i] != "" && len(group) > 1 {
			r.fail(scimSubject(c), "The name, apart from letter case and surrounding spaces, is also that of %s.", others(group, c.ID))
		}
	}
	return r
}

func checkUnverifiedLinking(e *evaluation) result {
	r := passes("SCIM configurations checked: %d. Each reports allowUnverifiedEmailAccountLinking as false.", len(e.scim))
	for _, c := range e.scim {
		switch allowed := c.AllowUnverifiedEmailAccountLinking; {
		case allowed == nil:
			r.notAssessed(scimSubject(c), "The API did not report allowUnverifiedEmailAccountLinking.")
		case *allowed:
			r.fail(scimSubject(c), "The configuration is %s and allows unverified e-mail account linking.", enabledWord(c))
		}
	}
	return r
}

// checkForeign looks again at what the collector guarantees: it ends a collection as not complete on a foreign configuration.
func checkForeign(e *evaluation) result {
	unnamed := 0
	var r result
	for _, c := range e.scim {
		switch c.OrganizationID {
		case e.organization.id:
		case "":
			unnamed++
		default:
			r.fail(scimSubject(c), "The configuration belongs to organization %s; the listing is of organization %s.", c.OrganizationID, e.organization.id)
		}
	}
	r.pass = passes("SCIM configurations listed: %d. %d name this organization, %d name none, and none names another: the collection would "+
		"not be complete otherwise.", len(e.scim), len(e.scim)-unnamed, unnamed).pass
	return r
}

// checkPolicy judges whether accounts can be created without SCIM.
func checkPolicy(e *evaluation) result {
	if e.Inventory.Policies == nil {
		return nothingKnown("The organization's policies could not be read: " + e.Inventory.PoliciesNotAssessed)(e)
	}
	r := passes("The policy restrictAccountCreationToScim is on.")
	if !e.Inventory.Policies.RestrictAccountCreationToSCIM {
		r.fail(e.organization, "The policy restrictAccountCreationToScim is off: accounts can be created without SCIM.")
	}
	return r
}
