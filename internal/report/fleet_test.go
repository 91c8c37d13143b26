package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/snapshot"
)

// fleet returns a quiet night of n organizations of three SCIM configurations, each of which fails
// one rule.
func fleet(n int) *Model {
	m := complete()
	m.Run.SCIMConfigurations, m.Run.Changes, m.Run.FailedFindings = 3*n, 0, 3*n
	m.Organizations, m.Timeline = nil, nil
	for i := range n {
		o := acme()
		o.Parts = o.Snapshot.Parts()
		o.Changes, o.Acceptances = nil, nil
		o.Exchanges = exchanges(3, 2)
		o.Exchanges[1].Retries = nil
		o.Snapshot.ID, o.Snapshot.OrganizationID = int64(1000+i), id(100_000+i)
		o.Snapshot.OrganizationName = fmt.Sprintf("org-%04d", i)
		o.Snapshot.Source = o.Snapshot.OrganizationName
		var failed []snapshot.Finding
		for j := range o.SCIM {
			o.SCIM[j].ID = id(1_000_000 + 3*i + j)
			f := failing("SCIM-005", diff.Medium, 1_000_000+3*i+j, o.SCIM[j].Name, "The token lives an estimated 540 days.")
			failed = append(failed, f)
		}
		o.Findings = append(failed, others(o.id(), o.name(), failed)...)
		if n > FleetSize { // as Read does
			m.reduce(o)
		}
		m.Organizations = append(m.Organizations, o)
	}
	return m
}

