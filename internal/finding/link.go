package finding

import "scim-auditor/internal/ona"

func checkLinked(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		if c.Enabled && c.SSOConfigurationID == "" {
			r.fail(scimSubject(c), "The configuration is enabled and not linked to an SSO configuration.")
		}
	}, func() {
		r.passes("SCIM configurations that are enabled: %d of %d. Each of these is linked to an SSO configuration.", e.enabled, e.count)
	}}
}

func checkLinkExists(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		if _, listed := e.sso[c.SSOConfigurationID]; c.SSOConfigurationID != "" && !listed {
			r.fail(scimSubject(c), "The configuration is %s and linked to SSO configuration %s, which the complete list of %d SSO configurations lacks.",
				enabledWord(c.Enabled), c.SSOConfigurationID, len(e.sso))
		}
	}, func() {
		r.passes("SCIM configurations with a link: %d of %d. The complete list of SSO configurations has every linked one.", e.linked, e.count)
	}}
}

func checkLinkActive(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		sso, listed := e.sso[c.SSOConfigurationID]
		switch {
		case c.SSOConfigurationID == "":
		case !listed:
			r.notAssessed(scimSubject(c), "The linked SSO configuration %s is not in the complete list, so its state is not known.", c.SSOConfigurationID)
		case stateUnknown(sso):
			r.notAssessed(scimSubject(c), "The API did not report the state of the linked SSO configuration %s.", label(sso.DisplayName, sso.ID))
		case sso.State != ona.SSOStateActive:
			r.fail(scimSubject(c), "The configuration is %s and linked to SSO configuration %s, whose state is %s.",
				enabledWord(c.Enabled), label(sso.DisplayName, sso.ID), sso.State)
		}
	}, func() {
		r.passes("SCIM configurations with a link: %d of %d. Every linked SSO configuration is active.", e.linked, e.count)
	}}
}

func stateUnknown(sso ona.SSOConfiguration) bool {
	return sso.State == "" || sso.State == ona.SSOStateUnspecified
}

// enabledLink is what an enabled SCIM configuration is linked to; empty for the others.
func enabledLink(c *ona.SCIMConfiguration) string {
	if !c.Enabled {
		return ""
	}
	return c.SSOConfigurationID
}

func checkLinkShared(e *evaluation, r *result) judging {
	links := newGrouping(e.Inventory.SCIM, enabledLink)
	return judging{links.add, func() {
		for link, group := range links.shared() {
			for _, s := range group {
				r.fail(s, "The configuration is enabled and shares SSO configuration %s with %s.", label(e.sso[link].DisplayName, link), others(group, s.id))
			}
		}
		r.passes("SCIM configurations that are enabled: %d of %d. They are linked to %d SSO configurations, no two to the same.",
			e.enabled, e.count, links.count())
	}}
}

func checkSSOProvisioned(e *evaluation, r *result) judging {
	provisioned := make(map[string]bool, len(e.sso))
	return judging{func(c *ona.SCIMConfiguration) {
		if _, listed := e.sso[c.SSOConfigurationID]; listed && c.Enabled {
			provisioned[c.SSOConfigurationID] = true
		}
	}, func() {
		for _, sso := range e.Inventory.SSO {
			if !provisioned[sso.ID] {
				r.notProvisioned(sso)
			}
		}
		r.passes("SSO configurations checked: %d. Every active custom one has an enabled SCIM configuration.", len(e.Inventory.SSO))
	}}
}

// notProvisioned judges an SSO configuration that no enabled SCIM configuration is linked to.
func (r *result) notProvisioned(sso ona.SSOConfiguration) {
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

func orNotReported(text string) string {
	if text == "" {
		return "not reported"
	}
	return text
}
