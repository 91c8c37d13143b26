package demo

import (
	"time"

	"scim-auditor/internal/ona"
)

// umbrella begins without any configuration, so that the API lists it as {}. Its only one is
// created, disabled and deleted in three nights. Its server does not know organization policies.
func umbrella() tale {
	s := NewState("umbrella")
	s.Organization = Row{"id": s.ID, "name": "Umbrella"}
	s.logBeginning()
	s.Faults[GetOrganizationPolicies] = Fault{Code: "unimplemented", Message: "GetOrganizationPolicies is not implemented"}
	return tale{base: s, events: []event{
		onlyOn(3, "the API lists a SCIM configuration of another organization: the night is not complete",
			func(s *State, _ time.Time) {
				s.SCIM = append(s.SCIM, s.scim("stray", "Okta (Tricell)", "", "2026-08-01T10:00:00Z",
					Row{"organizationId": ID("tricell")}))
			}),
		on(5, `a sign-in "Okta" and the SCIM configuration "Okta pilot" were created`,
			createSSO("okta", "Okta", "https://umbrella.okta.example", "umbrella.example"),
			createSCIM("pilot", "Okta pilot", "okta", Row{"tokenExpiresAt": "2027-02-17T13:00:00Z"})),
		on(6, `"Okta pilot", the only SCIM configuration, was disabled`,
			scimKind.update("pilot", "disabled", Row{"enabled": nil})),
		on(7, `"Okta pilot" was deleted, and the sign-in "Okta" disabled`, scimKind.remove("pilot"),
			ssoKind.update("okta", "updated", Row{"state": ona.SSOStateInactive})),
	}}
}
