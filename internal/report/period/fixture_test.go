package period

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

const (
	acmeID  = "0f5a1c52-6e1a-4fe4-a799-000000000001"
	birchID = "0f5a1c52-6e1a-4fe4-a799-000000000002"
)

func id(n int) string { return fmt.Sprintf("182bd5e5-6e1a-4fe4-a799-%012d", n) }

// made is when the configurations were created. It is after some of the nights: a clock anomaly.
var made = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)

func scimConfiguration(n int, name, sso string, expires time.Time) ona.SCIMConfiguration {
	return ona.SCIMConfiguration{
		ID: id(n), OrganizationID: acmeID, Name: name, Enabled: true, SSOConfigurationID: sso, TokenExpiresAt: expires,
		CreatedAt: made.AddDate(-1, 0, 0).Add(117 * time.Millisecond), UpdatedAt: made.Add(-30 * time.Minute),
		Raw: json.RawMessage(fmt.Sprintf(`{"id":%q,"name":%q}`, id(n), name)),
	}
}

func inventory(configurations ...ona.SCIMConfiguration) ona.Inventory {
	return ona.Inventory{
		Organization: ona.Organization{ID: acmeID, Name: "Acme", Raw: []byte(`{}`)},
		Policies:     &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true, Raw: []byte(`{}`)},
		SCIM:         configurations,
		SSO: []ona.SSOConfiguration{
			{
				ID: id(101), OrganizationID: acmeID, DisplayName: "Okta", ProviderType: ona.ProviderTypeCustom,
				State: ona.SSOStateActive, Raw: []byte(`{}`),
			},
			{
				ID: id(102), OrganizationID: acmeID, DisplayName: "Entra", ProviderType: ona.ProviderTypeCustom,
				State: ona.SSOStateInactive, Raw: []byte(`{}`),
			},
		},
	}
}

// november returns two in the morning on a day of November 2026, the time of a night in these
// tests.
func november(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }

// visited is the result of a run for one organization: its inventory, nil if the snapshot failed.
type visited struct {
	source, id, name string
	inventory        *ona.Inventory
}

// acmeWith returns Acme with these configurations.
func acmeWith(configurations ...ona.SCIMConfiguration) visited {
	inv := inventory(configurations...)
	return visited{"acme", acmeID, "Acme", &inv}
}

func birchWith(configurations ...ona.SCIMConfiguration) visited {
	inv := inventory(configurations...)
	inv.Organization = ona.Organization{ID: birchID, Name: "=Birch|", Raw: []byte(`{}`)}
	inv.SSO, inv.SSONotAssessed = nil, "permission_denied: not an admin"
	return visited{"birch", birchID, "=Birch|", &inv}
}

