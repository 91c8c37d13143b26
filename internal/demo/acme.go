package demo

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// acme is a large organization: a holding whose divisions have an identity provider in each region, more than two pages of them. It has
// one quiet night, in which the API writes the same in another way.
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
	scims, ssos := acmeCompany()
	divisionSCIMs, divisionSSOs := acmeDivisions()
	s.begin(append(scims, divisionSCIMs...), append(ssos, divisionSSOs...))
	return tale{base: s, events: append(acmeFirstHalf(), acmeSecondHalf()...)}
}

// acmeCompany is what the holding itself uses. OneLogin is what it used before: disabled, with a token that expired long ago. Nobody has
// linked the vendors' configuration to the sign-in that was made for it.
func acmeCompany() ([]scim, []sso) {
	scims := []scim{
		{key: "okta-production", name: "Okta production", sso: "okta-production", created: "2026-05-04T09:30:00Z", expires: "2027-05-04T09:30:00Z"},
		{key: "okta-staging", name: "Okta staging", sso: "okta-staging", created: "2026-05-11T14:05:20.5Z", expires: "2027-05-11T14:05:20.5Z"},
		{key: "contractors", name: "Contractors EMEA", sso: "contractors", created: "2026-07-01T07:00:00Z", expires: "2027-07-01T07:00:00Z"},
		{key: "acquisitions", name: "Google Workspace acquisitions", sso: "acquisitions", created: "2026-08-17T16:45:09.123Z", expires: "2027-08-17T16:45:09.123Z"},
		{key: "onelogin", name: "OneLogin (until 2025)", sso: "onelogin", created: "2025-02-10T11:00:00Z", expires: "2026-02-10T11:00:00Z", disabled: true},
		{key: "vendors", name: "Ping Identity vendors", created: "2026-09-14T12:20:00Z", expires: "2027-09-14T12:20:00Z"},
	}
	ssos := []sso{
		{key: "okta-production", name: "Okta production", issuer: "https://acme.okta.example", domains: []string{"acme.example", "acme-holding.example"}},
		{key: "okta-staging", name: "Okta staging", issuer: "https://acme-staging.oktapreview.example", domains: []string{"staging.acme.example"}},
		{key: "contractors", name: "Entra ID contractors", issuer: "https://login.microsoftonline.example/contractors/v2.0", domains: []string{"ext.acme.example"}},
		{key: "acquisitions", name: "Google Workspace acquisitions", issuer: "https://accounts.google.example", domains: []string{"hooli.example", "piedpiper.example"}},
		{key: "onelogin", name: "OneLogin", issuer: "https://acme.onelogin.example/oidc/2", inactive: true},
		{key: "vendors", name: "Ping Identity vendors", issuer: "https://auth.pingone.example/vendors/as", domains: []string{"vendors.acme.example"}},
	}
	return scims, ssos
}

// acmeDivisions is one configuration for each division and region, each with a sign-in of its own and a token of one year.
func acmeDivisions() ([]scim, []sso) {
	divisions := []string{
		"Payments", "Logistics", "Retail", "Finance", "Legal", "Insurance", "Energy", "Robotics", "Aviation", "Health", "Foods",
		"Mobility", "Research", "Security", "Cloud", "Media", "Mining", "Marine", "Housing", "Textiles", "Education",
	}
	regions := []struct{ region, provider, issuer string }{
		{"EMEA", "Entra ID", "https://login.microsoftonline.example/%s/v2.0"},
		{"AMER", "Okta", "https://%s.okta.example"},
		{"APAC", "Google Workspace", "https://accounts.google.example/%s"},
	}
	var scims []scim
	var ssos []sso
	created := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for _, division := range divisions {
		for _, r := range regions {
			key := strings.ToLower(division + "-" + r.region)
			name := r.provider + " " + division + " " + r.region
			scims = append(scims, scim{key: key, name: name, sso: key, created: created.Format(time.RFC3339), expires: created.AddDate(1, 0, 0).Format(time.RFC3339)})
			ssos = append(ssos, sso{key: key, name: name, issuer: fmt.Sprintf(r.issuer, key), domains: []string{key + ".acme.example"}})
			created = created.Add(3*24*time.Hour + 7*time.Minute)
		}
	}
	return scims, ssos
}

