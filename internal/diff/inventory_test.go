package diff

import (
	"bytes"
	"encoding/json"
	"testing"

	"scim-auditor/internal/ona"
)

// inventoryJSON is an inventory as the cases in testdata spell it: objects as the API sends them,
// in lists that are sorted by id.
type inventoryJSON struct {
	Organization        object   `json:"organization"`
	SCIM                []object `json:"scim"`
	SSO                 []object `json:"sso"`
	SSONotAssessed      string   `json:"ssoNotAssessed"`
	Policies            *object  `json:"policies"`
	PoliciesNotAssessed string   `json:"policiesNotAssessed"`
	Members             []object `json:"members"`
	MembersNotAssessed  string   `json:"membersNotAssessed"`
}

// object is a JSON object whose known fields are taken out one by one; the rest are the unknown
// ones.
type object map[string]json.RawMessage

func parseInventory(t *testing.T, data []byte) ona.Inventory {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var in inventoryJSON
	if err := decoder.Decode(&in); err != nil {
		t.Fatalf("parsing an inventory: %v\n%s", err, data)
	}
	out := ona.Inventory{
		Organization:        in.Organization.organization(t),
		SSONotAssessed:      in.SSONotAssessed,
		PoliciesNotAssessed: in.PoliciesNotAssessed,
		MembersNotAssessed:  in.MembersNotAssessed,
	}
	var scim []ona.SCIMConfiguration
	for _, o := range in.SCIM {
		scim = append(scim, o.scim(t))
	}
	out.SCIM = scim
	for _, o := range in.SSO {
		out.SSO = append(out.SSO, o.sso(t))
	}
	for _, o := range in.Members {
		out.Members = append(out.Members, o.member(t))
	}
	if in.Policies != nil {
		out.Policies = &ona.OrganizationPolicies{}
		take(t, *in.Policies, "restrictAccountCreationToScim", &out.Policies.RestrictAccountCreationToSCIM)
		out.Policies.Unknown = in.Policies.rest()
	}
	return out
}

func (o object) organization(t *testing.T) ona.Organization {
	var out ona.Organization
	take(t, o, "id", &out.ID)
	take(t, o, "name", &out.Name)
	take(t, o, "tier", &out.Tier)
	take(t, o, "createdAt", &out.CreatedAt)
	take(t, o, "updatedAt", &out.UpdatedAt)
	var invite struct{ Domains []string }
	take(t, o, "inviteDomains", &invite)
	out.InviteDomains = invite.Domains
	out.Unknown = o.rest()
	return out
}

func (o object) scim(t *testing.T) ona.SCIMConfiguration {
	var c ona.SCIMConfiguration
	take(t, o, "id", &c.ID)
	take(t, o, "organizationId", &c.OrganizationID)
	take(t, o, "name", &c.Name)
	take(t, o, "enabled", &c.Enabled)
	take(t, o, "ssoConfigurationId", &c.SSOConfigurationID)
	take(t, o, "createdAt", &c.CreatedAt)
	take(t, o, "updatedAt", &c.UpdatedAt)
	take(t, o, "tokenExpiresAt", &c.TokenExpiresAt)
	take(t, o, "allowUnverifiedEmailAccountLinking", &c.AllowUnverifiedEmailAccountLinking)
	c.Unknown = o.rest()
	return c
}

func (o object) sso(t *testing.T) ona.SSOConfiguration {
	var c ona.SSOConfiguration
	take(t, o, "id", &c.ID)
	take(t, o, "organizationId", &c.OrganizationID)
	take(t, o, "displayName", &c.DisplayName)
	take(t, o, "issuerUrl", &c.IssuerURL)
	take(t, o, "providerType", &c.ProviderType)
	take(t, o, "state", &c.State)
	take(t, o, "clientId", &c.ClientID)
	take(t, o, "emailDomain", &c.EmailDomain)
	take(t, o, "emailDomains", &c.EmailDomains)
	take(t, o, "additionalScopes", &c.AdditionalScopes)
	take(t, o, "claims", &c.Claims)
	take(t, o, "claimsExpression", &c.ClaimsExpression)
	c.Unknown = o.rest()
	return c
}

func (o object) member(t *testing.T) ona.OrganizationMember {
	var m ona.OrganizationMember
	take(t, o, "userId", &m.UserID)
	take(t, o, "role", &m.Role)
	take(t, o, "status", &m.Status)
	take(t, o, "loginProvider", &m.LoginProvider)
	take(t, o, "memberSince", &m.MemberSince)
	take(t, o, "fullName", &m.FullName)
	take(t, o, "email", &m.Email)
	take(t, o, "avatarUrl", &m.AvatarURL)
	m.Unknown = o.rest()
	return m
}

func take(t *testing.T, o object, name string, into any) {
	t.Helper()
	value, ok := o[name]
	if !ok {
		return
	}
	if err := json.Unmarshal(value, into); err != nil {
		t.Fatalf("parsing %s: %v", name, err)
	}
	delete(o, name)
}

// rest returns what take has left, compacted.
func (o object) rest() map[string]json.RawMessage {
	if len(o) == 0 {
		return nil
	}
	rest := make(map[string]json.RawMessage, len(o))
	for name, value := range o {
		var b bytes.Buffer
		if err := json.Compact(&b, value); err != nil {
			panic(err) // it was decoded before
		}
		rest[name] = b.Bytes()
	}
	return rest
}