// visit stores a run with its result for each organization, and returns its id.
func visit(t *testing.T, store *snapshot.Store, run snapshot.Run, all ...visited) int64 {
	t.Helper()
	run.ToolVersion, run.Host = "v1.2.3", "audit-01"
	id, err := store.BeginRun(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	outcome, reason := snapshot.Complete, ""
	for _, l := range all {
		if l.inventory == nil {
			outcome, reason = snapshot.Failed, l.source+": HTTP 503"
		}
		l.store(t, store, id, run.StartedAt)
	}
	if err := store.FinishRun(t.Context(), id, run.StartedAt.Add(time.Minute), outcome, reason); err != nil {
		t.Fatal(err)
	}
	return id
}

func (l visited) store(t *testing.T, store *snapshot.Store, run int64, at time.Time) {
	t.Helper()
	header := snapshot.Snapshot{
		RunID: run, RuleSetID: recordRules(t, store), Source: l.source, OrganizationID: l.id, OrganizationName: l.name,
		BaseURL: "https://app.gitpod.io/api", TakenAt: at,
	}
	if l.inventory == nil {
		header.ErrorCode, header.Error = "unavailable", "fetching page 2: HTTP 503"
		findings := finding.EvaluateFailed(l.id, l.name, header.ErrorCode, header.Error, false)
		if _, err := store.SaveFailed(t.Context(), header, findings); err != nil {
			t.Fatal(err)
		}
		return
	}
	switch i := l.inventory; {
	case i.Members == nil:
		i.MembersNotAssessed, i.MemberTokensNotAssessed = ona.MembersNotRequested, ona.MembersNotRequested
	case i.MembersSalt != "":
		header.MembersSetting, header.MembersSaltID = snapshot.MembersRedacted, i.MembersSalt
	default:
		header.MembersSetting = snapshot.MembersOn
	}
	header.MembersReceived, header.MembersDistinct = len(l.inventory.Members), len(l.inventory.Members)
	baseline, found, err := store.Baseline(t.Context(), l.id)
	if err != nil {
		t.Fatal(err)
	}
	var changes []diff.Change
	if found {
		changes = diff.Compute(baseline.Inventory, *l.inventory, nil)
	}
	header.SCIMReceived, header.SCIMDistinct = len(l.inventory.SCIM), len(l.inventory.SCIM)
	header.SSOReceived, header.SSODistinct = len(l.inventory.SSO), len(l.inventory.SSO)
	header.SSONotAssessed, header.PoliciesNotAssessed = l.inventory.SSONotAssessed, l.inventory.PoliciesNotAssessed
	input := finding.Input{TakenAt: at, Inventory: *l.inventory, Changes: changes}
	findings := finding.Evaluate(input, finding.DefaultThresholds())
	accepted := finding.Accept(findings, l.id, []finding.Exception{{
		RuleID: "SCIM-007", SubjectID: id(2), Owner: "jane@acme.example", Reason: "replaced | soon",
		Expires: november(4).Truncate(24 * time.Hour),
	}}, at)
	if _, err := store.SaveComplete(t.Context(), snapshot.Collected{
		Snapshot: header, Baseline: baseline, Inventory: *l.inventory, Changes: changes, Findings: findings,
		Acceptances: accepted,
	}); err != nil {
		t.Fatal(err)
	}
}

// recordRules stores the wording of the rules, as the job does.
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

// nightsOfNovember returns a store with a complete night before the period, then one each day:
// complete, failed, complete, missed, caught up, complete. Birch has snapshots from the fifth on.
func nightsOfNovember(t *testing.T) *snapshot.Store {
	t.Helper()
	store := reporttest.OpenStore(t)
	expires := november(1).AddDate(0, 6, 0)
	a, b := scimConfiguration(1, "Okta", id(101), expires), scimConfiguration(2, "Entra", id(102), expires)
	c := scimConfiguration(3, "=new", id(101), expires)
	disabled := b
	disabled.Enabled = false
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: "0 2 * * *", ChangedBy: "root", Host: "vm"},
		november(1).Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	run := func(at time.Time) snapshot.Run {
		return snapshot.Run{StartedAt: at, ScheduledFor: at, Trigger: snapshot.TriggerSchedule}
	}
	visit(t, store, run(november(1).AddDate(0, 0, -1)), acmeWith(a, b))
	visit(t, store, run(november(1)), acmeWith(a, disabled))
	visit(t, store, run(november(2)), visited{source: "acme"})
	visit(t, store, run(november(3)), acmeWith(disabled, c))
	late := run(november(5))
	late.StartedAt, late.Trigger = november(5).Add(7*time.Hour), snapshot.TriggerCatchUp
	visit(t, store, late, acmeWith(disabled, c), birchWith(a))
	visit(t, store, run(november(6)), acmeWith(b, c), birchWith(a))
	return store
}

// inNovember returns the period from the first to a day of November. Its report is made later.
func inNovember(last int) Span {
	day := func(n int) time.Time { return november(n).Truncate(24 * time.Hour) }
	span := Span{From: day(1), To: day(last + 1).Add(-time.Second), Now: november(28), Sample: 3}
	span.Seed = DefaultSeed(span.From, span.To)
	return span
}

// allFormats has every format that a report can have.
var allFormats = []report.Format{
	report.FormatXLSX, report.FormatMD, report.FormatJSON, report.FormatCSV, report.FormatJSONL,
}

var everyFormat = report.Options{ToolVersion: "v9", Formats: allFormats}

func readPeriod(t *testing.T, store *snapshot.Store, span Span) *document {
	t.Helper()
	return newDocument(read(t, store, span), everyFormat)
}

func read(t *testing.T, store *snapshot.Store, span Span) *Period {
	t.Helper()
	p, err := Read(t.Context(), store, span)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// file returns one of the files of a report.
func file(t *testing.T, d *document, name string) []byte {
	t.Helper()
	return reporttest.File(t, d.files(), name)
}

// rowsOf returns some columns of a table, with the cells of a row joined by spaces.
func rowsOf(t *table.Table, keys ...string) []string {
	var all []string
	for _, r := range t.Rows {
		var texts []string
		for _, key := range keys {
			texts = append(texts, table.Plain(r.Cells[t.Column(key)]))
		}
		all = append(all, strings.Join(texts, " "))
	}
	return all
}

// expectTies fails for each tie-out that failed.
func expectTies(t *testing.T, d *document) {
	t.Helper()
	for _, tie := range d.tieOuts().Different() {
		t.Error(tie.Alarm(&d.names))
	}
}
