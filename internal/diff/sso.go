package diff

import (
	"cmp"
	"encoding/json"

	"scim-auditor/internal/ona"
)

var ssoConfigurations = configurations[ona.SSOConfiguration]{
	subject:   SSOConfiguration,
	plural:    "SSO configurations",
	id:        ssoID,
	name:      ssoName,
	canonical: (*ona.SSOConfiguration).Canonical,
	schema: schema[ona.SSOConfiguration]{
		fields:  ssoFields,
		unknown: func(c *ona.SSOConfiguration) map[string]json.RawMessage { return c.Unknown },
	},
}

var ssoFields = []field[ona.SSOConfiguration]{
	{
		name:   "state",
		kind:   FieldChanged,
		text:   func(c *ona.SSOConfiguration) string { return c.State },
		refine: refineState,
	},
	{
		name: "displayName",
		kind: Renamed,
		text: func(c *ona.SSOConfiguration) string { return c.DisplayName },
	},
	{
		name: "issuerUrl",
		kind: IssuerChanged,
		text: func(c *ona.SSOConfiguration) string { return c.IssuerURL },
	},
	{
		name: "clientId",
		kind: ClientChanged,
		text: func(c *ona.SSOConfiguration) string { return c.ClientID },
	},
	{
		name: "emailDomain",
		kind: DomainsChanged,
		text: func(c *ona.SSOConfiguration) string { return c.EmailDomain },
	},
	{
		name: "emailDomains",
		kind: DomainsChanged,
		text: func(c *ona.SSOConfiguration) string { return jsonText(c.EmailDomains, len(c.EmailDomains)) },
	},
	{
		name: "claims",
		kind: ClaimsChanged,
		text: func(c *ona.SSOConfiguration) string { return jsonText(c.Claims, len(c.Claims)) },
	},
	{
		name: "claimsExpression",
		kind: ClaimsChanged,
		text: func(c *ona.SSOConfiguration) string { return c.ClaimsExpression },
	},
	{
		name:   "organizationId",
		kind:   FieldChanged,
		text:   func(c *ona.SSOConfiguration) string { return c.OrganizationID },
		refine: refineSSOOrganization,
	},
	{
		name: "providerType",
		kind: FieldChanged,
		text: func(c *ona.SSOConfiguration) string { return c.ProviderType },
	},
	{
		name: "additionalScopes",
		kind: FieldChanged,
		text: func(c *ona.SSOConfiguration) string { return jsonText(c.AdditionalScopes, len(c.AdditionalScopes)) },
	},
}

func ssoID(c *ona.SSOConfiguration) string { return c.ID }

// ssoName falls back on the issuer: builtin providers have no display name.
func ssoName(c *ona.SSOConfiguration) string { return cmp.Or(c.DisplayName, c.IssuerURL) }

// refineState: only an active configuration lets people sign in, so a move between two other states neither disables nor enables.
func refineState(row *Change, _, _ *ona.SSOConfiguration) {
	switch ona.SSOStateActive {
	case row.Before:
		row.Kind = Disabled
	case row.After:
		row.Kind = Enabled
	}
}

// refineSSOOrganization: no edit moves a configuration to another organization, so this weighs more than other fields.
func refineSSOOrganization(row *Change, _, _ *ona.SSOConfiguration) {
	row.Severity = Medium
	row.noteUnreported()
}
