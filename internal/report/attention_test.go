package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// passing returns a fleet in which nothing fails.
func passing(n int) *Model {
	m := fleet(n)
	m.sums = sums{}
	for _, o := range m.Organizations {
		o.Findings, o.evaluated = nil, nil
		m.reduce(o)
	}
	return m
}

func TestTheFirstPageOfAFleetListsTheOrganizationsThatNeedAttention(t *testing.T) {
	m := passing(FleetSize + 20)
	changed, failed, unread, wrong := m.Organizations[7], m.Organizations[60], m.Organizations[90], m.Organizations[110]
	changed.Changes = []snapshot.Change{{Change: diff.Change{Kind: diff.Disabled, Severity: diff.High,
		SubjectType: diff.SCIMConfiguration}}}
	failed.Snapshot.Outcome, failed.Snapshot.ErrorCode, failed.Snapshot.Error = snapshot.Failed, "unauthenticated",
		"token expired"
	unread.Snapshot.SSONotAssessed = "permission_denied: not an admin"
	unread.Parts = unread.Snapshot.Parts()
	wrong.Findings = []snapshot.Finding{failing("SCIM-001", diff.Critical, 1, "Okta", "The token expired.")}
	wrong.evaluated = nil
	m.reduce(wrong)
	for _, o := range m.Organizations[20:23] {
		o.Baseline = nil
	}

	r := newReport(m, Options{})
	part := r.parts[0]
	if part.Heading != "Organizations with changes, findings or gaps" || part.All != organizationsSheet {
		t.Errorf("the first part is %q, all in %q", part.Heading, part.All)
	}
	var rows []string
	for _, row := range part.Table.Rows {
		var cells []string
		for _, cell := range row.Cells {
			cells = append(cells, table.Shown(cell))
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	want := []string{
		"org-0060|failed|not known|unauthenticated: token expired|",
		"org-0110|complete|none|1 critical|",
		"org-0007|complete|1: 1 high|none|",
		"org-0090|complete|none|none|SSO not assessed",
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	remarks := []string{
		"113 other organizations: complete, no changes, no failed findings.",
		"3 other organizations: complete, first snapshot, no failed findings.",
	}
	if d := cmp.Diff(remarks, texts(part.Table)); d != "" {
		t.Errorf("remarks (-want +got):\n%s", d)
	}
}

func texts(t *table.Table) (remarks []string) {
	for _, remark := range t.Remarks {
		remarks = append(remarks, remark.Text)
	}
	return remarks
}

// A gap of every complete organization is no exception: it is said once.
func TestAGapOfEveryOrganizationIsSaidOnce(t *testing.T) {
	m := passing(FleetSize + 1)
	m.Organizations[3].Snapshot.Outcome = snapshot.Failed
	for _, o := range m.Organizations {
		o.Snapshot.SSONotAssessed = "permission_denied: not an admin"
		o.Parts = o.Snapshot.Parts()
	}
	attention := newReport(m, Options{}).parts[0].Table
	want := []string{
		"100 other organizations: complete, no changes of what was compared, no failed findings.",
		"In every complete organization: SSO not assessed.",
	}
	if d := cmp.Diff(want, texts(attention)); d != "" || len(attention.Rows) != 1 {
		t.Errorf("%d rows, remarks (-want +got):\n%s", len(attention.Rows), d)
	}
}

func TestTheSummaryOfAFleetPrintsOnOnePageAndEveryOrganizationCanBeFound(t *testing.T) {
	r := newReport(fleet(FleetSize+50), Options{})
	if !r.book.Sheets[0].OnePage || r.book.Sheets[0].Charts != nil {
		t.Error("the Summary has more than one page")
	}
	all := r.book.Sheets[1].Table
	if all.Name != organizationsSheet || len(all.Rows) != FleetSize+50 {
		t.Errorf("the second sheet %s has %d rows", all.Name, len(all.Rows))
	}
	for i, row := range all.Rows {
		o := r.Organizations[row.Organization]
		if got := table.Shown(row.Cells[all.Column("id")]) + " " +
			table.Shown(row.Cells[all.Column("source")]); got != o.id()+" "+o.Snapshot.Source {
			t.Errorf("row %d: %s", i, got)
		}
	}
	if small := newReport(example(), Options{}); small.book.Sheets[0].OnePage ||
		slices.ContainsFunc(small.parts, func(p Part) bool {
			return p.Key == "attention"
		}) {
		t.Error("the report of a few organizations is that of a fleet")
	}
}
