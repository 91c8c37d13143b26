package fetch

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// A proto3 enum that is absent has its zero value.
const (
	scimType                = "SCIMConfiguration"
	ssoType                 = "SSOConfiguration"
	providerTypeUnspecified = "PROVIDER_TYPE_UNSPECIFIED"
)

// record is a configuration with what every kind of configuration has.
type record[T any] struct {
	id, organizationID string
	value              T
}

// checker runs checks until one fails, so that a decoder reads as a list of its fields.
type checker struct{ err error }

func (c *checker) id(field, value string) string {
	return check(c, field, value, normalID)
}

func (c *checker) requiredID(field, value string) string {
	return check(c, field, value, requiredID)
}

func (c *checker) instant(field string, value *string) time.Time {
	return check(c, field, value, instant)
}

func (c *checker) set(field string, value []*string) []string {
	return check(c, field, value, set)
}

func (c *checker) unknown(fields fieldSet, owner string, unknown members) map[string]stdjson.RawMessage {
	return check(c, owner, unknown, fields.keep)
}

func check[In, Out any](c *checker, field string, value In, read func(string, In) (Out, error)) Out {
	out, err := read(field, value)
	if c.err == nil {
		c.err = err
	}
	return out
}

// decodeSCIM reads a row of a page, which was found to be valid JSON with unique names.
func decodeSCIM(raw []byte, fields fieldSet) (record[ona.SCIMConfiguration], error) {
	if err := isObject(raw); err != nil {
		return record[ona.SCIMConfiguration]{}, err
	}
	var c checker
	configuration := ona.SCIMConfiguration{Raw: raw}
	var unknown members
	for name, value := range objectMembers(raw) {
		switch string(name) {
		case "id":
			configuration.ID = check(&c, "id", value, memberID)
		case "organizationId":
			configuration.OrganizationID = check(&c, "organizationId", value, memberID)
		case "name":
			configuration.Name = string(check(&c, "name", value, memberText))
		case "enabled":
			enabled := check(&c, "enabled", value, memberFlag)
			configuration.Enabled = enabled != nil && *enabled
		case "ssoConfigurationId":
			configuration.SSOConfigurationID = check(&c, "ssoConfigurationId", value, memberID)
		case "createdAt":
			configuration.CreatedAt = check(&c, "createdAt", value, memberInstant)
		case "updatedAt":
			configuration.UpdatedAt = check(&c, "updatedAt", value, memberInstant)
		case "tokenExpiresAt":
			configuration.TokenExpiresAt = check(&c, "tokenExpiresAt", value, memberInstant)
		case "allowUnverifiedEmailAccountLinking":
			configuration.AllowUnverifiedEmailAccountLinking = check(&c, "allowUnverifiedEmailAccountLinking", value, memberFlag)
		default:
			unknown = unknown.with(name, value)
		}
	}
	if configuration.ID == "" {
		c.requiredID("id", "") // says that it is missing
	}
	configuration.Unknown = c.unknown(fields, scimType, unknown)
	return record[ona.SCIMConfiguration]{configuration.ID, configuration.OrganizationID, configuration}, c.err
}

func decodeSSO(raw []byte, fields fieldSet) (record[ona.SSOConfiguration], error) {
	var w wireSSO
	if err := decodeObject(raw, &w); err != nil {
		return record[ona.SSOConfiguration]{}, err
	}
	var c checker
	configuration := ona.SSOConfiguration{
		ID:               c.requiredID("id", w.ID),
		OrganizationID:   c.id("organizationId", w.OrganizationID),
		DisplayName:      w.DisplayName,
		IssuerURL:        w.IssuerURL,
		ProviderType:     w.ProviderType,
		State:            w.State,
		ClientID:         w.ClientID,
		EmailDomain:      w.EmailDomain,
		EmailDomains:     c.set("emailDomains", w.EmailDomains),
		AdditionalScopes: c.set("additionalScopes", w.AdditionalScopes),
		Claims:           check(&c, "claims", w.Claims, claims),
		ClaimsExpression: w.ClaimsExpression,
		Unknown:          c.unknown(fields, ssoType, w.Unknown),
		Raw:              raw,
	}
	setDefault(&configuration.ProviderType, providerTypeUnspecified)
	setDefault(&configuration.State, ona.SSOStateUnspecified)
	return record[ona.SSOConfiguration]{configuration.ID, configuration.OrganizationID, configuration}, c.err
}

