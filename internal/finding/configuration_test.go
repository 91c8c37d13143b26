package finding_test

import (
	"fmt"

	"scim-auditor/internal/finding"
)

func disable(in *finding.Input)    { in.Inventory.SCIM[0].Enabled = false }
func removeSCIM(in *finding.Input) { in.Inventory.SCIM = nil }

// names adds one configuration for each name to the organization: scim-1, scim-2 and so on.
func names(names ...string) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.SCIM = nil
		for i, name := range names {
			addSCIM(in, scim(fmt.Sprintf("scim-%d", i+1), name, ""))
		}
	}
}

func linking(allowed *bool) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.SCIM[0].AllowUnverifiedEmailAccountLinking = allowed }
}

var configurationCases = []ruleCase{
	{"SCIM-007", "the only one is disabled", disable, []string{"fail high scim-1"}, "only one"},
	{"SCIM-007", "one of two is disabled", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "Entra", ""))
		disable(in)
	}, []string{"fail medium scim-1"}, "is disabled"},
	{"SCIM-007", "no configuration", removeSCIM, []string{"pass org-1"}, "0 of 0"},

	{"SCIM-008", "no configuration", removeSCIM, []string{"fail high org-1"}, "has no SCIM configuration"},
	{"SCIM-008", "none enabled", disable, []string{"fail high org-1"}, "0 of 1"},

	{"SCIM-014", "empty name", names("", "Okta"), []string{"fail low scim-1"}, "no name"},
	{"SCIM-014", "only spaces", names("Okta", " \u00a0\t"), []string{"fail low scim-2"}, ""},

	{"SCIM-015", "same name but for case and spaces", names("Okta", "Entra", " oKTA "),
		[]string{"fail low scim-1", "fail low scim-3"}, "also that of  oKTA  (scim-3)."},
	{"SCIM-015", "case folding beyond ASCII", names("STRASSE", "straße"),
		[]string{"fail low scim-1", "fail low scim-2"}, ""},
	{"SCIM-015", "a long list is cut, and says so", names("a", "a", "a", "a", "a", "a", "a"), []string{
		"fail low scim-1", "fail low scim-2", "fail low scim-3", "fail low scim-4", "fail low scim-5", "fail low scim-6",
		"fail low scim-7",
	}, "a (scim-6) and 1 more."},
	{"SCIM-015", "no name is not a name", names("", " "), []string{"pass org-1"}, ""},

	{"SCIM-016", "allowed", linking(new(true)), []string{"fail high scim-1"}, "allows unverified"},
	{"SCIM-016", "left out", linking(nil), []string{"pass org-1"}, "1 leave the field out"},

	{"SCIM-020", "another organization", func(in *finding.Input) { in.Inventory.SCIM[0].OrganizationID = "org-2" },
		[]string{"fail critical scim-1"}, "belongs to organization org-2"},
	{"SCIM-020", "no organization named", func(in *finding.Input) { in.Inventory.SCIM[0].OrganizationID = "" },
		[]string{"pass org-1"}, "0 name this organization, 1 name none"},

	{"SCIM-025", "not restricted", func(in *finding.Input) { in.Inventory.Policies.RestrictAccountCreationToSCIM = false },
		[]string{"fail high org-1"}, "is off"},
	{"SCIM-025", "restricted, none enabled", disable, []string{"fail high org-1"}, "so the policy does nothing"},
	{"SCIM-025", "restricted, no configuration", removeSCIM, []string{"fail high org-1"}, "so the policy does nothing"},
	{"SCIM-025", "restricted, one of two enabled", func(in *finding.Input) {
		addSCIM(in, scim("scim-2", "Entra", ""))
		disable(in)
	}, []string{"pass org-1"}, "enabled: 1 of 2"},
	{"SCIM-025", "policies unreadable", hidePolicies, []string{"not_assessed org-1"}, "permission denied"},
}

func hidePolicies(in *finding.Input) {
	in.Inventory.Policies = nil
	in.Inventory.PoliciesNotAssessed = "permission denied"
}
