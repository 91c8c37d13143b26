package snapshot_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// judged stores a night whose rules are those of package finding.
func judged(t *testing.T, store *snapshot.Store, n int, inv ona.Inventory) []snapshot.Finding {
	t.Helper()
	findings := finding.Evaluate(finding.Input{TakenAt: night(n), Inventory: inv}, finding.DefaultThresholds())
	saved := save(t, store, night(n), inv, findings...)
	stored, err := store.Findings(t.Context(), saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// failed stores a night that could not be collected.
func failed(t *testing.T, store *snapshot.Store, n int) {
	t.Helper()
	run := beginRun(t, store, night(n))
	header := snapshot.Snapshot{RunID: run, Source: "default", OrganizationID: acme, BaseURL: "https://x/api", TakenAt: night(n), ErrorCode: "unavailable", Error: "no"}
	if _, err := store.SaveFailed(t.Context(), header, finding.EvaluateFailed(acme, "Acme", "unavailable", "no", false)); err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), run, night(n), snapshot.Failed, "no"); err != nil {
		t.Fatal(err)
	}
}

// expectAge looks at the finding of a rule about a subject; a first night of 0 is no age.
func expectAge(t *testing.T, findings []snapshot.Finding, rule, subject string, status finding.Status, first, last, days int) {
	t.Helper()
	for _, f := range findings {
		if f.RuleID != rule || f.SubjectID != subject {
			continue
		}
		var wantFirst, wantLast time.Time
		if first > 0 {
			wantFirst, wantLast = night(first), night(last)
		}
		if f.Status != status || !f.FirstSeen.Equal(wantFirst) || !f.LastSeen.Equal(wantLast) || f.DaysOpen != days {
			t.Errorf("%s about %s: %s, first seen %v, last seen %v, %d days open; want %s, %v, %v, %d",
				rule, subject, f.Status, f.FirstSeen, f.LastSeen, f.DaysOpen, status, wantFirst, wantLast, days)
		}
		return
	}
	t.Errorf("no finding of %s about %s", rule, subject)
}

// dangling is linked to an SSO configuration that is not there.
func dangling(id, name string) ona.SCIMConfiguration {
	c := scim(id, name)
	c.SSOConfigurationID = "sso-gone"
	return c
}

func TestAFindingKeepsItsAgeOverNightsThatCouldNotAssessIt(t *testing.T) {
	store := newStore(t)
	blind := inventory(dangling("a", "Okta"))
	blind.SSO, blind.SSONotAssessed = nil, "permission_denied"
	expectAge(t, judged(t, store, 1, inventory(dangling("a", "Okta"))), "SCIM-010", "a", finding.Fail, 1, 1, 0)
	failed(t, store, 2)
	expectAge(t, judged(t, store, 3, inventory(dangling("a", "Okta"))), "SCIM-010", "a", finding.Fail, 1, 3, 2)
	expectAge(t, judged(t, store, 4, blind), "SCIM-010", acme, finding.NotAssessed, 0, 0, 0)
	failed(t, store, 5)
	judged(t, store, 6, blind)
	expectAge(t, judged(t, store, 7, inventory(dangling("a", "renamed"))), "SCIM-010", "a", finding.Fail, 1, 7, 6)
	expectAge(t, judged(t, store, 8, inventory(scim("a", "renamed"))), "SCIM-010", acme, finding.Pass, 0, 0, 0)
	judged(t, store, 9, blind)
	expectAge(t, judged(t, store, 10, inventory(dangling("a", "renamed"))), "SCIM-010", "a", finding.Fail, 10, 10, 0)
}

func TestASubjectThatCannotBeAssessedKeepsItsAge(t *testing.T) {
	store := newStore(t)
	expired, unknown := scim("a", "Okta"), scim("a", "Okta")
	expired.TokenExpiresAt, unknown.TokenExpiresAt = night(0), time.Time{}
	expectAge(t, judged(t, store, 1, inventory(expired)), "SCIM-001", "a", finding.Fail, 1, 1, 0)
	expectAge(t, judged(t, store, 2, inventory(unknown)), "SCIM-001", "a", finding.NotAssessed, 1, 1, 1)
	expectAge(t, judged(t, store, 3, inventory(unknown)), "SCIM-001", "a", finding.NotAssessed, 1, 1, 2)
	expectAge(t, judged(t, store, 4, inventory(expired)), "SCIM-001", "a", finding.Fail, 1, 4, 3)
}