func claims(field string, wire map[string]*string) (map[string]string, error) {
	if len(wire) == 0 {
		return nil, nil
	}
	values := make(map[string]string, len(wire))
	for name, value := range wire {
		if value == nil {
			return nil, fmt.Errorf("field %s has null in it", field)
		}
		values[name] = *value
	}
	return values, nil
}

func decodeIdentity(body []byte, fields fieldSet) (ona.Identity, error) {
	const owner = "GetAuthenticatedIdentityResponse"
	var w wireIdentity
	if err := decodeAnswer(body, &w); err != nil {
		return ona.Identity{}, err
	}
	var subject wireSubject
	if w.Subject != nil {
		subject = *w.Subject
	}
	fields.add(owner, w.Unknown)
	fields.add(owner+".subject", subject.Unknown)
	var c checker
	return ona.Identity{
		SubjectID:        c.id("subject.id", subject.ID),
		Principal:        subject.Principal,
		OrganizationID:   c.requiredID("organizationId", w.OrganizationID),
		OrganizationTier: w.OrganizationTier,
	}, c.err
}

func decodeOrganization(body []byte, fields fieldSet) (ona.Organization, error) {
	var answer wireOrganizationAnswer
	if err := decodeAnswer(body, &answer); err != nil {
		return ona.Organization{}, err
	}
	fields.add("GetOrganizationResponse", answer.Unknown)
	if isAbsent(answer.Organization) {
		return ona.Organization{}, errors.New("field organization is missing")
	}
	var w wireOrganization
	if err := decodeObject(answer.Organization, &w); err != nil {
		return ona.Organization{}, fmt.Errorf("field organization: %w", err)
	}
	var c checker
	return ona.Organization{
		ID:        c.requiredID("organization.id", w.ID),
		Name:      w.Name,
		Tier:      w.Tier,
		CreatedAt: c.instant("organization.createdAt", w.CreatedAt),
		UpdatedAt: c.instant("organization.updatedAt", w.UpdatedAt),
		Unknown:   c.unknown(fields, "Organization", w.Unknown),
		Raw:       stdjson.RawMessage(answer.Organization),
	}, c.err
}

// decodePolicies gives nil without an error when the answer is the empty message: it then says nothing about the policies. The second value
// is the organization that the policies name, empty where they name none.
func decodePolicies(body []byte, fields fieldSet) (*ona.OrganizationPolicies, string, error) {
	var answer wirePoliciesAnswer
	if err := decodeAnswer(body, &answer); err != nil {
		return nil, "", err
	}
	fields.add("GetOrganizationPoliciesResponse", answer.Unknown)
	if isAbsent(answer.Policies) {
		if len(answer.Unknown) > 0 {
			return nil, "", fmt.Errorf("no policies in it but the unknown fields %s", names(answer.Unknown))
		}
		return nil, "", nil
	}
	var w wirePolicies
	if err := decodeObject(answer.Policies, &w); err != nil {
		return nil, "", fmt.Errorf("field policies: %w", err)
	}
	var c checker
	organizationID := c.id("policies.organizationId", w.OrganizationID)
	return &ona.OrganizationPolicies{
		RestrictAccountCreationToSCIM: w.RestrictAccountCreationToSCIM,
		// Beside the audited policy stand others, dozens of them: what they say is kept and compared, but they are no news of a newer server.
		Unknown: c.unknown(fieldSet{}, "OrganizationPolicies", w.Unknown),
		Raw:     stdjson.RawMessage(answer.Policies),
	}, organizationID, c.err
}
