package snapshot

import (
	"encoding/json"

	"scim-auditor/internal/ona"
)

// The functions in this file convert configurations, organizations and policies to the values of the columns
// of their version table, and back.

func scimValues(c ona.SCIMConfiguration) []any {
	return []any{
		c.ID, c.OrganizationID, c.Name, flag(c.Enabled), c.SSOConfigurationID,
		nullInstant(c.CreatedAt), nullInstant(c.UpdatedAt), nullInstant(c.TokenExpiresAt),
		nullFlag(c.AllowUnverifiedEmailAccountLinking), orNull(ona.CanonicalUnknown(c.Unknown)), string(c.Raw),
	}
}

func readSCIM(r *reader) ona.SCIMConfiguration {
	return ona.SCIMConfiguration{
		ID: r.text(), OrganizationID: r.text(), Name: r.text(), Enabled: r.flag(), SSOConfigurationID: r.text(),
		CreatedAt: r.instant(), UpdatedAt: r.instant(), TokenExpiresAt: r.instant(),
		AllowUnverifiedEmailAccountLinking: r.nullFlag(), Unknown: r.unknown(), Raw: r.raw(),
	}
}

func ssoValues(c ona.SSOConfiguration) []any {
	return []any{
		c.ID, c.OrganizationID, c.DisplayName, c.IssuerURL, c.ProviderType, c.State, c.ClientID, c.EmailDomain,
		jsonText(c.EmailDomains, "[]"), jsonText(c.AdditionalScopes, "[]"), jsonText(c.Claims, "{}"), c.ClaimsExpression,
		orNull(ona.CanonicalUnknown(c.Unknown)), string(c.Raw),
	}
}

func readSSO(r *reader) ona.SSOConfiguration {
	return ona.SSOConfiguration{
		ID: r.text(), OrganizationID: r.text(), DisplayName: r.text(), IssuerURL: r.text(), ProviderType: r.text(),
		State: r.text(), ClientID: r.text(), EmailDomain: r.text(),
		EmailDomains: r.texts(), AdditionalScopes: r.texts(), Claims: readJSON[map[string]string](r),
		ClaimsExpression: r.text(),
		Unknown:          r.unknown(), Raw: r.raw(),
	}
}

func organizationValues(o ona.Organization) []any {
	return []any{
		o.ID, o.Name, o.Tier, nullInstant(o.CreatedAt), nullInstant(o.UpdatedAt),
		orNull(ona.CanonicalUnknown(o.Unknown)), string(o.Raw),
	}
}

func readOrganization(r *reader) ona.Organization {
	return ona.Organization{
		ID: r.text(), Name: r.text(), Tier: r.text(), CreatedAt: r.instant(), UpdatedAt: r.instant(),
		Unknown: r.unknown(), Raw: r.raw(),
	}
}

// policyValues uses the id of the organization as the id of the row.
func policyValues(organizationID string, p ona.OrganizationPolicies) []any {
	return []any{
		organizationID, flag(p.RestrictAccountCreationToSCIM), orNull(ona.CanonicalUnknown(p.Unknown)), string(p.Raw),
	}
}

func readPolicies(r *reader) ona.OrganizationPolicies {
	_ = r.text() // the id of the organization
	return ona.OrganizationPolicies{RestrictAccountCreationToSCIM: r.flag(), Unknown: r.unknown(), Raw: r.raw()}
}

func (r *reader) unknown() map[string]json.RawMessage {
	return readJSON[map[string]json.RawMessage](r)
}

// raw returns nil for a row that was read without its JSON.
func (r *reader) raw() json.RawMessage {
	if text := r.text(); text != "" {
		return json.RawMessage(text)
	}
	return nil
}

// valuesOf converts each value to a row.
func valuesOf[T any](all []T, values func(T) []any) [][]any {
	rows := make([][]any, len(all))
	for i, v := range all {
		rows[i] = values(v)
	}
	return rows
}

// readVersions converts each version to a value.
func readVersions[T any](versions []version, read func(*reader) T) ([]T, error) {
	var all []T
	for _, v := range versions {
		r := reader{values: v.values}
		all = append(all, read(&r))
		if r.err != nil {
			return nil, v.damaged(r.err)
		}
	}
	return all, nil
}
