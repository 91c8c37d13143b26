package diff

import (
	"cmp"

	"scim-auditor/internal/ona"
)

var ssoConfigurations = configurations[ona.SSOConfiguration]{
	subject: SSOConfiguration,
	plural:  "SSO configurations",
	id:      func(c *ona.SSOConfiguration) string { return c.ID },
	// Builtin providers have no display name.
	name:      func(c *ona.SSOConfiguration) string { return cmp.Or(c.DisplayName, c.IssuerURL) },
	unknown:   func(c *ona.SSOConfiguration) unknownFields { return c.Unknown },
	canonical: (*ona.SSOConfiguration).Canonical,
	fields: []field[ona.SSOConfiguration]{
		{name: "state", kind: FieldChanged, refine: refineState,
			value: func(c *ona.SSOConfiguration) value { return text(c.State) }},
		{name: "displayName", kind: Renamed,
			value: func(c *ona.SSOConfiguration) value { return text(c.DisplayName) }},
		{name: "issuerUrl", kind: IssuerChanged,
			value: func(c *ona.SSOConfiguration) value { return text(c.IssuerURL) }},
		{name: "clientId", kind: ClientIDChanged,
			value: func(c *ona.SSOConfiguration) value { return text(c.ClientID) }},
		{name: "emailDomain", kind: DomainsChanged,
			value: func(c *ona.SSOConfiguration) value { return text(c.EmailDomain) }},
		{name: "emailDomains", kind: DomainsChanged,
			value: func(c *ona.SSOConfiguration) value { return jsonText(c.EmailDomains, len(c.EmailDomains)) }},
		{name: "claims", kind: ClaimsChanged,
			value: func(c *ona.SSOConfiguration) value { return jsonText(c.Claims, len(c.Claims)) }},
		{name: "claimsExpression", kind: ClaimsChanged,
			value: func(c *ona.SSOConfiguration) value { return text(c.ClaimsExpression) }},
		{name: "organizationId", kind: FieldChanged, refine: refineSSOOrganization,
			value: func(c *ona.SSOConfiguration) value { return text(c.OrganizationID) }},
		{name: "providerType", kind: FieldChanged,
			value: func(c *ona.SSOConfiguration) value { return text(c.ProviderType) }},
		{name: "additionalScopes", kind: FieldChanged,
			value: func(c *ona.SSOConfiguration) value { return jsonText(c.AdditionalScopes, len(c.AdditionalScopes)) }},
	},
}

// refineState sets Disabled or Enabled only if one of the states is active: in every other state
// people cannot sign in.
func refineState(row *Change, before, after value) {
	switch ona.SSOStateActive {
	case before.text:
		row.Kind = Disabled
	case after.text:
		row.Kind = Enabled
	}
}

// refineSSOOrganization raises the severity, because no edit can move a configuration to another
// organization.
func refineSSOOrganization(row *Change, _, _ value) {
	row.Severity = Medium
	row.noteIfUnreported()
}
