package demo

import (
	"encoding/json"

	"scim-auditor/internal/ona"
)

// globex is a handful of configurations that have grown over the years: hardly a rule that none of them breaks. One night its token may
// not list them.
func globex() tale {
	s := NewState("globex")
	s.Organization["name"] = "Globex Corporation"
	s.Organization["inviteDomains"] = Row{"domains": []string{"globex.example"}}
	s.begin(globexSCIM(), globexSSO())
	for _, row := range s.SCIM {
		row["groupSync"] = Row{"enabled": true, "prefix": "ona-", "maxGroups": 500}
	}
	return tale{base: s, events: append(globexFirstHalf(), globexSecondHalf()...)}
}

func globexSCIM() []scim {
	return []scim{
		// A token of two years that nobody has rotated in the eighteen months since.
		{key: "workforce", name: "Okta workforce", sso: "okta", created: "2025-05-02T08:00:00Z", expires: "2027-05-02T08:00:00Z"},
		{key: "emea", name: "Entra ID EMEA", sso: "entra-emea", created: "2026-04-20T10:10:10Z", expires: "2027-04-20T10:10:10Z"},
		{key: "amer", name: "Entra ID AMER", sso: "entra-amer", created: "2026-02-01T18:30:00Z", expires: "2027-02-01T18:30:00Z"},
		{key: "google", name: "Google Workspace", sso: "google", created: "2026-06-15T13:00:00Z", expires: "2027-06-15T13:00:00Z"},
		{key: "contractors", name: "Contractors", sso: "auth0-old", created: "2026-03-09T09:09:09Z", expires: "2027-03-09T09:09:09Z"},
		// The same name but for case and a space, and the same sign-in as Entra ID EMEA.
		{key: "contractors-2", name: "contractors ", sso: "entra-emea", created: "2026-03-30T09:09:09Z", expires: "2027-03-30T09:09:09Z"},
		{key: "partners", name: "Partners", created: "2025-12-10T06:00:00Z", expires: "2026-12-10T06:00:00Z"},
		{key: "research", name: "Research lab", sso: "retired", created: "2026-05-20T15:00:00Z", expires: "2027-05-20T15:00:00Z"},
		// The token expires between night 3 and night 4: only time does it.
		{key: "interns", name: "JumpCloud interns", sso: "jumpcloud", created: "2026-08-20T12:00:00Z", expires: "2026-11-18T12:00:00Z"},
		{key: "field-staff", name: "Rippling field staff", sso: "rippling", created: "2025-10-31T07:45:00Z", expires: "2026-10-31T07:45:00Z"},
		{key: "nameless", sso: "keycloak", created: "2026-07-07T07:07:07Z", expires: "2027-07-07T07:07:07Z"},
		// Created in the future, by a server whose clock was wrong, and without an expiry.
		{key: "lab-pilot", name: "Keycloak pilot", created: "2026-12-24T00:00:00Z", disabled: true},
	}
}

func globexSSO() []sso {
	return []sso{
		{key: "okta", name: "Okta", issuer: "https://globex.okta.example", domains: []string{"globex.example", "globex.co.example"}},
		{key: "entra-emea", name: "Entra ID EMEA", issuer: "https://login.microsoftonline.example/globex-emea/v2.0", domains: []string{"emea.globex.example"},
			more: Row{"claims": Row{"email": "email", "name": "displayName"}}},
		{key: "entra-amer", name: "Entra ID AMER", issuer: "https://sts.windows.example/globex-amer", domains: []string{"amer.globex.example"}},
		{key: "google", name: "Google", issuer: "https://accounts.google.example", builtin: true},
		{key: "auth0-old", name: "Auth0 (old tenant)", issuer: "https://globex-old.auth0.example", inactive: true},
		{key: "jumpcloud", name: "JumpCloud", issuer: "https://oauth.id.jumpcloud.example", domains: []string{"interns.globex.example"}},
		{key: "rippling", name: "Rippling", issuer: "https://globex.rippling.example", domains: []string{"field.globex.example"}},
		{key: "keycloak", name: "Keycloak", issuer: "https://sso.globex.example/realms/main", domains: []string{"lab.globex.example"}},
		// Active, and no SCIM configuration uses it.
		{key: "duo", name: "Duo pilot", issuer: "https://sso-globex.duosecurity.example", more: Row{"additionalScopes": []string{"profile", "groups"}}},
	}
}

