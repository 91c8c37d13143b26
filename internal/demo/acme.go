package demo

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// acme is a large organization: a holding whose divisions have an identity provider in each region,
// more than two pages of them. On one quiet night the API writes the same content in another form.
func acme() tale {
	s := NewState("acme")
	s.Identity["organizationTier"] = "ORGANIZATION_TIER_ENTERPRISE"
	s.Organization["name"] = "Acme Holding"
	s.Policies = Row{
		"restrictAccountCreationToScim":     true,
		"membersRequireProjects":            true,
		"maximumEnvironmentTimeout":         "3600s",
		"maximumRunningEnvironmentsPerUser": "10",
	}
	acmeHeadquarters(s)
	acmeDivisions(s)
	s.logBeginning()
	return tale{base: s, events: acmeEvents()}
}

// acmeHeadquarters adds what the holding itself uses. OneLogin is disabled, and its token expired
// long ago. The vendors' configuration is not linked to its sign-in yet.
func acmeHeadquarters(s *State) {
	s.SCIM = []Row{
		s.scim("okta-production", "Okta production", "okta-production", "2026-05-04T09:30:00Z", nil),
		s.scim("okta-staging", "Okta staging", "okta-staging", "2026-05-11T14:05:20.5Z", nil),
		s.scim("contractors", "Contractors EMEA", "contractors", "2026-07-01T07:00:00Z", nil),
		s.scim("acquisitions", "Google Workspace acquisitions", "acquisitions", "2026-08-17T16:45:09.123Z", nil),
		s.scim("onelogin", "OneLogin (until 2025)", "onelogin", "2025-02-10T11:00:00Z", Row{"enabled": nil}),
		s.scim("vendors", "Ping Identity vendors", "", "2026-09-14T12:20:00Z", nil),
	}
	s.SSO = []Row{
		s.sso("okta-production", "Okta production", "https://acme.okta.example", "acme.example acme-holding.example", nil),
		s.sso("okta-staging", "Okta staging", "https://acme-staging.oktapreview.example", "staging.acme.example", nil),
		s.sso("contractors", "Entra ID contractors", "https://login.microsoftonline.example/contractors/v2.0",
			"ext.acme.example", nil),
		s.sso("acquisitions", "Google Workspace acquisitions", "https://accounts.google.example",
			"hooli.example piedpiper.example", nil),
		s.sso("onelogin", "OneLogin", "https://acme.onelogin.example/oidc/2", "", Row{"state": ona.SSOStateInactive}),
		s.sso("vendors", "Ping Identity vendors", "https://auth.pingone.example/vendors/as", "vendors.acme.example", nil),
	}
}

// acmeDivisions adds a configuration for each division and region, each with a sign-in of its own.
func acmeDivisions(s *State) {
	divisions := strings.Fields("Payments Logistics Retail Finance Legal Insurance Energy Robotics Aviation Health " +
		"Foods Mobility Research Security Cloud Media Mining Marine Housing Textiles Education")
	regions := []struct{ name, provider, issuer string }{
		{"EMEA", "Entra ID", "https://login.microsoftonline.example/%s/v2.0"},
		{"AMER", "Okta", "https://%s.okta.example"},
		{"APAC", "Google Workspace", "https://accounts.google.example/%s"},
	}
	created := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, division := range divisions {
		for _, r := range regions {
			key := strings.ToLower(division + "-" + r.name)
			name := r.provider + " " + division + " " + r.name
			s.SCIM = append(s.SCIM, s.scim(key, name, key, created.Format(time.RFC3339), nil))
			s.SSO = append(s.SSO, s.sso(key, name, fmt.Sprintf(r.issuer, key), key+".acme.example", nil))
			created = created.Add(3*24*time.Hour + 7*time.Minute)
		}
	}
}

