package report

import (
	"testing"

	"scim-auditor/internal/snapshot"
)

// quiet returns a complete run of one organization with a baseline, in which everything was read
// and nothing changed.
func quiet() *Model {
	m := complete()
	m.Organizations = m.Organizations[:1]
	m.Organizations[0].Changes, m.Run.Changes = nil, 0
	return m
}

func TestHeadlineIsGreenOnlyIfEverythingWasReadInFull(t *testing.T) {
	for _, c := range []struct {
		name   string
		model  *Model
		change func(*Model)
		want   Headline
	}{
		{"everything", quiet(), func(*Model) {}, Headline{Green, "COMPLETE", "no changes", ""}},
		{"changes", complete(), func(m *Model) { m.Organizations = m.Organizations[:1] },
			Headline{Green, "COMPLETE", "4 changes", ""}},
		{"first night", quiet(), func(m *Model) { m.Organizations[0].Baseline, m.Organizations[0].Snapshot.BaselineID = nil, 0 },
			Headline{Green, "COMPLETE", "baseline: nothing to compare with", ""}},
		{"SCIM alone", quiet(), func(m *Model) {
			o := m.Organizations[0]
			o.Snapshot.SSONotAssessed, o.Snapshot.PoliciesNotAssessed = "permission_denied", "permission_denied"
			o.Snapshot.AuditLogNotAssessed, o.Snapshot.DomainsNotAssessed = "permission_denied", "HTTP 501"
		}, Headline{Amber, "COMPLETE FOR SCIM ONLY: SSO, policies, domains, audit log not assessed", "no SCIM changes",
			"SSO, policies, domains, audit log not assessed"}},
		{"no audit log", quiet(), func(m *Model) { m.Organizations[0].Snapshot.AuditLogNotAssessed = "HTTP 501" },
			Headline{Amber, "COMPLETE FOR SCIM, SSO, policies and domains ONLY: audit log not assessed", "no changes",
				"audit log not assessed"}},
		{"half an audit log", quiet(), func(m *Model) { m.Organizations[0].Snapshot.AuditLogLacking = "older entries" },
			Headline{Amber, "COMPLETE FOR SCIM, SSO, policies and domains ONLY: audit log assessed only in part", "no changes",
				"audit log assessed only in part"}},
		{"two organizations", complete(), func(*Model) {},
			Headline{Amber, "COMPLETE FOR SCIM ONLY: SSO (1 of 2 organizations), policies (1 of 2), domains (1 of 2) not assessed",
				"4 changes; baseline: nothing to compare with for Birch",
				"SSO (1 of 2 organizations), policies (1 of 2), domains (1 of 2) not assessed"}},
		{"an organization fewer", quiet(), func(m *Model) { m.LeftOut = []snapshot.Snapshot{{OrganizationName: "Birch"}} },
			Headline{Amber, "COMPLETE FOR 1 OF 2 ORGANIZATIONS ONLY: organization Birch no longer asked for", "no changes",
				"organization Birch no longer asked for"}},
		{"two fewer, and no audit log", quiet(), func(m *Model) {
			m.LeftOut = []snapshot.Snapshot{{OrganizationName: "Birch"}, {Source: "cedar"}}
			m.Organizations[0].Snapshot.AuditLogNotAssessed = "HTTP 501"
		}, Headline{Amber, "COMPLETE FOR SCIM, SSO, policies and domains ONLY: audit log not assessed; " +
			"organizations Birch, cedar no longer asked for", "no changes",
			"audit log not assessed; organizations Birch, cedar no longer asked for"}},
		{"one of three failed", example(), func(*Model) {},
			Headline{Red, "NOT COMPLETE: 1 of 3 organizations could not be collected: Cedar",
				"4 changes; baseline: nothing to compare with for Birch; changes not known for Cedar",
				"SSO (1 of 2 organizations), policies (1 of 2), domains (1 of 2) not assessed"}},
		{"the only one failed", example(), func(m *Model) { m.Organizations = m.Organizations[2:] },
			Headline{Red, "NOT COMPLETE: unauthenticated: fetching the identity: HTTP 401 unauthenticated: token expired",
				"changes not known for Cedar", ""}},
		{"still running", quiet(), func(m *Model) { m.Run.Outcome = snapshot.Running },
			Headline{Red, "NOT COMPLETE: the run has not ended", "no changes", ""}},
		{"failed afterwards", quiet(), func(m *Model) { m.Run.Outcome = snapshot.Failed },
			Headline{Red, "NOT COMPLETE: the run failed after its organizations were collected", "no changes", ""}},
		{"nothing collected", quiet(), func(m *Model) { m.Organizations = nil },
			Headline{Red, "NOT COMPLETE: no organization was collected", "", ""}},
	} {
		c.change(c.model)
		for _, o := range c.model.Organizations {
			o.Parts = o.Snapshot.Parts()
		}
		if got := c.model.Headline(0); got != c.want {
			t.Errorf("%s:\n%+v instead of\n%+v", c.name, got, c.want)
		}
	}
}

func TestHeadlineIsRedIfTwoCountsDiffer(t *testing.T) {
	m := quiet()
	m.Organizations[0].ViewSSO++
	if got := newReport(m, Options{}).headline; got.State != Red {
		t.Errorf("%+v", got)
	}
}

func TestHeadlineNamesTheFirstOfManyOrganizations(t *testing.T) {
	m := example()
	for range 7 {
		m.Organizations = append(m.Organizations, cedar())
	}
	const want = "NOT COMPLETE: 8 of 10 organizations could not be collected: Cedar, Cedar, Cedar, Cedar, Cedar and 3 more"
	if got := m.Headline(0).Text; got != want {
		t.Error(got)
	}
}
