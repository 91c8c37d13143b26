package demo

import "scim-auditor/internal/ona"

// umbrella begins without any configuration, so that the API lists it as {}, and ends without one of SCIM: its only one is created,
// disabled and deleted in three nights. Its server is too old to know organization policies.
func umbrella() tale {
	s := NewState("umbrella")
	s.Organization = Row{"id": s.ID, "name": "Umbrella"}
	s.begin(nil, nil)
	s.Faults[GetOrganizationPolicies] = Fault{Code: "unimplemented", Message: "GetOrganizationPolicies is not implemented"}
	return tale{base: s, events: []event{
		{night: 3, words: "the API lists a SCIM configuration of another organization: the night is not complete", passing: true, do: func(e *edit) {
			row := e.scimRow(scim{key: "stray", name: "Okta (Tricell)", created: "2026-08-01T10:00:00Z", expires: "2027-08-01T10:00:00Z"})
			row["organizationId"] = ID("tricell")
			e.SCIM = append(e.SCIM, row)
		}},
		{night: 5, words: `a sign-in "Okta" and the SCIM configuration "Okta pilot" were created`, do: func(e *edit) {
			e.addSSO(sso{key: "okta", name: "Okta", issuer: "https://umbrella.okta.example", domains: []string{"umbrella.example"}}, "created SSO configuration")
			e.addSCIM(scim{key: "pilot", name: "Okta pilot", sso: "okta", expires: "2027-02-17T13:00:00Z"}, "created SCIM configuration")
		}},
		{night: 6, words: `"Okta pilot", the only SCIM configuration, was disabled`, do: func(e *edit) {
			e.changeSCIM("pilot", "disabled SCIM configuration", Row{"enabled": nil})
		}},
		{night: 7, words: `"Okta pilot" was deleted, and the sign-in "Okta" disabled`, do: func(e *edit) {
			e.removeSCIM("pilot")
			e.changeSSO("okta", "updated SSO configuration", Row{"state": ona.SSOStateInactive})
		}},
	}}
}
