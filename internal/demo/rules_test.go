package demo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

const day = 24 * time.Hour

// TestEveryRuleHasACaseAndACounterCase names, for each rule of the audit, configurations of the
// story that break it and an organization in which none does.
func TestEveryRuleHasACaseAndACounterCase(t *testing.T) {
	left := func(w world, row demo.Row) time.Duration { return instant(t, row, "tokenExpiresAt").Sub(w.at) }
	enabled := func(row demo.Row) bool { return row["enabled"] == true }
	reported := func(row demo.Row) bool { return row["tokenExpiresAt"] != nil }
	lifetime := func(row demo.Row) time.Duration {
		return instant(t, row, "tokenExpiresAt").Sub(instant(t, row, "createdAt"))
	}
	linked := func(w world, row demo.Row) demo.Row {
		id, _ := row["ssoConfigurationId"].(string)
		return find(w.sso, id)
	}
	expired := func(w world, row demo.Row) bool { return enabled(row) && reported(row) && left(w, row) < 0 }
	expiresWithin := func(above, upTo time.Duration) func(world, demo.Row) bool {
		return func(w world, row demo.Row) bool {
			return reported(row) && left(w, row) > above && left(w, row) <= upTo
		}
	}
	disabledExpired := func(w world, row demo.Row) bool { return !enabled(row) && reported(row) && left(w, row) < 0 }
	unreported := func(_ world, row demo.Row) bool { return !reported(row) }
	long := func(_ world, row demo.Row) bool { return lifetime(row) > 365*day }
	unrotated := func(w world, row demo.Row) bool {
		return lifetime(row) > 365*day && w.at.Sub(instant(t, row, "createdAt")) > 365*day
	}
	disabled := func(_ world, row demo.Row) bool { return !enabled(row) }
	unlinked := func(_ world, row demo.Row) bool { return enabled(row) && row["ssoConfigurationId"] == nil }
	dangling := func(w world, row demo.Row) bool { return row["ssoConfigurationId"] != nil && linked(w, row) == nil }
	inactive := func(w world, row demo.Row) bool { return linked(w, row)["state"] == ona.SSOStateInactive }
	shared := func(w world, row demo.Row) bool {
		return enabled(row) && row["ssoConfigurationId"] != nil && slices.ContainsFunc(w.scim, func(other demo.Row) bool {
			return enabled(other) && other["id"] != row["id"] && other["ssoConfigurationId"] == row["ssoConfigurationId"]
		})
	}
	sameName := func(w world, row demo.Row) bool {
		name, _ := row["name"].(string)
		return slices.ContainsFunc(w.scim, func(other demo.Row) bool {
			otherName, _ := other["name"].(string)
			return other["id"] != row["id"] && strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(otherName))
		})
	}
	nameless := func(_ world, row demo.Row) bool { return row["name"] == nil }
	unverified := func(_ world, row demo.Row) bool { return row["allowUnverifiedEmailAccountLinking"] == true }
	future := func(w world, row demo.Row) bool { return instant(t, row, "createdAt").After(w.at) }
	unused := func(w world, row demo.Row) bool {
		return row["state"] == ona.SSOStateActive && row["providerType"] == ona.ProviderTypeCustom &&
			!slices.ContainsFunc(w.scim, func(c demo.Row) bool { return enabled(c) && c["ssoConfigurationId"] == row["id"] })
	}
	inviting := func(_ world, row demo.Row) bool { return row["inviteDomains"] != nil }
	verified := func(w world, domain any) bool {
		return slices.ContainsFunc(w.domains, func(d demo.Row) bool {
			return d["domain"] == domain &&
				d["state"] == ona.DomainVerified
		})
	}
	open := func(w world, row demo.Row) bool {
		domains, _ := row["emailDomains"].([]any)
		if invite, ok := row["inviteDomains"].(demo.Row); ok {
			domains = invite["domains"].([]any)
		}
		return slices.ContainsFunc(domains, func(domain any) bool { return !verified(w, domain) })
	}
	server := demo.NewServer()
	for _, test := range []struct {
		rule         string
		breaks       func(world, demo.Row) bool
		list         string
		organization string
		night        int
		want         []string
	}{
		{"SCIM-001", expired, "scim", "globex", 1, []string{"Rippling field staff"}},
		{"SCIM-001", expired, "scim", "globex", 5, []string{"JumpCloud interns", "Rippling field staff"}},
		{"SCIM-001", expired, "scim", "globex", 6, []string{"JumpCloud interns"}},
		{"SCIM-001", expired, "scim", "acme", 7, nil},
		{"SCIM-002 high", expiresWithin(0, 7*day), "scim", "globex", 1, []string{"JumpCloud interns"}},
		{"SCIM-002 medium", expiresWithin(7*day, 30*day), "scim", "globex", 1, []string{"Partners"}},
		{"SCIM-002 medium", expiresWithin(7*day, 30*day), "scim", "acme", 6, []string{"Entra ID Finance EMEA"}},
		{"SCIM-002 info", expiresWithin(30*day, 90*day), "scim", "globex", 1, []string{"Entra ID AMER"}},
		{"SCIM-002", expiresWithin(0, 90*day), "scim", "acme", 5, nil},
		{"SCIM-003", disabledExpired, "scim", "acme", 1, []string{"OneLogin (until 2025)"}},
		{"SCIM-003", disabledExpired, "scim", "globex", 1, nil},
		{"SCIM-004", unreported, "scim", "globex", 1, []string{"Keycloak pilot"}},
		{"SCIM-004", unreported, "scim", "acme", 1, nil},
		{"SCIM-005", long, "scim", "globex", 1, []string{"Okta workforce"}},
		{"SCIM-005", long, "scim", "initech", 1, nil},
		{"SCIM-006", unrotated, "scim", "globex", 1, []string{"Okta workforce"}},
		{"SCIM-006", unrotated, "scim", "initech", 1, nil},
		{"SCIM-007", disabled, "scim", "acme", 2, []string{"Contractors EMEA", "OneLogin (until 2025)"}},
		{"SCIM-007 and 008", disabled, "scim", "umbrella", 6, []string{"Okta pilot"}},
		{"SCIM-007 and 008", disabled, "scim", "umbrella", 5, nil},
		{"SCIM-009", unlinked, "scim", "globex", 1, []string{"Partners"}},
		{"SCIM-009", unlinked, "scim", "globex", 6, nil},
		{"SCIM-010", dangling, "scim", "globex", 1, []string{"Research lab"}},
		{"SCIM-010", dangling, "scim", "initech", 7, []string{"Okta\u200b production"}},
		{"SCIM-010", dangling, "scim", "acme", 7, nil},
		{"SCIM-011", inactive, "scim", "globex", 1, []string{"Contractors"}},
		{"SCIM-011", inactive, "scim", "globex", 2, []string{"Contractors", "Rippling field staff"}},
		{"SCIM-011", inactive, "scim", "initech", 5, nil},
		{"SCIM-012", shared, "scim", "globex", 1, []string{"Entra ID EMEA", "contractors "}},
		{"SCIM-012", shared, "scim", "acme", 4, []string{"Google Workspace acquisitions", "Okta production"}},
		{"SCIM-012", shared, "scim", "acme", 2, nil},
		{"SCIM-013", unused, "sso", "globex", 1, []string{"Duo pilot"}},
		{"SCIM-013", unused, "sso", "umbrella", 6, []string{"Okta"}},
		{"SCIM-013", unused, "sso", "umbrella", 5, nil},
		{"SCIM-014", nameless, "scim", "globex", 1, []string{""}},
		{"SCIM-014", nameless, "scim", "acme", 1, nil},
		{"SCIM-015", sameName, "scim", "globex", 1, []string{"Contractors", "contractors "}},
		{"SCIM-015", sameName, "scim", "acme", 1, nil},
		{"SCIM-016", unverified, "scim", "acme", 5, []string{"Contractors EMEA"}},
		{"SCIM-016", unverified, "scim", "acme", 6, nil},
		{"SCIM-021", future, "scim", "globex", 1, []string{"Keycloak pilot"}},
		{"SCIM-021", future, "scim", "acme", 1, nil},
		{"SCIM-026", inviting, "organization", "globex", 1, []string{"Globex Corporation"}},
		{"SCIM-026", inviting, "organization", "acme", 5, []string{"Acme Holding"}},
		{"SCIM-026", inviting, "organization", "acme", 4, nil},
		{"SCIM-027", open, "organization", "globex", 3, []string{"Globex Corporation"}},
		{"SCIM-027", open, "organization", "acme", 6, []string{"Acme Holding"}},
		{"SCIM-027", open, "organization", "acme", 7, nil},
		{"SCIM-027", open, "sso", "globex", 5, []string{"Okta Workforce Identity"}},
		{"SCIM-027", open, "sso", "globex", 3, nil},
	} {
		w := see(t, server, test.organization, test.night)
		var got []string
		for _, row := range w.rows(test.list) {
			if test.breaks(w, row) {
				got = append(got, nameOf(row))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s, %s, night %d (-want +got):\n%s", test.rule, test.organization, test.night, diff)
		}
	}
}

func nameOf(row demo.Row) string {
	for _, field := range []string{"name", "displayName"} {
		if name, ok := row[field].(string); ok {
			return name
		}
	}
	return ""
}

func TestOnlyAcmeAndInitechEverRestrictAccountCreation(t *testing.T) {
	server := demo.NewServer()
	for name, want := range map[string]any{"acme": true, "globex": nil, "initech": true, "umbrella": nil} {
		if got := see(t, server, name, 1).policies["restrictAccountCreationToScim"]; got != want {
			t.Errorf("%s: restrictAccountCreationToScim is %v, want %v", name, got, want)
		}
	}
}
