package report

import (
	"fmt"
	"slices"
	"testing"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// largest returns a run over the largest organization in the benchmark: 10,000 SCIM and 10,000 SSO
// configurations, each with a failed finding or one that is not assessed.
func largest() *Model {
	const size = 10_000
	m := complete()
	m.Organizations = m.Organizations[:1]
	o := m.Organizations[0]
	o.SCIM, o.SSO = nil, nil
	for i := range size {
		sso := ona.SSOConfiguration{
			ID: id(1_000_000 + i), OrganizationID: acmeID, DisplayName: fmt.Sprint("Sign-in ", i), State: ona.SSOStateActive,
			IssuerURL: fmt.Sprintf("https://idp.example/tenant/%d/scim", i), ProviderType: ona.ProviderTypeCustom,
			ClientID: fmt.Sprint("client-", i), EmailDomain: "acme.example", EmailDomains: []string{"acme.example"},
		}
		sso.Raw = fmt.Appendf(nil, `{"id":%q,"displayName":%q,"issuerUrl":%q}`, sso.ID, sso.DisplayName, sso.IssuerURL)
		o.SSO = append(o.SSO, snapshot.SSOConfiguration{SSOConfiguration: sso, FirstSeen: lastNight,
			UnchangedSince: lastNight})
		name := fmt.Sprint("Okta production ", i)
		o.SCIM = append(o.SCIM, scimConfiguration(i, name, sso.ID, tonight.AddDate(0, 0, i%400)))
		f := failing("SCIM-002", diff.Severities[i%5], i, name, fmt.Sprintf("The token expires in %d days.", i%400))
		o.Findings = append(o.Findings, f)
		f.RuleID, f.SubjectType, f.SubjectID, f.Status = "SCIM-023", diff.SSOConfiguration, sso.ID, "not_assessed"
		o.Findings = append(o.Findings, f)
	}
	return m
}

// BenchmarkReport writes every file of a report: of the example, of one organization with three
// configurations, and of the largest one.
func BenchmarkReport(b *testing.B) {
	usual := complete()
	usual.Organizations = usual.Organizations[:1]
	for name, m := range map[string]*Model{"small": example(), "usual": usual, "10000": largest()} {
		b.Run(name, func(b *testing.B) {
			folder := b.TempDir()
			b.ReportAllocs()
			for b.Loop() {
				m.Run.ID++ // a new folder, as after a run
				if _, _, err := Write(folder, m, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestJSONOfTheLargestOrganization measures audit.json of 10,000 SCIM configurations, each failing or
// not assessed in one rule, and of as many SSO configurations with a finding each beside them.
func TestJSONOfTheLargestOrganization(t *testing.T) {
	m := largest()
	both := len(file(t, newReport(m, Options{}), "audit.json"))
	o := m.Organizations[0]
	o.SSO = o.SSO[:10]
	o.Findings = slices.DeleteFunc(o.Findings, func(f snapshot.Finding) bool {
		return f.SubjectType == diff.SSOConfiguration
	})
	for i := range o.Findings {
		if i%2 == 0 {
			o.Findings[i].Status = finding.NotAssessed
		}
	}
	scim := len(file(t, newReport(m, Options{}), "audit.json"))
	t.Logf("%d bytes, with SSO configurations %d bytes", scim, both)
	if scim > 12_000_000 || both > 24_000_000 {
		t.Errorf("audit.json has %d bytes, with SSO configurations %d bytes", scim, both)
	}
}