func unpacked(t *testing.T, content []byte) []byte {
	t.Helper()
	in, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheReportOfAFleetCountsWhatIsInOrder(t *testing.T) {
	m := fleet(FleetSize + 50)
	r := newReport(m, Options{})
	text := unpacked(t, file(t, r, "audit.json"+".gz"))
	if err := reporttest.Validate(t, strictSchema(t, ""), text); err != nil {
		t.Error(err)
	}
	var document struct {
		Complete bool
		Fleet    bool
		Alarms   []string
		Findings []struct{ Rule, Status string }
		Passes   []any
		Outcomes []struct {
			Rule         string `json:"rule_id"`
			Outcome      string
			Subjects     int
			Fail, Pass   int
			NotAssessed  int    `json:"not_assessed"`
			Organization string `json:"organization"`
		} `json:"rule_outcomes"`
		TieOuts  []struct{ Result, Check string } `json:"tie_outs"`
		Coverage []struct{ Status string }
		Remarks  []struct{ Table, Text string }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	d := document
	if !d.Fleet || strings.Contains(string(file(t, newReport(fleet(2), Options{}), "audit.json")), `"fleet"`) {
		t.Error("the JSON does not say whether it is of a fleet")
	}
	if !d.Complete || len(d.Alarms) != 0 {
		t.Errorf("complete: %t, alarms: %q", d.Complete, d.Alarms)
	}
	if len(d.Findings) != 3*150 || len(d.Passes) != 0 || len(d.Outcomes) != len(m.Rules) {
		t.Errorf("%d findings, %d passes, %d outcomes", len(d.Findings), len(d.Passes), len(d.Outcomes))
	}
	for _, o := range d.Outcomes {
		switch {
		case o.Rule == "SCIM-005" && (o.Outcome != "fail" || o.Fail != 450),
			o.Rule == "SCIM-001" && (o.Outcome != "pass" || o.Pass != o.Subjects || o.Subjects == 0),
			o.Rule == "SCIM-023" && o.NotAssessed != 150:
			t.Errorf("%+v", o)
		}
	}
	for _, one := range d.TieOuts {
		if one.Result != Ties || !strings.Contains(one.Check, "in each of 150 organizations") &&
			!strings.Contains(one.Check, "un register") &&
			!strings.Contains(one.Check, "summed over severities") {
			t.Errorf("%+v", one)
		}
	}
	for _, want := range []struct{ table, text string }{
		{"changes", "no changes since the baseline snapshot taken at 2026-11-22 02:00:00 UTC, in each of 150 organizations: org-0000, "},
		{"findings", "SCIM-023 is not assessed: Audit-log entries may be missing. 150 organizations: org-0000, "},
		{"exchanges", "A report on more than 100 organizations lists the exchanges that were sent again"},
	} {
		found := false
		for _, remark := range d.Remarks {
			found = found || remark.Table == want.table && strings.HasPrefix(remark.Text, want.text)
		}
		if !found {
			t.Errorf("no remark of %s: %s", want.table, want.text)
		}
	}
}

func TestTheSumsOfAFleetHideNoTieOutThatDiffers(t *testing.T) {
	m := fleet(FleetSize + 1)
	m.Organizations[3].Snapshot.SCIMReceived++
	m.Organizations[7].Snapshot.SCIMReceived--
	var found []string
	for _, alarm := range newReport(m, Options{}).alarms() {
		if strings.HasPrefix(alarm, "Failed tie-out") {
			found = append(found, alarm)
		}
	}
	if len(found) != 4 || !strings.Contains(found[0], "org-0003") || !strings.Contains(found[2], "org-0007") {
		t.Errorf("%q", found)
	}
}

func TestAFleetOverSeveralDatabasesCountsTheOrganizationsOfAll(t *testing.T) {
	m := Together(tonight, []*Database{{ID: "a", Model: fleet(FleetSize + 1)}, {ID: "b", Model: fleet(20)}})
	r := newReport(m, Options{})
	if r.passes.Rows != nil || len(r.outcomes.Rows) != len(m.Rules) {
		t.Errorf("%d passes, %d outcomes", len(r.passes.Rows), len(r.outcomes.Rows))
	}
	for _, row := range r.outcomes.Rows {
		if row.Cells[r.outcomes.Column("rule_id")] == "SCIM-005" && row.Cells[r.outcomes.Column("fail")] != 3*(FleetSize+21) {
			t.Errorf("%v", row.Cells)
		}
	}
}

func TestTheEventsOfAFleetHaveEveryFindingThatIsNoPass(t *testing.T) {
	r := newReport(fleet(2*FleetSize), Options{})
	want, notAssessed := 0, 0
	for _, e := range r.evaluated {
		want += e.findings - e.counts[finding.Pass]
		notAssessed += e.counts[finding.NotAssessed]
	}
	var out bytes.Buffer
	if err := r.writeFindingEvents(&out); err != nil {
		t.Fatal(err)
	}
	if events := bytes.Count(out.Bytes(), []byte("\n")); events != want || notAssessed < 2*FleetSize {
		t.Errorf("%d events of %d findings, %d of them not assessed", events, want, notAssessed)
	}
}

// TestAFleetKeepsLittleOfEachOrganization measures the model. Without what is shared and forgotten, an
// organization takes half as much again.
func TestAFleetKeepsLittleOfEachOrganization(t *testing.T) {
	const organizations, limit = 1000, 9 << 10
	used := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // of what the first kept in pools
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := used()
	m := fleet(organizations)
	each := int64(used()-before) / organizations //nolint:gosec // far less than an int64 holds
	runtime.KeepAlive(m)
	t.Logf("%d bytes an organization", each)
	if each > limit {
		t.Errorf("the model keeps %d bytes of an organization, more than %d", each, limit)
	}
}

func TestAFleetListsWhatIsNotInOrder(t *testing.T) {
	m := fleet(FleetSize + 1)
	m.Organizations[5].Exchanges = slices.Clone(m.Organizations[5].Exchanges) // which others share
	m.Organizations[5].Exchanges[2].Retries = []string{"HTTP 503"}
	m.Organizations[6].Findings = slices.DeleteFunc(m.Organizations[6].Findings, func(f snapshot.Finding) bool {
		return f.Status == finding.NotAssessed
	})
	m.Organizations[6].Findings = append(m.Organizations[6].Findings, others(m.Organizations[6].id(), "org-0006", nil)[3])
	m.Organizations[6].Findings[3].Status, m.Organizations[6].Findings[3].Observed = finding.NotAssessed, "Only here."
	m.Organizations[8].Snapshot.DomainsNotAssessed = "no permission"
	m.Organizations[8].Parts = m.Organizations[8].Snapshot.Parts()
	r := newReport(m, Options{})
	if len(r.exchanges.Rows) != 1 || r.exchanges.Rows[0].Organization != 5 {
		t.Errorf("exchanges: %v", r.exchanges.Rows)
	}
	if n := r.findings.Size(6); n != 4 {
		t.Errorf("%d findings of the organization with a reason of its own", n)
	}
	if rows := r.coverageTable().Rows; len(rows) != 1 || rows[0].Organization != 8 {
		t.Errorf("coverage: %v", rows)
	}
}

// What a fleet's table leaves out, and which organizations were not read, is in its CSV file, because a program reads
// nothing else.
func TestTheCSVFilesOfAFleetSayWhatTheyLack(t *testing.T) {
	m := fleet(FleetSize + 1)
	for _, i := range []int{4, 9} {
		m.Organizations[i].Snapshot.SSONotAssessed, m.Organizations[i].SSO = "permission_denied: not an admin", nil
		m.Organizations[i].Parts = m.Organizations[i].Snapshot.Parts()
	}
	r, nothing := newReport(m, Options{}), strings.Repeat(",", 19)+"complete,"
	for name, want := range map[string][]string{
		"sso.csv": {
			id(100_004) + ",org-0004" + nothing + "org-0004: not assessed: permission_denied: not an admin",
			id(100_009) + ",org-0009" + nothing + "org-0009: not assessed: permission_denied: not an admin",
		},
		"findings.csv":  {"SCIM-023 is not assessed: Audit-log entries may be missing. 101 organizations: org-0000, "},
		"exchanges.csv": {"A report on more than 100 organizations lists the exchanges that were sent again"},
		"rules.csv":     {"A report on more than 100 organizations counts each rule over all of them."},
	} {
		text := string(file(t, r, name))
		for _, one := range want {
			if !strings.Contains(text, one) {
				t.Errorf("%s lacks %q:\n%.3000s", name, one, text)
			}
		}
	}
	var shown []string
	for _, remark := range r.sso.Remarks {
		shown = append(shown, remark.Text)
	}
	const sum = "not assessed: permission_denied: not an admin, in each of 2 organizations: org-0004, org-0009"
	if len(shown) != 1 || shown[0] != sum {
		t.Errorf("the sheet has the remarks %q", shown)
	}
}

// TestTheReportOfAFleetIsSmall compares two fleets, because tables in HTML have at most 1,000 rows.
func TestTheReportOfAFleetIsSmall(t *testing.T) {
	size := func(organizations int) (bytes int) {
		for _, f := range Files(fleet(organizations), Options{}) {
			var b countingWriter
			if err := f.Write(&b); err != nil {
				t.Fatal(err)
			}
			bytes += int(b)
		}
		return bytes
	}
	small, large := size(350), size(700)
	each := (large - small) / 350
	t.Logf("%d bytes for each organization", each)
	if each > 10_000 { // 100 MB for 10,000 organizations
		t.Errorf("%d bytes for each organization", each)
	}
}

type countingWriter int

func (w *countingWriter) Write(p []byte) (int, error) {
	*w += countingWriter(len(p))
	return len(p), nil
}
