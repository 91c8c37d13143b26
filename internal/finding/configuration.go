package finding

import (
	"strings"

	"golang.org/x/text/cases"

	"scim-auditor/internal/diff"
)

func checkDisabled(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		switch {
		case c.Enabled:
		case len(e.scim) == 1:
			rows = append(rows, fail(c.subject(), "The configuration is disabled, and it is the organization's "+
				"only one.").as(diff.High))
		default:
			rows = append(rows, fail(c.subject(), "The configuration is disabled."))
		}
	}
	return rows, e.enabledOfAll()
}

func checkAnyEnabled(e *evaluation) (rows []row, pass string) {
	switch {
	case len(e.scim) == 0:
		rows = append(rows, fail(e.organization, "The organization has no SCIM configuration."))
	case e.enabled == 0:
		rows = append(rows, fail(e.organization, "%s", e.enabledOfAll()))
	}
	return rows, e.enabledOfAll()
}

func checkNamed(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if strings.TrimSpace(c.Name) == "" {
			rows = append(rows, fail(c.subject(), "The configuration has no name."))
		}
	}
	return rows, e.checked("Each has a name.")
}

func checkUniqueNames(e *evaluation) (rows []row, pass string) {
	fold := cases.Fold()
	for _, group := range e.grouped(func(c configuration) string { return fold.String(strings.TrimSpace(c.Name)) }) {
		for _, s := range group {
			if len(group) > 1 {
				rows = append(rows, fail(s, "The name, apart from letter case and surrounding spaces, is also that "+
					"of %s.", others(group, s)))
			}
		}
	}
	return rows, e.checked("No two have the same name, apart from those without one.")
}

// grouped returns the SCIM configurations by key, in the order of the inventory; one with an empty
// key is in no group.
func (e *evaluation) grouped(key func(configuration) string) map[string][]subject {
	groups := make(map[string][]subject)
	for _, c := range e.scim {
		if k := key(c); k != "" {
			groups[k] = append(groups[k], c.subject())
		}
	}
	return groups
}

func checkUnverifiedLinking(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		switch allowed := c.AllowUnverifiedEmailAccountLinking; {
		case allowed == nil:
			rows = append(rows, notAssessed(c.subject(),
				"The API did not report allowUnverifiedEmailAccountLinking."))
		case *allowed:
			rows = append(rows, fail(c.subject(),
				"The configuration is %s and allows unverified e-mail account linking.", enabledWord(c.Enabled)))
		}
	}
	return rows, e.checked("Each reports allowUnverifiedEmailAccountLinking as false.")
}

// checkPolicy judges whether accounts can be created without SCIM.
func checkPolicy(e *evaluation) (rows []row, pass string) {
	switch policies := e.Inventory.Policies; {
	case policies == nil:
		rows = append(rows, notAssessed(e.organization, "The organization's policies could not be read: %s",
			e.Inventory.PoliciesNotAssessed))
	case !policies.RestrictAccountCreationToSCIM:
		rows = append(rows, fail(e.organization,
			"The policy restrictAccountCreationToScim is off: accounts can be created without SCIM."))
	}
	return rows, "The policy restrictAccountCreationToScim is on."
}
