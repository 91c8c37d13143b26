package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

func TestAnExceptionForAnyOrganizationIsToldWhereItBears(t *testing.T) {
	everywhere, here := acceptances()[2], acceptances()[2]
	here.OrganizationID = acmeID
	bearing := everywhere
	bearing.Bearing, bearing.Findings = finding.Applied, 1
	m := &Model{Organizations: []*Organization{acme(), birch()}}
	states := func(first, second []snapshot.Acceptance) []string {
		m.Organizations[0].Acceptances, m.Organizations[1].Acceptances = first, second
		v := newReport(m, Options{})
		var all []string
		for _, a := range v.acceptances() {
			all = append(all, exceptionLabel(v, a.organization)+" "+string(a.Bearing))
		}
		return all
	}
	for name, test := range map[string]struct{ got, want []string }{
		"nowhere": {states([]snapshot.Acceptance{everywhere}, []snapshot.Acceptance{everywhere}),
			[]string{" unmatched"}},
		"in the second": {states([]snapshot.Acceptance{everywhere}, []snapshot.Acceptance{bearing}),
			[]string{"Birch applied"}},
		"named and unmatched": {states([]snapshot.Acceptance{here}, nil), []string{"Acme unmatched"}},
	} {
		if d := cmp.Diff(test.want, test.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func exceptionLabel(r *report, organization int) string {
	if organization == table.RunLevel {
		return ""
	}
	return r.label(organization)
}

func TestAChangeWithoutAnActorSaysWhy(t *testing.T) {
	o := acme()
	change := &o.Changes[0]
	for want, log := range map[string]*snapshot.AuditLog{
		"not assessed: the audit log was not read":  nil,
		"not assessed: permission_denied":           {NotAssessed: "permission_denied"},
		"no audit-log entry found, but entries may": {Lacking: "200 pages"},
		"no audit-log entry":                        {},
	} {
		column := slices.IndexFunc(ChangeColumns, func(c table.Column) bool { return c.Key == "actor_id" })
		actor := table.Shown(ChangeCells("Acme", log, change)[column])
		if !strings.HasPrefix(actor, want) || log != nil && log.Lacking == "" && actor != want {
			t.Errorf("actor %q, want %q", actor, want)
		}
	}
}
