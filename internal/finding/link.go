package finding

import "scim-auditor/internal/ona"

func checkLinked(e *evaluation) result {
	r := passes("SCIM configurations that are enabled: %d of %d. Each of these is linked to an SSO configuration.", e.enabled, len(e.scim))
	for _, c := range e.scim {
		if c.Enabled && c.SSOConfigurationID == "" {
			r.fail(scimSubject(c), "The configuration is enabled and not linked to an SSO configuration.")
		}
	}
	return r
}

// linked calls judge for every SCIM configuration with a link; listed is false when the complete list of SSO configurations lacks it.
func (e *evaluation) linked(judge func(c ona.SCIMConfiguration, sso ona.SSOConfiguration, listed bool)) (count int) {
	for _, c := range e.scim {
		if c.SSOConfigurationID != "" {
			sso, listed := e.sso[c.SSOConfigurationID]
			judge(c, sso, listed)
			count++
		}
	}
	return count
}

func checkLinkExists(e *evaluation) result {
	var r result
	count := e.linked(func(c ona.SCIMConfiguration, _ ona.SSOConfiguration, listed bool) {
		if !listed {
			r.fail(scimSubject(c), "The configuration is %s and linked to SSO configuration %s, which the complete list of %d SSO configurations lacks.",
				enabledWord(c), c.SSOConfigurationID, len(e.sso))
		}
	})
	r.pass = passes("SCIM configurations with a link: %d of %d. The complete list of SSO configurations has every linked one.", count, len(e.scim)).pass
	return r
}

func checkLinkActive(e *evaluation) result {
	var r result
	count := e.linked(func(c ona.SCIMConfiguration, sso ona.SSOConfiguration, listed bool) {
		switch {
		case !listed:
			r.notAssessed(scimSubject(c), "The linked SSO configuration %s is not in the complete list, so its state is not known.", c.SSOConfigurationID)
		case stateUnknown(sso):
			r.notAssessed(scimSubject(c), "The API did not report the state of the linked SSO configuration %s.", label(sso.DisplayName, sso.ID))
		case sso.State != ona.SSOStateActive:
			r.fail(scimSubject(c), "The configuration is %s and linked to SSO configuration %s, whose state is %s.",
				enabledWord(c), label(sso.DisplayName, sso.ID), sso.State)
		}
	})
	r.pass = passes("SCIM configurations with a link: %d of %d. Every linked SSO configuration is active.", count, len(e.scim)).pass
	return r
}

func stateUnknown(sso ona.SSOConfiguration) bool {
	return sso.State == "" || sso.State == ona.SSOStateUnspecified
}

// enabledByLink groups the enabled SCIM configurations by the SSO configuration that they are linked to.
func (e *evaluation) enabledByLink() map[string][]ona.SCIMConfiguration {
	groups := make(map[string][]ona.SCIMConfiguration)
	for _, c := range e.scim {
		if c.Enabled && c.SSOConfigurationID != "" {
			groups[c.SSOConfigurationID] = append(groups[c.SSOConfigurationID], c)
		}
	}
	return groups
}

func checkLinkShared(e *evaluation) result {
	groups := e.enabledByLink()
	r := passes("SCIM configurations that are enabled: %d of %d. They are linked to %d SSO configurations, no two to the same.",
		e.enabled, len(e.scim), len(groups))
	for _, c := range e.scim {
		if group := groups[c.SSOConfigurationID]; c.Enabled && len(group) > 1 {
			r.fail(scimSubject(c), "The configuration is enabled and shares SSO configuration %s with %s.",
				label(e.sso[c.SSOConfigurationID].DisplayName, c.SSOConfigurationID), others(group, c.ID))
		}
	}
	return r
}

func checkSSOProvisioned(e *evaluation) result {
	groups := e.enabledByLink()
	r := passes("SSO configurations checked: %d. Every active custom one has an enabled SCIM configuration.", len(e.Inventory.SSO))
	for _, sso := range e.Inventory.SSO {
		if len(groups[sso.ID]) > 0 {
			continue
		}
		active, custom := sso.State == ona.SSOStateActive, sso.ProviderType == ona.ProviderTypeCustom
		mayBeActive, mayBeCustom := active || stateUnknown(sso), sso.ProviderType != ona.ProviderTypeBuiltin
		switch {
		case active && custom:
			r.fail(ssoSubject(sso), "The SSO configuration is custom and active, and no enabled SCIM configuration is linked to it.")
		case mayBeActive && mayBeCustom:
			r.notAssessed(ssoSubject(sso), "No enabled SCIM configuration is linked to it, and whether it is custom and active is not known "+
				"(provider type %s, state %s).", orNotReported(sso.ProviderType), orNotReported(sso.State))
		}
	}
	return r
}

func orNotReported(text string) string {
	if text == "" {
		return "not reported"
	}
	return text
}