func acmeEvents() []event {
	linking := func(allowed bool) Row { return Row{"allowUnverifiedEmailAccountLinking": allowed} }
	return []event{
		on(2, `"Contractors EMEA" was disabled`, scimKind.update("contractors", "disabled", Row{"enabled": nil})),
		on(2, `"Okta staging" was deleted`, scimKind.remove("okta-staging")),
		on(2, `the token of "Okta production" was rotated, for another year`,
			rotateToken("okta-production", "2027-11-16T14:00:00Z")),
		on(2, `"Entra ID Payments EMEA" was renamed "Entra ID Payments Europe"`,
			scimKind.update("payments-emea", "updated", Row{"name": "Entra ID Payments Europe"})),
		onlyOn(2, "the API is busy and asks for a retry, once, before it lists the SCIM configurations",
			fail(ListSCIMConfigurations, Fault{
				Code: "resource_exhausted", Message: "too many requests", RetryDelay: time.Millisecond, Times: 1,
			})),
		onlyOn(3, "nothing happened; the API writes the same content in another form: "+
			"order, upper case, offsets, zeros, explicit defaults", respell),
		on(4, `"Okta staging" is back under its old id`, scimKind.restore("okta-staging")),
		on(4, `"Contractors EMEA" was enabled again`, scimKind.update("contractors", "enabled", Row{"enabled": true})),
		on(4, `"Google Workspace acquisitions" was linked to the sign-in of "Okta production"`,
			scimKind.update("acquisitions", "updated", Row{"ssoConfigurationId": ID("acme", "sso", "okta-production")})),
		on(4, "a newer API reports for each SCIM configuration whether accounts with an unverified e-mail address "+
			"may be linked", func(s *State, _ time.Time) {
			for _, row := range s.SCIM {
				row["allowUnverifiedEmailAccountLinking"] = false
			}
		}),
		on(5, `"Contractors EMEA" may link accounts with an unverified e-mail address, and the audit log has no entry of it`,
			scimKind.update("contractors", "", linking(true))),
		on(5, `"Okta Logistics AMER" was deleted and created anew with the same sign-in`,
			scimKind.remove("logistics-amer"),
			createSCIM("logistics-amer-2", "Okta Logistics AMER", "logistics-amer", linking(false))),
		on(5, "accounts may be created without SCIM", updatePolicies(Row{"restrictAccountCreationToScim": nil})),
		on(6, `"Contractors EMEA" may no longer link accounts with an unverified e-mail address`,
			scimKind.update("contractors", "updated", linking(false))),
		on(6, "accounts may be created through SCIM only, and five environments fewer may run",
			updatePolicies(Row{"restrictAccountCreationToScim": true, "maximumRunningEnvironmentsPerUser": "5"})),
		on(6, `"Google Workspace Retail APAC" lost its link to a sign-in`,
			scimKind.update("retail-apac", "updated", Row{"ssoConfigurationId": nil})),
		on(6, `the token of "Entra ID Finance EMEA" was rotated, for thirty days only`,
			rotateToken("finance-emea", "2026-12-20T14:30:00Z")),
		on(6, "a SCIM configuration was created and deleted an hour later, which only the audit log shows",
			func(s *State, at time.Time) {
				id := ID(s.Name, "scim", "migration")
				s.log(at, scimKind.subjectType, id, "created SCIM configuration")
				s.log(at.Add(time.Hour), scimKind.subjectType, id, "deleted SCIM configuration")
			}),
		on(7, `"Ping Identity vendors" was linked to its sign-in`,
			scimKind.update("vendors", "updated", Row{"ssoConfigurationId": ID("acme", "sso", "vendors")})),
		on(7, `"Entra ID Legal EMEA" was changed and changed back`, scimKind.update("legal-emea", "updated", nil)),
		on(7, `the audit log has an entry of a change of "Okta production" that nothing shows`,
			func(s *State, at time.Time) {
				s.log(at, scimKind.subjectType, ID(s.Name, "scim", "okta-production"), "updated SCIM configuration")
			}),
		on(7, `the sign-in "OneLogin" is active again`,
			ssoKind.update("onelogin", "updated", Row{"state": ona.SSOStateActive})),
	}
}
