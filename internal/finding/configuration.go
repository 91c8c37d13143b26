package finding

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/cases"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
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
	allowed := c.AllowUnverifiedEmailAccountLinking
	return failIf(allowed != nil && *allowed,
		"The configuration is %s and allows unverified e-mail account linking.", enabledWord(c.Enabled))
}

// foreign checks again what package fetch guarantees: a foreign configuration fails the collection.
func foreign(e *evaluation, c configuration) row {
	return failIf(c.OrganizationID != "" && c.OrganizationID != e.organization.id,
		"The configuration belongs to organization %s; the listing is of organization %s.",
		c.OrganizationID, e.organization.id)
}

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

func clockAnomalies(e *evaluation) []row {
	rows := e.each(impossibleInstants)
	switch offset := e.ServerClockOffset; {
	case !e.ServerClockKnown:
		rows = append(rows, notAssessed("No answer carried the server's date, so the local clock could not be compared.").
			of(e.organization))
	case offset > e.limits.ClockSkew:
		rows = append(rows, fail("The local clock was more than %s ahead of the server's (%s).",
			span(e.limits.ClockSkew), span(offset)).of(e.organization))
	case -offset > e.limits.ClockSkew:
		rows = append(rows, fail("The local clock was more than %s behind the server's (%s).",
			span(e.limits.ClockSkew), span(-offset)).of(e.organization))
	}
	return rows
}

func impossibleInstants(e *evaluation, c configuration) row {
	latest := e.TakenAt.Add(e.limits.ClockSkew)
	var found []string
	for _, instant := range []struct {
		name string
		at   time.Time
	}{{"createdAt", c.CreatedAt}, {"updatedAt", c.UpdatedAt}} {
		if instant.at.After(latest) {
			found = append(found, fmt.Sprintf("%s %s is more than %s after the snapshot.",
				instant.name, exactUTC(instant.at), span(e.limits.ClockSkew)))
		}
	}
	if !c.UpdatedAt.IsZero() && c.UpdatedAt.Before(c.CreatedAt) {
		found = append(found, fmt.Sprintf("updatedAt %s is before createdAt %s.",
			exactUTC(c.UpdatedAt), exactUTC(c.CreatedAt)))
	}
	switch {
	case len(found) > 0:
		return fail("%s", strings.Join(found, " "))
	case c.CreatedAt.IsZero() || c.UpdatedAt.IsZero():
		return notAssessed("The API did not report both createdAt and updatedAt.")
	}
	return inOrder
}
