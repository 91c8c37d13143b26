package finding

import (
	"cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

func unlinked(_ *evaluation, c configuration) row {
	return failIf(c.Enabled && c.SSOConfigurationID == "",
		"The configuration is enabled and not linked to an SSO configuration.")
}

func linkMissing(e *evaluation, c configuration) row {
	return failIf(c.SSOConfigurationID != "" && e.sso[c.SSOConfigurationID] == nil,
		"The configuration is %s and linked to SSO configuration %s, which the complete list of SSO configurations lacks.",
		enabledWord(c.Enabled), c.SSOConfigurationID)
}

func linkInactive(e *evaluation, c configuration) row {
	sso := e.sso[c.SSOConfigurationID]
	switch {
	case c.SSOConfigurationID == "":
		return inOrder
	case sso == nil:
		return notAssessed("The linked SSO configuration %s is not in the complete list, so its state is not known.",
			c.SSOConfigurationID)
	case stateUnknown(sso):
		return notAssessed("The API did not report the state of the linked SSO configuration %s.",
			label(sso.DisplayName, sso.ID))
	case sso.State != ona.SSOStateActive:
		return fail("The configuration is %s and linked to SSO configuration %s, whose state is %s.",
			enabledWord(c.Enabled), label(sso.DisplayName, sso.ID), sso.State)
	}
	return inOrder
}

func stateUnknown(sso *ona.SSOConfiguration) bool {
	return sso.State == "" || sso.State == ona.SSOStateUnspecified
}

func sharedLinks(e *evaluation) (rows []row) {
	for link, group := range e.links {
		name := e.names[diff.Subject{Type: diff.SSOConfiguration, ID: link}]
		rows = append(rows, shared(group, "The configuration is enabled and shares SSO configuration "+
			label(name, link)+" with ")...)
	}
	return rows
}

func notProvisioned(e *evaluation) (rows []row) {
	for i := range e.Inventory.SSO {
		sso := &e.Inventory.SSO[i]
		if e.links[sso.ID] != nil {
			continue
		}
		s := subject{diff.SSOConfiguration, sso.ID, sso.DisplayName}
		active, custom := sso.State == ona.SSOStateActive, sso.ProviderType == ona.ProviderTypeCustom
		mayBeActive, mayBeCustom := active || stateUnknown(sso), sso.ProviderType != ona.ProviderTypeBuiltin
		switch {
		case active && custom:
			rows = append(rows, fail("The SSO configuration is custom and active, and no enabled SCIM configuration is "+
				"linked to it.").of(s))
		case mayBeActive && mayBeCustom:
			rows = append(rows, notAssessed("No enabled SCIM configuration is linked to it, and whether it is custom and "+
				"active is not known (provider type %s, state %s).",
				cmp.Or(sso.ProviderType, "not reported"), cmp.Or(sso.State, "not reported")).of(s))
		}
	}
	return rows
}
