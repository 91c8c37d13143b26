package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// inventory returns Acme with these configurations.
func inventory(configurations ...snapshot.SCIMConfiguration) ona.Inventory {
	inv := ona.Inventory{
		Organization: ona.Organization{ID: acmeID, Name: "Acme", Raw: []byte(`{}`)},
		Policies:     &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true, Raw: []byte(`{}`)},
	}
	var scim []ona.SCIMConfiguration
	for _, c := range configurations {
		scim = append(scim, c.SCIMConfiguration)
	}
	inv.SCIM = scim
	for _, c := range acme().SSO {
		if c.Raw == nil {
			c.Raw = []byte(`{}`)
		}
		inv.SSO = append(inv.SSO, c.SSOConfiguration)
	}
	return inv
}

// recordRules stores the rules as the job does.
func recordRules(t *testing.T, store *snapshot.Store) int64 {
	t.Helper()
	var rules snapshot.RuleSet
	for _, r := range finding.Rules() {
		rules.Wordings = append(rules.Wordings, snapshot.Wording{
			RuleID: r.ID, Title: r.Title, Expected: r.ExpectedBy(finding.DefaultThresholds()), Remedy: r.Remedy,
		})
	}
	id, err := store.RecordRules(t.Context(), rules)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// collect stores one night as the job does, and returns the id of its run.
func collect(t *testing.T, store *snapshot.Store, at time.Time, inv ona.Inventory) int64 {
	t.Helper()
	run := beginRun(t, store, at)
	baseline, found, err := store.Baseline(t.Context(), acmeID)
	if err != nil {
		t.Fatal(err)
	}
	var changes []diff.Change
	if found {
		changes = diff.Compute(baseline.Inventory, inv, nil)
	}
	c := snapshot.Collected{
		Snapshot: snapshot.Snapshot{
			RunID: run, Source: "default", OrganizationID: acmeID, OrganizationName: "Acme",
			BaseURL: "https://app.gitpod.io/api", TakenAt: at,
			RuleSetID: recordRules(t, store), Pages: 2, SCIMReceived: len(inv.SCIM), SCIMDistinct: len(inv.SCIM),
			SSOReceived: len(inv.SSO), SSODistinct: len(inv.SSO), SSONotAssessed: inv.SSONotAssessed,
			PoliciesNotAssessed: inv.PoliciesNotAssessed, DomainsNotAssessed: inv.DomainsNotAssessed,
		},
		Baseline:  baseline,
		Inventory: inv,
		Changes:   changes,
		Findings: finding.Evaluate(finding.Input{TakenAt: at, Inventory: inv, Changes: changes},
			finding.DefaultThresholds()),
	}
	c.Snapshot.SCIMListing = snapshot.Listing{Pages: 1, RowsPerPage: strconv.Itoa(len(inv.SCIM)), FinalTokenEmpty: true,
		Listings: 1, Agreeing: 1}
	c.Snapshot.SSOListing = snapshot.Listing{Pages: 1, RowsPerPage: strconv.Itoa(len(inv.SSO)), FinalTokenEmpty: true,
		Listings: 1, Agreeing: 1}
	answers := exchanges(len(inv.SCIM), len(inv.SSO))
	for _, change := range changes {
		if change.Kind == diff.Removed {
			answers = append(answers, asked(len(answers)+1, change.SubjectID))
		}
	}
	for _, e := range answers {
		body := []byte(e.Method)
		sum := sha256.Sum256(body)
		e.ResponseSHA256, e.ResponseSize = hex.EncodeToString(sum[:]), int64(len(body))
		c.Exchanges = append(c.Exchanges, e)
	}
	c.Response = func(i int) ([]byte, error) { return []byte(c.Exchanges[i].Method), nil }
	if _, err := store.SaveComplete(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	finishRun(t, store, run, at, snapshot.Complete)
	return run
}

// fail stores a failed night, and returns the id of its run.
func fail(t *testing.T, store *snapshot.Store, at time.Time) int64 {
	t.Helper()
	run := beginRun(t, store, at)
	header := snapshot.Snapshot{
		RunID: run, RuleSetID: recordRules(t, store), Source: "default", BaseURL: "https://app.gitpod.io/api", TakenAt: at,
		ErrorCode: "unavailable", Error: "fetching page 2: HTTP 503",
	}
	if _, err := store.SaveFailed(t.Context(), header, finding.EvaluateFailed("", "default", header.ErrorCode,
		header.Error, false)); err != nil {
		t.Fatal(err)
	}
	finishRun(t, store, run, at, snapshot.Failed)
	return run
}

func beginRun(t *testing.T, store *snapshot.Store, at time.Time) int64 {
	t.Helper()
	run, err := store.BeginRun(t.Context(), snapshot.Run{StartedAt: at, Trigger: "manual", ToolVersion: "v1.2.3",
		Host: "audit-01"})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func finishRun(t *testing.T, store *snapshot.Store, run int64, at time.Time, outcome snapshot.Outcome) {
	t.Helper()
	if err := store.FinishRun(t.Context(), run, at.Add(time.Minute), outcome, ""); err != nil {
		t.Fatal(err)
	}
}

func readModel(t *testing.T, store *snapshot.Store, run int64) *Model {
	t.Helper()
	m, err := Read(t.Context(), store, run)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// write writes a report and returns its folder.
func write(t *testing.T, dir string, m *Model, opts Options) string {
	t.Helper()
	path, _, err := Write(dir, m, opts)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReportOfStoredNightsTiesOut(t *testing.T) {
	store := reporttest.OpenStore(t)
	a, b, c := scimConfiguration(1, "Okta", id(101), tonight.AddDate(0, 3, 0)), scimConfiguration(2, "Entra", id(102),
		time.Time{}), scimConfiguration(3, "new", "", tonight)
	first := readModel(t, store, collect(t, store, lastNight, inventory(a, b)))
	second := readModel(t, store, collect(t, store, tonight, inventory(a, c)))
	for _, m := range []*Model{first, second} {
		v := newReport(m, Options{})
		if !m.Complete() || len(v.alarms()) > 0 {
			t.Errorf("%s, but: %v", v.status(), v.alarms())
		}
		for _, o := range v.ties {
			if o.Verdict == NotChecked && o.Remark != baselineText {
				t.Errorf("%s is not assessed: %s", o.Check, o.Remark)
			}
		}
	}
	o := second.Organizations[0]
	kinds := make([]diff.Kind, len(o.Changes))
	for i := range o.Changes {
		kinds[i] = o.Changes[i].Kind
	}
	slices.Sort(kinds)
	if d := cmp.Diff([]diff.Kind{diff.Added, diff.Removed}, kinds); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want := map[int64]*snapshot.Totals{1: {SSOConfigurations: 2, SSOKnown: true},
		2: {SSOConfigurations: 2, SSOKnown: true}}
	for run, m := range map[int64]*Model{1: first, 2: second} {
		want[run].Failing = make(map[diff.Severity]int)
		for i := range m.Organizations[0].Findings {
			if f := m.Organizations[0].Findings[i]; f.Status == finding.Fail {
				want[run].Failing[f.Severity]++
			}
		}
	}
	if d := cmp.Diff(want, second.Totals); d != "" {
		t.Errorf("totals (-want +got):\n%s", d)
	}
	if len(second.Timeline) != 2 || len(second.Runs) != 2 || o.Policies == nil || o.Baseline == nil ||
		!o.Baseline.TakenAt.Equal(lastNight) {
		t.Errorf("%d transitions, %d runs, baseline %v", len(second.Timeline), len(second.Runs), o.Baseline)
	}
}

func TestReportOfAnOldRunIsTheSameAfterNewerOnes(t *testing.T) {
	store := reporttest.OpenStore(t)
	a := scimConfiguration(1, "Okta", id(101), tonight)
	run := collect(t, store, lastNight, inventory(a))
	before := reporttest.Contents(t, write(t, t.TempDir(), readModel(t, store, run), Options{}))
	a.Name = "renamed"
	collect(t, store, tonight, inventory(a))
	after := reporttest.Contents(t, write(t, t.TempDir(), readModel(t, store, run), Options{}))
	for name := range before {
		if before[name] != after[name] {
			t.Errorf("%s differs", name)
		}
	}
}

// TestAReportDoesNotGrowWithTheNightsBeforeIt stores a change 100 days ago, one 50 days ago, and
// then more failed runs than a report shows.
func TestAReportDoesNotGrowWithTheNightsBeforeIt(t *testing.T) {
	store := reporttest.OpenStore(t)
	a := scimConfiguration(1, "Okta", id(101), tonight)
	collect(t, store, tonight.AddDate(0, 0, -101), inventory(a))
	a.Name = "old"
	collect(t, store, tonight.AddDate(0, 0, -100), inventory(a))
	a.Name = "newer"
	collect(t, store, tonight.AddDate(0, 0, -50), inventory(a))
	r := newReport(readModel(t, store, collect(t, store, tonight.AddDate(0, 0, -49), inventory(a))), Options{})
	if len(r.timeline.Rows) != 2 {
		t.Errorf("%d rows in the timeline of 90 days", len(r.timeline.Rows))
	}
	var last int64
	for i := range shownRuns + 1 {
		last = fail(t, store, tonight.Add(time.Duration(i)*time.Minute))
	}
	r = newReport(readModel(t, store, last), Options{})
	if len(r.runs.Rows) != shownRuns || len(r.timeline.Rows) != 1 {
		t.Errorf("%d runs, %d rows in the timeline", len(r.runs.Rows), len(r.timeline.Rows))
	}
	if o := r.Organizations[0]; o.LastComplete == nil || !o.LastComplete.TakenAt.Equal(tonight.AddDate(0, 0, -49)) {
		t.Errorf("the last complete snapshot is %v", o.LastComplete)
	}
}

// TestUnknownFieldsStayAsReceived: fields without a column are in the JSON as the API sent them.
func TestUnknownFieldsStayAsReceived(t *testing.T) {
	store := reporttest.OpenStore(t)
	a := scimConfiguration(1, "Okta", id(101), tonight)
	a.Unknown = ona.Unknown{"zone": []byte(`{"n": 1.50}`)}
	a.Raw = []byte("{\n  \"id\": \"" + a.ID + "\", \"enabled\": true, \"zone\": {\"n\": 1.50}\n}")
	r := newReport(readModel(t, store, collect(t, store, tonight, inventory(a))), Options{})
	for _, name := range []string{"audit.json", "audit.jsonl"} {
		text := string(file(t, r, name))
		want := `"other_fields":{"zone":{"n":1.50}}`
		if !strings.Contains(text, want) || !strings.Contains(text, `"policies_raw":{}`) {
			t.Errorf("%s lacks what the API sent", name)
		}
	}
}

func TestFailedRunSaysNothingAboutTheOrganizationButItsLastCompleteSnapshot(t *testing.T) {
	store := reporttest.OpenStore(t)
	collect(t, store, lastNight, inventory(scimConfiguration(1, "Okta", id(101), tonight)))
	m := readModel(t, store, fail(t, store, tonight))
	v := newReport(m, Options{})
	want := "NOT COMPLETE: Acme: unavailable: fetching page 2: HTTP 503. This run has no inventory and no changes " +
		"for this organization. Its last complete snapshot was taken at 2026-11-22 02:00:00 UTC."
	if got := v.alarms(); len(got) != 1 || got[0] != want {
		t.Errorf("alarms %q instead of %q", got, want)
	}
	for _, one := range []*table.Table{v.changes, v.inventory, v.sso} {
		alarm := func(r table.Remark) bool { return r.Missing && r.Alarm && r.Text == want }
		if len(one.Rows) != 0 || !slices.ContainsFunc(one.Remarks, alarm) {
			t.Errorf("%s has %d rows and says %v", one.Name, len(one.Rows), one.Remarks)
		}
	}
}

func TestSSOConfigurationsAreComparedWithTheLastSnapshotThatCouldReadThem(t *testing.T) {
	store := reporttest.OpenStore(t)
	a := scimConfiguration(1, "Okta", id(101), tonight)
	blind := inventory(a)
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	collect(t, store, lastNight.AddDate(0, 0, -1), inventory(a))
	middle := readModel(t, store, collect(t, store, lastNight, blind))
	last := readModel(t, store, collect(t, store, tonight, inventory(a)))

	remarks := func(m *Model) string {
		var all []string
		for _, r := range newReport(m, Options{}).changes.Remarks {
			all = append(all, r.Text)
		}
		return strings.Join(all, "\n")
	}
	want := "Acme: no changes of SCIM configurations since the baseline snapshot taken at 2026-11-21 02:00:00 UTC\n" +
		"Acme: changes of SSO configurations not assessed: permission_denied"
	if d := cmp.Diff(want, remarks(middle)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want = "Acme: no changes since the baseline snapshot taken at 2026-11-22 02:00:00 UTC\n" +
		"Acme: SSO configurations compared with the last snapshot that could read them, taken at 2026-11-21 02:00:00 UTC"
	if d := cmp.Diff(want, remarks(last)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if alarms := newReport(last, Options{}).alarms(); len(alarms) > 0 {
		t.Errorf("alarms: %v", alarms)
	}
}

func TestReadingARunThatIsNotThereNamesIt(t *testing.T) {
	_, err := Read(t.Context(), reporttest.OpenStore(t), 9)
	if !errors.Is(err, snapshot.ErrNotFound) || !strings.Contains(err.Error(), "run 9") {
		t.Errorf("the error is %v", err)
	}
}

// TestTheBaselineIsNamedAfterItWasPruned: night 2 could not read the SSO configurations, so night 3
// was compared with night 1.
func TestTheBaselineIsNamedAfterItWasPruned(t *testing.T) {
	store := reporttest.OpenStore(t)
	sighted, blind := inventory(), inventory()
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	blind.Policies, blind.PoliciesNotAssessed = nil, "permission_denied"
	first := time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)
	collect(t, store, first, sighted)
	collect(t, store, first.AddDate(0, 0, 1), blind)
	run := collect(t, store, first.AddDate(0, 0, 2), sighted)
	remarks := func() string {
		text := ""
		for _, r := range newReport(readModel(t, store, run), Options{}).changes.Remarks {
			text += r.Text + "\n"
		}
		return text
	}
	before := remarks()
	if _, err := store.Prune(t.Context(), snapshot.Retention{KeepLast: 2}, first.AddDate(0, 0, 3), false); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, remarks()); d != "" ||
		!strings.Contains(before, "that could read them, taken at 2026-11-01") {
		t.Errorf("%s\n(-before +after):\n%s", before, d)
	}
}

// TestAFieldThatTheAPINewlyReportsIsNoChange: only a changed value moves UnchangedSince.
func TestAFieldThatTheAPINewlyReportsIsNoChange(t *testing.T) {
	store := reporttest.OpenStore(t)
	night := func(n int) time.Time { return tonight.AddDate(0, 0, n) }
	a, b := scimConfiguration(1, "Okta", id(101), night(90)), scimConfiguration(2, "Entra", id(102), night(90))
	collect(t, store, night(1), inventory(a, b))
	for _, c := range []*snapshot.SCIMConfiguration{&a, &b} {
		c.Unknown = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)}
	}
	collect(t, store, night(2), inventory(a, b))
	for _, c := range []*snapshot.SCIMConfiguration{&a, &b} {
		c.Unknown = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`), "zone": json.RawMessage(`1`)}
	}
	b.Name = "Entra ID"
	last := readModel(t, store, collect(t, store, night(3), inventory(a, b)))
	got := last.Organizations[0].SCIM
	if !got[0].UnchangedSince.Equal(night(1)) || !got[1].UnchangedSince.Equal(night(3)) {
		t.Errorf("unchanged since %s and %s", got[0].UnchangedSince, got[1].UnchangedSince)
	}
}
