package report

import (
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

func TestGlossaryExplainsEveryChangeWithItsSeverity(t *testing.T) {
	no := false
	base := func() []snapshot.SCIMConfiguration {
		var all []snapshot.SCIMConfiguration
		for n := 1; n <= 16; n++ {
			all = append(all, scimConfiguration(n, "name", id(101), tonight))
			all[n-1].AllowUnverifiedEmailAccountLinking = &no
		}
		all[4].SSOConfigurationID = ""
		all[5].TokenExpiresAt = time.Time{}
		all[6].Enabled = false
		return all
	}
	yes := true
	after := base()
	after[0].OrganizationID = birchID
	after[1].CreatedAt = tonight
	after[2].Enabled = false
	after[3].SSOConfigurationID = ""
	after[4].SSOConfigurationID = id(102)
	after[5].TokenExpiresAt = tonight
	after[6].Enabled = true
	after[7].SSOConfigurationID = id(102)
	after[8].AllowUnverifiedEmailAccountLinking = &yes
	after[9].TokenExpiresAt = lastNight
	after[10].TokenExpiresAt = time.Time{}
	after[11].Name = "renamed"
	after[12].UpdatedAt = tonight
	after[13].UpdatedAt = after[13].UpdatedAt.AddDate(-1, 0, 0)
	after[14].OrganizationID = ""
	after[15] = scimConfiguration(99, "new", "", tonight)

	now := inventory(after...)
	now.Policies.RestrictAccountCreationToSCIM = false
	now.Organization.InviteDomains = []string{"acme.example"}
	sso := &now.SSO[0]
	sso.State, sso.IssuerURL, sso.ClientID, sso.EmailDomains, sso.Claims, sso.DisplayName = ona.SSOStateInactive,
		"https://other.example", "x", nil, nil, "Other"
	now.SSO[1].State = ona.SSOStateActive
	baseline := inventory(base()...)

	seen := make(map[diff.Kind]bool)
	// Both directions, so that each kind and its opposite occur.
	seenBefore := func(diff.SubjectType, string) bool { return true }
	for _, c := range append(diff.Compute(baseline, now, nil), diff.Compute(now, baseline, seenBefore)...) {
		seen[c.Kind] = true
		if !explained(c) {
			t.Errorf("the Glossary does not explain %s of a %s with severity %s", c.Kind, c.SubjectType, c.Severity)
		}
	}
	if len(seen) < 26 {
		t.Errorf("only %d kinds of change were tried", len(seen))
	}
}

func explained(c diff.Change) bool {
	subject := map[diff.SubjectType]string{
		diff.SCIMConfiguration: "SCIM configuration", diff.SSOConfiguration: "SSO configuration",
		diff.Organization: "organization",
	}[c.SubjectType]
	return strings.Contains("\n"+kindsOfChange, "\n"+strings.Join([]string{string(c.Kind), subject, string(c.Severity),
		""}, "\t"))
}
