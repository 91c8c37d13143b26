package report

import (
	"strings"
	"testing"

	"scim-auditor/internal/report/reporttest"
)

// hostileModel returns the example with a hostile name in every field that the API sets.
func hostileModel() *Model {
	m, names := example(), reporttest.HostileNames
	o := m.Organizations[0]
	o.SCIM = nil
	for i, name := range names {
		c := scimConfiguration(1000+i, name, id(101), tonight)
		o.SCIM = append(o.SCIM, c)
	}
	for i := range o.Changes {
		c := &o.Changes[i]
		c.SubjectName, c.BeforeLabel, c.ActorAction = names[i], names[i+4], names[i+8]
	}
	for i := range m.Timeline {
		c := &m.Timeline[i]
		name := func(n int) string { return names[(i+n)%len(names)] }
		c.SubjectName, c.Before, c.After, c.Note = name(0), name(5), name(9), name(13)
	}
	for i := range o.Findings {
		o.Findings[i].SubjectName = names[i%len(names)]
	}
	for i := range o.SSO {
		c := &o.SSO[i]
		c.DisplayName, c.IssuerURL, c.Claims = names[i+12], names[i+14], map[string]string{names[i+16]: names[i+18]}
	}
	o.Snapshot.OrganizationName, o.Snapshot.Principal = names[7], names[0]
	m.Organizations[1].Snapshot.OrganizationName = names[1]
	m.Organizations[2].Snapshot.Error = strings.Join(names[:20], "; ")
	m.Run.Host, m.Run.Error = names[2], names[3]
	return m
}

// TestEveryPartOfTheWorkbookIsXMLThatTheContentTypesName also checks that the workbook has no
// formulas, external links or macros.
func TestEveryPartOfTheWorkbookIsXMLThatTheContentTypesName(t *testing.T) {
	reporttest.CheckPackage(t, workbook(t, hostileModel()))
}
