package snapshot

import (
	"database/sql"
	"encoding/json"
	"errors"

	"scim-auditor/internal/ona"
)

// kind says how one kind of object is kept in its pair of tables.
type kind[T any] struct {
	table
	id     func(T) string
	values func(to []any, v T) []any // appends one for each of columns
	// dest gives where to scan each of columns, and a function that makes the value of what was scanned there.
	dest func(id *string) ([]any, func() (T, error))
}

var scimKind = kind[ona.SCIMConfiguration]{
	table: shapedTable("scim", "stated_organization_id", "name", "enabled", "sso_configuration_id", "created_at", "updated_at", "token_expires_at",
		"allow_unverified_email_account_linking", "unknown_fields", "raw"),
	id: func(c ona.SCIMConfiguration) string { return c.ID },
	values: func(to []any, c ona.SCIMConfiguration) []any {
		return append(to, c.OrganizationID, c.Name, boolean(c.Enabled), c.SSOConfigurationID, nullInstant(c.CreatedAt), nullInstant(c.UpdatedAt),
			nullInstant(c.TokenExpiresAt), nullBoolean(c.AllowUnverifiedEmailAccountLinking), nullText(ona.CanonicalUnknown(c.Unknown)), string(c.Raw), nil)
	},
	dest: func(id *string) ([]any, func() (ona.SCIMConfiguration, error)) {
		var c ona.SCIMConfiguration
		var created, updated, expires, unknown sql.NullString
		var allow sql.NullBool
		var raw string
		var shape any
		return []any{&c.OrganizationID, &c.Name, &c.Enabled, &c.SSOConfigurationID, &created, &updated, &expires, &allow, &unknown, &raw, &shape},
			func() (ona.SCIMConfiguration, error) {
				c.ID, c.Raw = *id, json.RawMessage(raw)
				if allow.Valid {
					c.AllowUnverifiedEmailAccountLinking = &allow.Bool
				}
				return c, errors.Join(
					parseInstant(created, &c.CreatedAt),
					parseInstant(updated, &c.UpdatedAt),
					parseInstant(expires, &c.TokenExpiresAt),
					parseJSON(unknown.String, &c.Unknown))
			}
	},
}

var ssoKind = kind[ona.SSOConfiguration]{
	table: newTable("sso", "stated_organization_id", "display_name", "issuer_url", "provider_type", "state", "client_id", "email_domain", "email_domains",
		"additional_scopes", "claims", "claims_expression", "unknown_fields", "raw"),
	id: func(c ona.SSOConfiguration) string { return c.ID },
	values: func(to []any, c ona.SSOConfiguration) []any {
		return append(to, c.OrganizationID, c.DisplayName, c.IssuerURL, c.ProviderType, c.State, c.ClientID, c.EmailDomain, jsonText(c.EmailDomains, "[]"),
			jsonText(c.AdditionalScopes, "[]"), jsonText(c.Claims, "{}"), c.ClaimsExpression, nullText(ona.CanonicalUnknown(c.Unknown)), string(c.Raw))
	},
	dest: func(id *string) ([]any, func() (ona.SSOConfiguration, error)) {
		var c ona.SSOConfiguration
		var domains, scopes, claims, raw string
		var unknown sql.NullString
		return []any{&c.OrganizationID, &c.DisplayName, &c.IssuerURL, &c.ProviderType, &c.State, &c.ClientID, &c.EmailDomain, &domains,
				&scopes, &claims, &c.ClaimsExpression, &unknown, &raw},
			func() (ona.SSOConfiguration, error) {
				c.ID, c.Raw = *id, json.RawMessage(raw)
				return c, errors.Join(
					parseJSON(domains, &c.EmailDomains),
					parseJSON(scopes, &c.AdditionalScopes),
					parseJSON(claims, &c.Claims),
					parseJSON(unknown.String, &c.Unknown))
			}
	},
}

var organizationKind = kind[ona.Organization]{
	table: newTable("organization", "name", "tier", "created_at", "updated_at", "unknown_fields", "raw"),
	id:    func(o ona.Organization) string { return o.ID },
	values: func(to []any, o ona.Organization) []any {
		return append(to, o.Name, o.Tier, nullInstant(o.CreatedAt), nullInstant(o.UpdatedAt), nullText(ona.CanonicalUnknown(o.Unknown)), string(o.Raw))
	},
	dest: func(id *string) ([]any, func() (ona.Organization, error)) {
		var o ona.Organization
		var created, updated, unknown sql.NullString
		var raw string
		return []any{&o.Name, &o.Tier, &created, &updated, &unknown, &raw},
			func() (ona.Organization, error) {
				o.ID, o.Raw = *id, json.RawMessage(raw)
				return o, errors.Join(
					parseInstant(created, &o.CreatedAt),
					parseInstant(updated, &o.UpdatedAt),
					parseJSON(unknown.String, &o.Unknown))
			}
	},
}

// policies are an organization's policies with the id under which they are kept, the organization's.
type policies struct {
	organizationID string
	ona.OrganizationPolicies
}

var policiesKind = kind[policies]{
	table: newTable("policies", "restrict_account_creation_to_scim", "unknown_fields", "raw"),
	id:    func(p policies) string { return p.organizationID },
	values: func(to []any, p policies) []any {
		return append(to, boolean(p.RestrictAccountCreationToSCIM), nullText(ona.CanonicalUnknown(p.Unknown)), string(p.Raw))
	},
	dest: func(id *string) ([]any, func() (policies, error)) {
		var p policies
		var unknown sql.NullString
		var raw string
		return []any{&p.RestrictAccountCreationToSCIM, &unknown, &raw},
			func() (policies, error) {
				p.organizationID, p.Raw = *id, json.RawMessage(raw)
				return p, parseJSON(unknown.String, &p.Unknown)
			}
	},
}

func boolean(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func nullBoolean(b *bool) any {
	if b == nil {
		return nil
	}
	return boolean(*b)
}

// jsonText is a set or a map as JSON, whose keys encoding/json sorts; an empty one is written as given.
func jsonText[T []string | map[string]string](v T, empty string) string {
	if len(v) == 0 {
		return empty
	}
	text, err := json.Marshal(v)
	if err != nil {
		// Strings and maps of strings always have a JSON form.
		panic("snapshot: " + err.Error())
	}
	return string(text)
}

// parseJSON reads what jsonText and ona.CanonicalUnknown wrote; an empty set or map is nil, as package fetch makes it.
func parseJSON[T []string | map[string]string | map[string]json.RawMessage](text string, into *T) error {
	if text == "" || text == "[]" || text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}
