package finding

import (
	"cmp"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

func checkLinked(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if c.Enabled && c.SSOConfigurationID == "" {
			rows = append(rows, fail(c.subject(),
				"The configuration is enabled and not linked to an SSO configuration."))
		}
	}
	return rows, e.enabledOfAll() + " Each of these is linked to an SSO configuration."
}

func checkLinkExists(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if c.SSOConfigurationID != "" && e.sso[c.SSOConfigurationID] == nil {
			rows = append(rows, fail(c.subject(), "The configuration is %s and linked to SSO configuration %s, which "+
				"the complete list of SSO configurations lacks.", enabledWord(c.Enabled), c.SSOConfigurationID))
		}
	}
	return rows, e.linkedOfAll() + " The complete list of SSO configurations has every linked one."
}

func checkLinkActive(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		sso := e.sso[c.SSOConfigurationID]
		switch {
		case c.SSOConfigurationID == "":
		case sso == nil:
			rows = append(rows, notAssessed(c.subject(), "The linked SSO configuration %s is not in the complete "+
				"list, so its state is not known.", c.SSOConfigurationID))
		case stateUnknown(sso):
			rows = append(rows, notAssessed(c.subject(), "The API did not report the state of the linked SSO "+
				"configuration %s.", label(sso.DisplayName, sso.ID)))
		case sso.State != ona.SSOStateActive:
			rows = append(rows, fail(c.subject(), "The configuration is %s and linked to SSO configuration %s, whose "+
				"state is %s.", enabledWord(c.Enabled), label(sso.DisplayName, sso.ID), sso.State))
		}
	}
	return rows, e.linkedOfAll() + " Every linked SSO configuration is active."
}

func stateUnknown(sso *ona.SSOConfiguration) bool {
	return sso.State == "" || sso.State == ona.SSOStateUnspecified
}

func checkLinkShared(e *evaluation) (rows []row, pass string) {
	links := e.grouped(enabledLink)
	for link, group := range links {
		for _, s := range group {
			if len(group) > 1 {
				name := e.names[diff.Subject{Type: diff.SSOConfiguration, ID: link}]
				rows = append(rows, fail(s, "The configuration is enabled and shares SSO configuration %s with %s.",
					label(name, link), others(group, s)))
			}
		}
	}
	return rows, e.enabledOfAll() +
		fmt.Sprintf(" They are linked to %d SSO configurations, no two to the same.", len(links))
}

// enabledLink is what an enabled SCIM configuration is linked to; empty for the others.
func enabledLink(c configuration) string {
	if !c.Enabled {
		return ""
	}
	return c.SSOConfigurationID
}

func checkSSOProvisioned(e *evaluation) (rows []row, pass string) {
	provisioned := e.grouped(enabledLink)
	for i := range e.Inventory.SSO {
		sso := &e.Inventory.SSO[i]
		s := subject{diff.SSOConfiguration, sso.ID, sso.DisplayName}
		active, custom := sso.State == ona.SSOStateActive, sso.ProviderType == ona.ProviderTypeCustom
		mayBeActive, mayBeCustom := active || stateUnknown(sso), sso.ProviderType != ona.ProviderTypeBuiltin
		switch {
		case provisioned[sso.ID] != nil:
		case active && custom:
			rows = append(rows, fail(s, "The SSO configuration is custom and active, and no enabled SCIM "+
				"configuration is linked to it."))
		case mayBeActive && mayBeCustom:
			rows = append(rows, notAssessed(s, "No enabled SCIM configuration is linked to it, and whether it is "+
				"custom and active is not known (provider type %s, state %s).",
				cmp.Or(sso.ProviderType, "not reported"), cmp.Or(sso.State, "not reported")))
		}
	}
	return rows, fmt.Sprintf("SSO configurations checked: %d. Every active custom one has an enabled SCIM "+
		"configuration.", len(e.Inventory.SSO))
}
