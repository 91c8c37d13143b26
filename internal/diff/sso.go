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
	name:    func(c *ona.SSOConfiguration) string { return cmp.Or(c.DisplayName, c.IssuerURL) },
	unknown: func(c *ona.SSOConfiguration) unknownFields { return c.Unknown },
	fields: compared([]field[ona.SSOConfiguration]{
		{name: "state", kind: FieldChanged, refine: refineState},
		{name: "displayName", kind: Renamed},
		{name: "issuerUrl", kind: IssuerChanged},
		{name: "clientId", kind: ClientIDChanged},
		{name: "emailDomain", kind: DomainsChanged},
		{name: "emailDomains", kind: DomainsChanged},
		{name: "claims", kind: ClaimsChanged},
		{name: "claimsExpression", kind: ClaimsChanged},
		{name: "organizationId", kind: FieldChanged, refine: refineSSOOrganization},
		{name: "providerType", kind: FieldChanged},
		{name: "additionalScopes", kind: FieldChanged},
	}),
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
