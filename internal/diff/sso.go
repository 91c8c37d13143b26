package diff

import (
	"cmp"
	"encoding/json"

	"scim-auditor/internal/ona"
)

var ssoConfigurations = configurations[ona.SSOConfiguration]{
	subject:   SSOConfiguration,
	plural:    "SSO configurations",
	fields:    ssoFields,
	id:        ssoID,
	name:      ssoName,
	unknown:   func(c *ona.SSOConfiguration) map[string]json.RawMessage { return c.Unknown },
	canonical: (*ona.SSOConfiguration).Canonical,
}

var ssoFields = []field[ona.SSOConfiguration]{
	{
		name:   "state",
		kind:   FieldChanged,
		value:  func(c *ona.SSOConfiguration) value { return value{text: c.State} },
		refine: refineState,
	},
	{
		name:  "displayName",
		kind:  Renamed,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.DisplayName} },
	},
	{
		name:  "issuerUrl",
		kind:  IssuerChanged,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.IssuerURL} },
	},
	{
		name:  "clientId",
		kind:  ClientChanged,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.ClientID} },
	},
	{
		name:  "emailDomain",
		kind:  DomainsChanged,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.EmailDomain} },
	},
	{
		name:  "emailDomains",
		kind:  DomainsChanged,
		value: func(c *ona.SSOConfiguration) value { return jsonText(c.EmailDomains, len(c.EmailDomains)) },
	},
	{
		name:  "claims",
		kind:  ClaimsChanged,
		value: func(c *ona.SSOConfiguration) value { return jsonText(c.Claims, len(c.Claims)) },
	},
	{
		name:  "claimsExpression",
		kind:  ClaimsChanged,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.ClaimsExpression} },
	},
	{
		name:   "organizationId",
		kind:   FieldChanged,
		value:  func(c *ona.SSOConfiguration) value { return value{text: c.OrganizationID} },
		refine: refineSSOOrganization,
	},
	{
		name:  "providerType",
		kind:  FieldChanged,
		value: func(c *ona.SSOConfiguration) value { return value{text: c.ProviderType} },
	},
	{
		name:  "additionalScopes",
		kind:  FieldChanged,
		value: func(c *ona.SSOConfiguration) value { return jsonText(c.AdditionalScopes, len(c.AdditionalScopes)) },
	},
}

func ssoID(c *ona.SSOConfiguration) string { return c.ID }

// ssoName falls back on the issuer: builtin providers have no display name.
func ssoName(c *ona.SSOConfiguration) string { return cmp.Or(c.DisplayName, c.IssuerURL) }

// refineState: only an active configuration lets people sign in, so a move between two other states
// neither disables nor enables.
func refineState(row *Change, before, after value) {
	switch ona.SSOStateActive {
	case before.text:
		row.Kind = Disabled
	case after.text:
		row.Kind = Enabled
	}
}

// refineSSOOrganization raises the severity: no edit moves a configuration to another organization.
func refineSSOOrganization(row *Change, _, _ value) {
	row.Severity = Medium
	row.noteUnreported()
}
