// Package ona holds the nouns of the Ona API as Go values: organizations, SCIM configurations, SSO configurations and what belongs to
// them. A value of this package has been validated at the border (package fetch) and is normalised: ids in lower case, instants in UTC,
// sets sorted. The package imports nothing but the standard library, so that every other package can speak in its terms.
package ona

import (
	"encoding/json"
	"time"
)

// Identity is whom a token speaks for (IdentityService/GetAuthenticatedIdentity).
type Identity struct {
	// SubjectID is the id of the user or service account, Principal its kind, such as PRINCIPAL_USER.
	SubjectID, Principal string
	// OrganizationID is the one organization that the token belongs to.
	OrganizationID string
	// OrganizationTier is empty on servers that do not report it.
	OrganizationTier string
}

// Organization is the organization that a listing belongs to (OrganizationService/GetOrganization).
type Organization struct {
	ID, Name, Tier string
	// CreatedAt and UpdatedAt are the zero time where the API did not report them.
	CreatedAt, UpdatedAt time.Time
	// Unknown holds the fields that this version does not know, by the API's name, each value as canonical JSON (RFC 8785 order).
	Unknown map[string]json.RawMessage
	// Raw is the object as received.
	Raw json.RawMessage
}

// SCIMConfiguration lets an identity provider create and remove accounts (OrganizationService/ListSCIMConfigurations).
type SCIMConfiguration struct {
	ID string
	// OrganizationID is empty where the API left it out.
	OrganizationID string
	Name           string
	Enabled        bool
	// SSOConfigurationID is empty when the configuration is not linked.
	SSOConfigurationID string
	// CreatedAt and UpdatedAt are the zero time where the API did not report them.
	CreatedAt, UpdatedAt time.Time
	// TokenExpiresAt is the zero time where the API did not report it (servers before 2026-02): unknown, which is not expired.
	TokenExpiresAt time.Time
	// AllowUnverifiedEmailAccountLinking is nil where the API did not report it.
	AllowUnverifiedEmailAccountLinking *bool
	// Unknown holds the fields that this version does not know, by the API's name, each value as canonical JSON (RFC 8785 order).
	Unknown map[string]json.RawMessage
	// Raw is the object as received.
	Raw json.RawMessage
}

// Values that an SSOConfiguration's State and ProviderType can have.
const (
	SSOStateActive      = "SSO_CONFIGURATION_STATE_ACTIVE"
	SSOStateInactive    = "SSO_CONFIGURATION_STATE_INACTIVE"
	SSOStateUnspecified = "SSO_CONFIGURATION_STATE_UNSPECIFIED"
	ProviderTypeBuiltin = "PROVIDER_TYPE_BUILTIN"
	ProviderTypeCustom  = "PROVIDER_TYPE_CUSTOM"
)

// SSOConfiguration lets the members of an organization sign in (OrganizationService/ListSSOConfigurations).
type SSOConfiguration struct {
	ID string
	// OrganizationID is empty where the API left it out.
	OrganizationID string
	DisplayName    string
	IssuerURL      string
	// ProviderType and State hold the API's names; an absent one is the enum's …_UNSPECIFIED.
	ProviderType, State string
	ClientID            string
	EmailDomain         string
	// EmailDomains and AdditionalScopes are sets: sorted, without duplicates.
	EmailDomains, AdditionalScopes []string
	Claims                         map[string]string
	ClaimsExpression               string
	// Unknown holds the fields that this version does not know, by the API's name, each value as canonical JSON (RFC 8785 order).
	Unknown map[string]json.RawMessage
	// Raw is the object as received.
	Raw json.RawMessage
}

// OrganizationPolicies are the rules of an organization as far as they touch provisioning (OrganizationService/GetOrganizationPolicies).
type OrganizationPolicies struct {
	RestrictAccountCreationToSCIM bool
	// Unknown holds the other policies, by the API's name, each value as canonical JSON (RFC 8785 order).
	Unknown map[string]json.RawMessage
	// Raw is the object as received.
	Raw json.RawMessage
}

// Inventory is everything that one complete listing of one organization says. SCIM and SSO are sorted by id and hold each id once.
type Inventory struct {
	Organization Organization
	SCIM         []SCIMConfiguration
	SSO          []SSOConfiguration
	// SSONotAssessed says why the SSO configurations could not be read (the token's rights, an older server); empty when SSO is complete.
	// While it is set, SSO is empty and says nothing.
	SSONotAssessed string
	// Policies is nil when they could not be read; PoliciesNotAssessed then says why.
	Policies            *OrganizationPolicies
	PoliciesNotAssessed string
}
