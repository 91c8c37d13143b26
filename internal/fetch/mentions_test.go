package fetch

import "testing"

func TestNamesAndAddressesOfMembersAreFoundInText(t *testing.T) {
	m := &mentions{}
	m.learn("Ada Berg", "Ada.Berg@acme.example", "Zoë O'Neil-Díaz", "", "  ")
	for text, want := range map[string]string{
		"removed Ada Berg from the team":         "removed [member] from the team",
		"ADA  BERG, ada.berg@ACME.example.":      "[member], [member].",
		"(zoë o'neil-díaz)":                      "([member])",
		"Ada Bergman invited ada.berg@acme.test": "Ada Bergman invited ada.berg@acme.test",
		"created SCIM configuration":             "created SCIM configuration",
		"":                                       "",
	} {
		if got := m.redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