func acmeFirstHalf() []event {
	return []event{
		{night: 2, words: `"Contractors EMEA" was disabled`, do: func(e *edit) {
			e.changeSCIM("contractors", "disabled SCIM configuration", Row{"enabled": nil})
		}},
		{night: 2, words: `"Okta staging" was deleted`, do: func(e *edit) {
			e.removeSCIM("okta-staging")
		}},
		{night: 2, words: `the token of "Okta production" was rotated, for another year`, do: func(e *edit) {
			e.changeSCIM("okta-production", "regenerated SCIM token", Row{"tokenExpiresAt": "2027-11-16T14:00:00Z"})
		}},
		{night: 2, words: `"Entra ID Payments EMEA" was renamed "Entra ID Payments Europe"`, do: func(e *edit) {
			e.changeSCIM("payments-emea", "updated SCIM configuration", Row{"name": "Entra ID Payments Europe"})
		}},
		{night: 2, words: "the API is busy and asks to come again, once, before it lists the SCIM configurations", passing: true, do: func(e *edit) {
			e.Faults[ListSCIMConfigurations] = Fault{Code: "resource_exhausted", Message: "too many requests", RetryDelay: time.Millisecond, Times: 1}
		}},
		{night: 3, words: "nothing happened; the API writes the same in another way: order, upper case, offsets, zeros, explicit defaults", passing: true, do: func(e *edit) {
			respell(e.State)
		}},
		{night: 4, words: `"Okta staging" is back under its old id`, do: func(e *edit) {
			e.restoreSCIM("okta-staging", "restored SCIM configuration")
		}},
		{night: 4, words: `"Contractors EMEA" was enabled again`, do: func(e *edit) {
			e.changeSCIM("contractors", "enabled SCIM configuration", Row{"enabled": true})
		}},
		{night: 4, words: `"Google Workspace acquisitions" was linked to the sign-in of "Okta production"`, do: func(e *edit) {
			e.changeSCIM("acquisitions", "updated SCIM configuration", Row{"ssoConfigurationId": ID("acme", "sso", "okta-production")})
		}},
		{night: 4, words: "a newer API tells for each SCIM configuration whether accounts with an unverified e-mail address may be linked", do: func(e *edit) {
			for _, row := range e.SCIM {
				row["allowUnverifiedEmailAccountLinking"] = false
			}
		}},
	}
}

func acmeSecondHalf() []event {
	return []event{
		{night: 5, words: `"Contractors EMEA" may link accounts with an unverified e-mail address, and the audit log does not tell who did it`, do: func(e *edit) {
			e.changeSCIM("contractors", "", Row{"allowUnverifiedEmailAccountLinking": true})
		}},
		{night: 5, words: `"Okta Logistics AMER" was deleted and made anew with the same sign-in`, do: func(e *edit) {
			e.removeSCIM("logistics-amer")
			e.addSCIM(scim{
				key: "logistics-amer-2", name: "Okta Logistics AMER", sso: "logistics-amer", expires: "2027-11-19T13:30:00Z",
				more: Row{"allowUnverifiedEmailAccountLinking": false},
			}, "created SCIM configuration")
		}},
		{night: 5, words: "accounts may be created without SCIM", do: func(e *edit) {
			e.changePolicies("updated organization policies", Row{"restrictAccountCreationToScim": nil})
		}},
		{night: 6, words: `"Contractors EMEA" may no longer link accounts with an unverified e-mail address`, do: func(e *edit) {
			e.changeSCIM("contractors", "updated SCIM configuration", Row{"allowUnverifiedEmailAccountLinking": false})
		}},
		{night: 6, words: "accounts may be created through SCIM only, and five environments fewer may run", do: func(e *edit) {
			e.changePolicies("updated organization policies", Row{"restrictAccountCreationToScim": true, "maximumRunningEnvironmentsPerUser": "5"})
		}},
		{night: 6, words: `"Google Workspace Retail APAC" lost its link to a sign-in`, do: func(e *edit) {
			e.changeSCIM("retail-apac", "updated SCIM configuration", Row{"ssoConfigurationId": nil})
		}},
		{night: 6, words: `the token of "Entra ID Finance EMEA" was rotated, for thirty days only`, do: func(e *edit) {
			e.changeSCIM("finance-emea", "regenerated SCIM token", Row{"tokenExpiresAt": "2026-12-20T14:30:00Z"})
		}},
		{night: 6, words: "a SCIM configuration was created and deleted an hour later, which only the audit log knows", do: func(e *edit) {
			id := ID(e.Name, "scim", "migration")
			e.log(e.at, subjectSCIM, id, "created SCIM configuration")
			e.log(e.at.Add(time.Hour), subjectSCIM, id, "deleted SCIM configuration")
		}},
		{night: 7, words: `"Ping Identity vendors" was linked to its sign-in`, do: func(e *edit) {
			e.changeSCIM("vendors", "updated SCIM configuration", Row{"ssoConfigurationId": ID("acme", "sso", "vendors")})
		}},
		{night: 7, words: `"Entra ID Legal EMEA" was changed and changed back`, do: func(e *edit) {
			e.changeSCIM("legal-emea", "updated SCIM configuration", nil)
		}},
		{night: 7, words: `the audit log tells of a change of "Okta production" that nothing shows`, do: func(e *edit) {
			e.log(e.at, subjectSCIM, ID(e.Name, "scim", "okta-production"), "updated SCIM configuration")
		}},
		{night: 7, words: `the sign-in "OneLogin" is active again`, do: func(e *edit) {
			e.changeSSO("onelogin", "updated SSO configuration", Row{"state": ona.SSOStateActive})
		}},
	}
}
