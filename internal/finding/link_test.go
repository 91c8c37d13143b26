package finding_test

import (
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

func hideSSO(in *finding.Input) {
	in.Inventory.SSO = nil
	in.Inventory.SSONotAssessed = "permission denied"
}

func link(id string) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.SCIM[0].SSOConfigurationID = id }
}

func state(state string) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.SSO[0].State = state }
}

// unprovisioned adds sso-2, which no SCIM configuration links to.
func unprovisioned(providerType, state string) func(*finding.Input) {
	return func(in *finding.Input) {
		c := sso("sso-2", "Entra sign-in")
		c.ProviderType, c.State = providerType, state
		addSSO(in, c)
	}
}

var linkCases = []ruleCase{
	{"SCIM-009", "not linked", link(""), []string{"fail high scim-1"}, "not linked"},
	{"SCIM-009", "disabled and not linked", func(in *finding.Input) {
		link("")(in)
		disable(in)
	}, []string{"pass org-1"}, "0 of 1"},
	{"SCIM-009", "linked, SSO unreadable", hideSSO, []string{"pass org-1"}, ""},

	{"SCIM-010", "dangling link", link("sso-9"),
		[]string{"fail high scim-1"}, "SSO configuration sso-9, which the complete list of SSO"},
	{"SCIM-010", "no link", link(""), []string{"pass org-1"}, "with a link: 0 of 1"},
	{"SCIM-010", "link to a builtin provider", func(in *finding.Input) {
		unprovisioned(ona.ProviderTypeBuiltin, ona.SSOStateActive)(in)
		link("sso-2")(in)
	}, []string{"pass org-1"}, "with a link: 1 of 1"},
	{"SCIM-010", "SSO unreadable", hideSSO, []string{"not_assessed org-1"}, "permission denied"},

	{"SCIM-011", "linked SSO inactive", state(ona.SSOStateInactive), []string{"fail high scim-1"},
		"Okta sign-in (sso-1), whose state is SSO_CONFIGURATION_STATE_INACTIVE"},
	{"SCIM-011", "a state of a newer server", state("SSO_CONFIGURATION_STATE_SUSPENDED"),
		[]string{"fail high scim-1"}, "SUSPENDED"},
	{"SCIM-011", "state not reported", state(ona.SSOStateUnspecified),
		[]string{"not_assessed scim-1"}, "did not report the state"},
	{"SCIM-011", "dangling link", link("sso-9"), []string{"not_assessed scim-1"}, "not in the complete list"},
	{"SCIM-011", "SSO unreadable", hideSSO, []string{"not_assessed org-1"}, "permission denied"},

	{"SCIM-012", "two enabled share one", func(in *finding.Input) { addSCIM(in, scim("scim-2", "Entra", "sso-1")) },
		[]string{"fail high scim-1", "fail high scim-2"},
		"shares SSO configuration Okta sign-in (sso-1) with Entra (scim-2)"},
	{"SCIM-012", "shared, SSO unreadable", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "", "sso-1"))
		hideSSO(in)
	}, []string{"fail high scim-1", "fail high scim-2"}, "shares SSO configuration sso-1 with scim-2."},
	{"SCIM-012", "one of the two is disabled", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "Entra", "sso-1"))
		disable(in)
	}, []string{"pass org-1"}, "to 1 SSO configurations"},
	{"SCIM-012", "two enabled and a disabled one share one", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "Entra", "sso-1"))
		addSCIM(in, scim("scim-3", "Ping", "sso-1"))
		disable(in)
	}, []string{"fail high scim-2", "fail high scim-3"}, "with Ping (scim-3)."},
	{"SCIM-012", "no link is not a shared one", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "Entra", ""))
		link("")(in)
	}, []string{"pass org-1"}, ""},

	{"SCIM-013", "no SCIM at all", unprovisioned(ona.ProviderTypeCustom, ona.SSOStateActive),
		[]string{"fail medium sso-2"}, "no enabled SCIM"},
	{"SCIM-013", "only a disabled one", disable, []string{"fail medium sso-1"}, ""},
	{"SCIM-013", "builtin", unprovisioned(ona.ProviderTypeBuiltin, ona.SSOStateActive), []string{"pass org-1"}, ""},
	{"SCIM-013", "inactive", unprovisioned(ona.ProviderTypeCustom, ona.SSOStateInactive), []string{"pass org-1"}, ""},
	{"SCIM-013", "state not reported", unprovisioned(ona.ProviderTypeCustom, ""),
		[]string{"not_assessed sso-2"}, "state not reported"},
	{"SCIM-013", "provider type not reported", unprovisioned("PROVIDER_TYPE_UNSPECIFIED", ona.SSOStateActive),
		[]string{"not_assessed sso-2"}, "provider type PROVIDER_TYPE_UNSPECIFIED"},
	{"SCIM-013", "SSO unreadable", hideSSO, []string{"not_assessed org-1"}, "permission denied"},
}
