package demo

import (
	"encoding/json"
	"time"

	"scim-auditor/internal/ona"
)

// globex is a handful of configurations that have grown over the years and break almost every rule.
// On one night its token may not list them.
func globex() tale {
	s := NewState("globex")
	s.Organization["name"] = "Globex Corporation"
	s.Organization["inviteDomains"] = Row{"domains": []string{"globex.example"}}
	s.SCIM, s.SSO = globexSCIM(s), globexSSO(s)
	s.logBeginning()
	for _, row := range s.SCIM {
		row["groupSync"] = Row{"enabled": true, "prefix": "ona-", "maxGroups": 500}
	}
	return tale{base: s, events: globexEvents()}
}

func globexSCIM(s *State) []Row {
	return []Row{
		// A token of two years that nobody has rotated in the eighteen months since.
		s.scim("workforce", "Okta workforce", "okta", "2025-05-02T08:00:00Z", Row{"tokenExpiresAt": "2027-05-02T08:00:00Z"}),
		s.scim("emea", "Entra ID EMEA", "entra-emea", "2026-04-20T10:10:10Z", nil),
		s.scim("amer", "Entra ID AMER", "entra-amer", "2026-02-01T18:30:00Z", nil),
		s.scim("google", "Google Workspace", "google", "2026-06-15T13:00:00Z", nil),
		s.scim("contractors", "Contractors", "auth0-old", "2026-03-09T09:09:09Z", nil),
		// The same name but for case and a space, and the same sign-in as Entra ID EMEA.
		s.scim("contractors-2", "contractors ", "entra-emea", "2026-03-30T09:09:09Z", nil),
		s.scim("partners", "Partners", "", "2025-12-10T06:00:00Z", nil),
		s.scim("research", "Research lab", "retired", "2026-05-20T15:00:00Z", nil),
		// The token expires between night 3 and night 4 without any event.
		s.scim("interns", "JumpCloud interns", "jumpcloud", "2026-08-20T12:00:00Z",
			Row{"tokenExpiresAt": "2026-11-18T12:00:00Z"}),
		s.scim("field-staff", "Rippling field staff", "rippling", "2025-10-31T07:45:00Z", nil),
		s.scim("nameless", "", "keycloak", "2026-07-07T07:07:07Z", nil),
		// Created in the future, by a server whose clock was wrong, and without an expiry.
		s.scim("lab-pilot", "Keycloak pilot", "", "2026-12-24T00:00:00Z", Row{"enabled": nil, "tokenExpiresAt": nil}),
	}
}

func globexSSO(s *State) []Row {
	return []Row{
		s.sso("okta", "Okta", "https://globex.okta.example", "globex.example globex.co.example", nil),
		s.sso("entra-emea", "Entra ID EMEA", "https://login.microsoftonline.example/globex-emea/v2.0", "emea.globex.example",
			Row{"claims": Row{"email": "email", "name": "displayName"}}),
		s.sso("entra-amer", "Entra ID AMER", "https://sts.windows.example/globex-amer", "amer.globex.example", nil),
		s.sso("google", "Google", "https://accounts.google.example", "", Row{"providerType": ona.ProviderTypeBuiltin}),
		s.sso("auth0-old", "Auth0 (old tenant)", "https://globex-old.auth0.example", "", Row{"state": ona.SSOStateInactive}),
		s.sso("jumpcloud", "JumpCloud", "https://oauth.id.jumpcloud.example", "interns.globex.example", nil),
		s.sso("rippling", "Rippling", "https://globex.rippling.example", "field.globex.example", nil),
		s.sso("keycloak", "Keycloak", "https://sso.globex.example/realms/main", "lab.globex.example", nil),
		// Active, and no SCIM configuration uses it.
		s.sso("duo", "Duo pilot", "https://sso-globex.duosecurity.example", "",
			Row{"additionalScopes": []string{"profile", "groups"}}),
	}
}

func globexEvents() []event {
	return []event{
		on(2, `the sign-in "Rippling" was disabled`,
			ssoKind.update("rippling", "updated", Row{"state": ona.SSOStateInactive})),
		on(2, `the sign-in "Okta" was renamed "Okta Workforce Identity"`,
			ssoKind.update("okta", "updated", Row{"displayName": "Okta Workforce Identity"})),
		on(2, `"Okta workforce" synchronizes up to 1000 groups, a setting that the auditor does not know`,
			scimKind.update("workforce", "updated",
				Row{"groupSync": Row{"enabled": true, "prefix": "ona-", "maxGroups": 1000}})),
		on(3, `the sign-in "Entra ID AMER" trusts another issuer`,
			ssoKind.update("entra-amer", "updated",
				Row{"issuerUrl": "https://login.microsoftonline.example/globex-amer/v2.0"})),
		on(3, `the sign-in "Google" has another client id`, ssoKind.update("google", "", Row{"clientId": "ona-google-2026"})),
		on(3, `the sign-in "Duo pilot" was deleted`, ssoKind.remove("duo")),
		on(4, `"Research lab" was deleted`, scimKind.remove("research")),
		on(4, `the sign-in "Entra ID EMEA" takes the name from another claim`,
			ssoKind.update("entra-emea", "updated",
				Row{"claims": Row{"email": "email", "name": "preferred_username"}})),
		onlyOn(4, "the token may not list SCIM configurations: the night is not complete",
			fail(ListSCIMConfigurations, denied("the service account lacks the organization admin role"))),
		on(5, `the sign-in "Rippling" was enabled again`,
			ssoKind.update("rippling", "updated", Row{"state": ona.SSOStateActive})),
		on(5, `the sign-in "Okta Workforce Identity" serves another e-mail domain too`,
			ssoKind.update("okta", "updated",
				Row{"emailDomains": []string{"globex.example", "globex.co.example", "hammock.example"}})),
		on(5, `the sign-in "JumpCloud" asks for more scopes`,
			ssoKind.update("jumpcloud", "updated", Row{"additionalScopes": []string{"groups"}})),
		on(6, `the sign-in "Duo pilot" is back under its old id`, ssoKind.restore("duo")),
		on(6, `a sign-in "Partners" was created, and "Partners" linked to it`,
			createSSO("partners", "Partners", "https://partners.globex.example/oidc", "partners.globex.example"),
			scimKind.update("partners", "updated", Row{"ssoConfigurationId": ID("globex", "sso", "partners")})),
		on(6, "the auditor collects with the token of another service account", func(s *State, _ time.Time) {
			s.Identity["subject"] = Row{
				"id": ID("globex", "service-account", "auditor-2026"), "principal": "PRINCIPAL_SERVICE_ACCOUNT",
			}
		}),
		on(6, `the expired token of "Rippling field staff" was rotated`,
			rotateToken("field-staff", "2027-11-20T14:00:00Z")),
		onlyOn(7, "nothing happened; the API writes the setting that the auditor does not know in another form",
			func(s *State, _ time.Time) {
				row := scimKind.find(s, "emea")
				row["groupSync"] = json.RawMessage(`{"prefix":"\u006fna-","maxGroups":5.0e2,"enabled":true}`)
			}),
	}
}