func TestAConfigurationMadeAnewDoesNotInheritAnAge(t *testing.T) {
	store := newStore(t)
	judged(t, store, 1, inventory(dangling("a", "Okta")))
	anew := judged(t, store, 2, inventory(dangling("b", "Okta")))
	expectAge(t, anew, "SCIM-010", "b", finding.Fail, 2, 2, 0)
	back := judged(t, store, 3, inventory(dangling("a", "Okta"), dangling("b", "Okta")))
	expectAge(t, back, "SCIM-010", "a", finding.Fail, 3, 3, 0)
	expectAge(t, back, "SCIM-010", "b", finding.Fail, 2, 3, 1)
}

// accused stores two nights, the second with one change, two candidates for it, and two exceptions.
func accused(t *testing.T, store *snapshot.Store) (snapshot.Snapshot, *snapshot.AuditLog, []finding.Acceptance) {
	t.Helper()
	save(t, store, night(1), inventory(scim("a", "Okta")))
	return addJudged(t, store, night(2))
}

// addJudged stores a night with rows of every kind that findings are judged by, after one that has only configuration a.
func addJudged(t *testing.T, store *snapshot.Store, at time.Time) (snapshot.Snapshot, *snapshot.AuditLog, []finding.Acceptance) {
	t.Helper()
	baseline, _, err := store.Baseline(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	entry := func(id string, hours int) ona.AuditLogEntry {
		return ona.AuditLogEntry{ID: id, ActorID: "u-1", ActorPrincipal: "PRINCIPAL_USER", SubjectID: "a", SubjectType: ona.ResourceTypeSCIMConfiguration,
			Action: "updated\n=1+1", CreatedAt: at.Add(-time.Duration(hours) * time.Hour), Unknown: map[string]json.RawMessage{"ip": json.RawMessage(`"192.0.2.1"`)}}
	}
	log := &snapshot.AuditLog{Since: at.AddDate(0, 0, -1), Until: at, Pages: 2, Received: 3, Lacking: "the bound was met",
		Entries: []ona.AuditLogEntry{entry("e3", 1), entry("e2", 2), entry("e1", 3)}}
	findings := []finding.Finding{
		{RuleID: "SCIM-007", Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: "a", Fingerprint: "f1"},
		{RuleID: "SCIM-009", Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: "a", Fingerprint: "f2"},
		{RuleID: "SCIM-001", Status: finding.NotAssessed, SubjectType: diff.Organization, SubjectID: acme, Fingerprint: "f3"},
	}
	day := at.Truncate(24 * time.Hour)
	acceptances := finding.Accept(findings, acme, []finding.Exception{
		{RuleID: "SCIM-009", SubjectID: "a", Owner: "jane", Reason: "known", Expires: day.AddDate(0, 0, -2)},
		{RuleID: "SCIM-007", OrganizationID: acme, Owner: "joe", Reason: "being replaced", Ticket: "SEC-1", Expires: day.AddDate(0, 0, 7)},
	}, at)
	renamed := inventory(scim("a", "Okta 2"))
	run := beginRun(t, store, at)
	saved, err := store.SaveComplete(t.Context(), snapshot.Collected{
		Snapshot: snapshot.Snapshot{RunID: run, Source: "default", OrganizationID: acme, TakenAt: at, AuditLogLacking: log.Lacking},
		Baseline: baseline, Inventory: renamed, Changes: diff.Compute(baseline.Inventory, renamed, nil), Findings: findings,
		AuditLog: log, Candidates: [][]ona.AuditLogEntry{{log.Entries[0], log.Entries[2]}}, Acceptances: acceptances,
		Exchanges: []snapshot.Exchange{{Number: 1, Method: "gitpod.v1.EventService/ListAuditLogs", Status: 200, SentAt: at, ResponseSize: 2,
			ResponseSHA256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}},
		Response: inMemory([]byte("{}")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), run, at, snapshot.Complete, ""); err != nil {
		t.Fatal(err)
	}
	return saved, log, acceptances
}

func TestEveryCandidateIsStoredAndReadBack(t *testing.T) {
	store := newStore(t)
	saved, want, _ := accused(t, store)
	log, err := store.AuditLog(t.Context(), saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, log); d != "" {
		t.Errorf("audit log (-want +got):\n%s", d)
	}
	changes, err := store.Changes(t.Context(), saved.ID)
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	c := changes[0]
	if d := cmp.Diff([]ona.AuditLogEntry{want.Entries[0], want.Entries[2]}, c.Candidates); d != "" {
		t.Errorf("candidates (-want +got):\n%s", d)
	}
	if c.ActorID != "u-1" || c.ActorPrincipal != "PRINCIPAL_USER" || c.ActorAction != "updated\n=1+1" || !c.ActorAt.Equal(want.Entries[0].CreatedAt) {
		t.Errorf("the change's own actor is %q %q %q %v", c.ActorID, c.ActorPrincipal, c.ActorAction, c.ActorAt)
	}
	if none, err := store.AuditLog(t.Context(), saved.BaselineID); err != nil || none != nil {
		t.Errorf("the first snapshot has an audit log: %v, %v", none, err)
	}
}

func TestExceptionsAreStoredWithTheNightThatTheyHeldIn(t *testing.T) {
	store := newStore(t)
	saved, _, acceptances := accused(t, store)
	save(t, store, night(3), inventory(scim("a", "Okta 2")))
	got, err := store.Acceptances(t.Context(), saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []snapshot.Acceptance{
		{Exception: acceptances[0].Exception, InForce: false, Bearing: finding.Applied, Findings: 1},
		{Exception: acceptances[1].Exception, InForce: true, Bearing: finding.Applied, Findings: 1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("exceptions (-want +got):\n%s", d)
	}
	findings, err := store.Findings(t.Context(), saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		status finding.Status
		owner  string
	}{{finding.Excepted, "joe"}, {finding.Fail, "jane"}} {
		if f := findings[i+1]; f.Status != want.status || f.Exception == nil || f.Exception.Owner != want.owner {
			t.Errorf("finding %s: %s, exception %+v", f.RuleID, f.Status, f.Exception)
		}
	}
}

func TestAnExceptionsTextIsKeptOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for n := 1; n <= 3; n++ {
		baseline, _, err := store.Baseline(t.Context(), acme)
		if err != nil {
			t.Fatal(err)
		}
		x := finding.Exception{RuleID: "SCIM-007", SubjectID: "a", Owner: "joe", Reason: "known", Expires: night(n + 5).Truncate(24 * time.Hour)}
		if n < 3 {
			x.Expires = night(9).Truncate(24 * time.Hour)
		}
		saved, err := store.SaveComplete(t.Context(), snapshot.Collected{
			Snapshot:  snapshot.Snapshot{RunID: beginRun(t, store, night(n)), Source: "default", OrganizationID: acme, TakenAt: night(n)},
			Baseline:  baseline,
			Inventory: inventory(), Acceptances: finding.Accept(nil, acme, []finding.Exception{x}, night(n)),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.Acceptances(t.Context(), saved.ID)
		if err != nil || len(got) != 1 || got[0].Exception != x || got[0].Bearing != finding.Unmatched {
			t.Errorf("night %d: %+v, error %v", n, got, err)
		}
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if n := countRows(t, db, "exception_versions"); n != 2 {
		t.Errorf("%d versions of an exception that changed once", n)
	}
}

// judgedFile is a database with rows of every kind that findings are judged by.
func judgedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	open := finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: "a", Fingerprint: "f0"}
	save(t, store, night(1), inventory(scim("a", "Okta")), open)
	addJudged(t, store, night(2))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRetentionRemovesWhatFindingsWereJudgedBy(t *testing.T) {
	file := judgedFile(t)
	store, err := snapshot.OpenExisting(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	save(t, store, night(3), inventory(scim("a", "Okta 2")))
	if _, err := store.Prune(t.Context(), snapshot.Retention{KeepLast: 1}, night(4), false); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []string{"audit_log_readings", "audit_log_entries", "stored_candidates", "exception_versions"} {
		if n := countRows(t, db, table); n > 0 {
			t.Errorf("%s has %d rows of snapshots that are pruned", table, n)
		}
	}
	if found := verifyFile(t, file); len(found.Problems) > 0 {
		t.Errorf("problems after pruning: %v", found.Problems)
	}
}