func globexFirstHalf() []event {
	return []event{
		{night: 2, words: `the sign-in "Rippling" was disabled`, do: func(e *edit) {
			e.changeSSO("rippling", "updated SSO configuration", Row{"state": ona.SSOStateInactive})
		}},
		{night: 2, words: `the sign-in "Okta" was renamed "Okta Workforce Identity"`, do: func(e *edit) {
			e.changeSSO("okta", "updated SSO configuration", Row{"displayName": "Okta Workforce Identity"})
		}},
		{night: 2, words: `"Okta workforce" synchronizes up to 1000 groups, a setting that the auditor does not know`, do: func(e *edit) {
			e.changeSCIM("workforce", "updated SCIM configuration", Row{"groupSync": Row{"enabled": true, "prefix": "ona-", "maxGroups": 1000}})
		}},
		{night: 3, words: `the sign-in "Entra ID AMER" trusts another issuer`, do: func(e *edit) {
			e.changeSSO("entra-amer", "updated SSO configuration", Row{"issuerUrl": "https://login.microsoftonline.example/globex-amer/v2.0"})
		}},
		{night: 3, words: `the sign-in "Google" has another client id`, do: func(e *edit) {
			e.changeSSO("google", "", Row{"clientId": "ona-google-2026"})
		}},
		{night: 3, words: `the sign-in "Duo pilot" was deleted`, do: func(e *edit) {
			e.removeSSO("duo", "deleted SSO configuration")
		}},
		{night: 4, words: `"Research lab" was deleted`, do: func(e *edit) {
			e.removeSCIM("research")
		}},
		{night: 4, words: `the sign-in "Entra ID EMEA" takes the name from another claim`, do: func(e *edit) {
			e.changeSSO("entra-emea", "updated SSO configuration", Row{"claims": Row{"email": "email", "name": "preferred_username"}})
		}},
		{night: 4, words: "the token may not list SCIM configurations: the night is not complete", passing: true, do: func(e *edit) {
			e.Faults[ListSCIMConfigurations] = Fault{Code: "permission_denied", Message: "the service account lacks the organization admin role"}
		}},
	}
}

func globexSecondHalf() []event {
	return []event{
		{night: 5, words: `the sign-in "Rippling" was enabled again`, do: func(e *edit) {
			e.changeSSO("rippling", "updated SSO configuration", Row{"state": ona.SSOStateActive})
		}},
		{night: 5, words: `the sign-in "Okta Workforce Identity" serves another e-mail domain too`, do: func(e *edit) {
			e.changeSSO("okta", "updated SSO configuration", Row{"emailDomains": []string{"globex.example", "globex.co.example", "hammock.example"}})
		}},
		{night: 5, words: `the sign-in "JumpCloud" asks for more scopes`, do: func(e *edit) {
			e.changeSSO("jumpcloud", "updated SSO configuration", Row{"additionalScopes": []string{"groups"}})
		}},
		{night: 6, words: `the sign-in "Duo pilot" is back under its old id`, do: func(e *edit) {
			e.restoreSSO("duo", "restored SSO configuration")
		}},
		{night: 6, words: `a sign-in "Partners" was created, and "Partners" linked to it`, do: func(e *edit) {
			e.addSSO(sso{key: "partners", name: "Partners", issuer: "https://partners.globex.example/oidc", domains: []string{"partners.globex.example"}}, "created SSO configuration")
			e.changeSCIM("partners", "updated SCIM configuration", Row{"ssoConfigurationId": ID("globex", "sso", "partners")})
		}},
		{night: 6, words: "the auditor collects with the token of another service account", do: func(e *edit) {
			e.Identity["subject"] = Row{"id": ID("globex", "service-account", "auditor-2026"), "principal": "PRINCIPAL_SERVICE_ACCOUNT"}
		}},
		{night: 6, words: `the expired token of "Rippling field staff" was rotated`, do: func(e *edit) {
			e.changeSCIM("field-staff", "regenerated SCIM token", Row{"tokenExpiresAt": "2027-11-20T14:00:00Z"})
		}},
		{night: 7, words: "nothing happened; the API writes the setting that the auditor does not know in another way", passing: true, do: func(e *edit) {
			row := find(e.SCIM, ID("globex", "scim", "emea"))
			row["groupSync"] = json.RawMessage(`{"prefix":"\u006fna-","maxGroups":5.0e2,"enabled":true}`)
		}},
	}
}
