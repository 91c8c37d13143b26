package fetch

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scim-auditor/internal/ona"
)

// snakeCase rewrites a body so that every field has its name in the .proto file.
func snakeCase(body string) string {
	for _, field := range []string{
		"organizationId", "organizationTier", "createdAt", "updatedAt", "restrictAccountCreationToScim", "scimConfigurations",
		"ssoConfigurations", "ssoConfigurationId", "tokenExpiresAt", "allowUnverifiedEmailAccountLinking", "nextToken",
		"issuerUrl", "providerType", "clientId", "displayName", "emailDomains", "additionalScopes", "claimsExpression",
		"maximumEnvironments", "newField",
	} {
		var b strings.Builder
		for _, r := range field {
			if r >= 'A' && r <= 'Z' {
				b.WriteByte('_')
			}
			b.WriteString(strings.ToLower(string(r)))
		}
		body = strings.ReplaceAll(body, `"`+field+`"`, `"`+b.String()+`"`)
	}
	return body
}

// TestBothSpellingsOfAFieldAreRead reads the same organization from a server that writes names in
// lowerCamelCase and from one that writes them as in the .proto file.
func TestBothSpellingsOfAFieldAreRead(t *testing.T) {
	first := `{"scimConfigurations":[{"id":"` + scimA + `","organizationId":"` + orgID + `","name":"Okta","enabled":true,
		"ssoConfigurationId":"` + ssoA + `","createdAt":"2024-05-01T12:00:00Z","updatedAt":"2024-05-02T00:00:00Z",
		"tokenExpiresAt":"2027-01-01T00:00:00Z","allowUnverifiedEmailAccountLinking":true,"newField":{"a_b":1}}],
		"pagination":{"nextToken":"two"}}`
	second := `{"scimConfigurations":[{"id":"` + scimB + `"}],"pagination":{"nextToken":""}}`
	sso := `{"ssoConfigurations":[{"id":"` + ssoA +
		`","issuerUrl":"https://idp.example","providerType":"PROVIDER_TYPE_CUSTOM",
		"displayName":"IdP","emailDomains":["a.example"],"additionalScopes":["groups"],"claims":{"given_name":"first"},
		"claimsExpression":"true","clientId":"c","state":"SSO_CONFIGURATION_STATE_ACTIVE"}]}`
	policies := `{"policies":{"organizationId":"` + orgID +
		`","restrictAccountCreationToScim":true,"maximumEnvironments":5}}`
	collectFrom := func(spell func(string) string) *Collection {
		return collect(t, newAPI(t, handlers{
			"GetAuthenticatedIdentity": ok(spell(identityBody)), "GetOrganization": ok(spell(organizationBody)),
			"GetOrganizationPolicies": ok(spell(policies)), "ListSSOConfigurations": ok(spell(sso)),
			list: func(w http.ResponseWriter, r *http.Request) {
				ok(spell(map[string]string{"": first, "two": second}[tokenInBody(r)]))(w, r)
			},
		}))
	}
	camel, snake := collectFrom(func(body string) string { return body }), collectFrom(snakeCase)
	isRaw := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Raw" }, cmp.Ignore())
	if d := cmp.Diff(camel.Inventory, snake.Inventory, isRaw); d != "" {
		t.Errorf("inventory (-camel +snake):\n%s", d)
	}
	if d := cmp.Diff(camel, snake, cmpopts.IgnoreFields(Collection{}, "Inventory", "Exchanges")); d != "" {
		t.Errorf("the rest (-camel +snake):\n%s", d)
	}
	if got := snake.Inventory.SCIM; len(got) != 2 || got[0].SSOConfigurationID != ssoA {
		t.Errorf("SCIM configurations: %+v", got)
	}
	if claims := snake.Inventory.SSO[0].Claims; claims["given_name"] != "first" {
		t.Errorf("the keys of a map are no field names: %v", claims)
	}
	wantUnknown := ona.Unknown{"newField": json.RawMessage(`{"a_b":1}`)}
	if d := cmp.Diff(wantUnknown, snake.Inventory.SCIM[0].Unknown); d != "" {
		t.Errorf("unknown fields (-want +got):\n%s", d)
	}
}

func TestAFieldMayHaveBothSpellingsWithOneValue(t *testing.T) {
	for _, members := range []string{
		`"ssoConfigurationId":"` + ssoA + `","sso_configuration_id":"` + ssoA + `"`,
		`"sso_configuration_id":"` + ssoA + `","ssoConfigurationId":null`,
		`"sso_configuration_id":null,"ssoConfigurationId":"` + ssoA + `"`,
		`"sso_configuration_id":"` + ssoA + `","later_field":1.0,"laterField":1`,
	} {
		got := collect(t, newAPI(t, handlers{list: row(members)}))
		if id := got.Inventory.SCIM[0].SSOConfigurationID; id != ssoA {
			t.Errorf("%s: linked to %q, want %s", members, id, ssoA)
		}
	}
}

func TestARemovalIsConfirmedInEitherSpelling(t *testing.T) {
	api := newAPI(t, handlers{"GetSCIMConfiguration": ok(`{"scim_configuration":{"id":"` + scimA + `"}}`)})
	removal, _, err := newClient(t, api.URL).ConfirmRemoved(t.Context(), ona.GetSCIMConfiguration, scimA)
	if err != nil || !removal.StillThere {
		t.Errorf("removal %+v, error %v; want it to be still there", removal, err)
	}
}

func TestAnAuditLogIsReadInEitherSpelling(t *testing.T) {
	entry := `{"id":"e1","actor_id":"a","actor_principal":"PRINCIPAL_USER","subject_id":"` + scimA + `",
		"subject_type":"RESOURCE_TYPE_SCIM_CONFIGURATION","action":"updated","created_at":"2026-11-22T00:00:00Z"}`
	api := newAPI(t, handlers{"ListAuditLogs": ok(`{"entries":[` + entry + `]}`)})
	log, err := newClient(t, api.URL).ListAuditLogs(t.Context(), AuditLogQuery{Since: testNow.AddDate(0, 0, -2)})
	if err != nil || log.NotAssessed != "" || len(log.Entries) != 1 {
		t.Fatalf("log %+v, error %v", log, err)
	}
	if e := log.Entries[0]; e.ActorID != "a" || e.SubjectID != scimA || e.CreatedAt.IsZero() || len(e.Unknown) > 0 {
		t.Errorf("entry: %+v", e)
	}
}
