package verify_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

var firstNight = time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)

func night(n int) time.Time { return firstNight.AddDate(0, 0, n-1) }

// tenant is an organization whose configurations each have their own sign-in and fail one rule. One in a
// thousand changes each night.
type tenant struct {
	id      string
	random  *rand.Rand
	scim    []ona.SCIMConfiguration
	sso     []ona.SSOConfiguration
	changes []diff.Change // since the night before
}

func newTenant(n, size int) *tenant {
	t := &tenant{random: rand.New(rand.NewPCG(1, uint64(n)))}
	t.id = t.uuid()
	for i := range size {
		created := firstNight.Add(-time.Duration(t.random.IntN(1e6)) * time.Second)
		sso := ona.SSOConfiguration{
			ID: t.uuid(), OrganizationID: t.id, DisplayName: fmt.Sprint("Okta ", i),
			IssuerURL: fmt.Sprintf("https://login-%d.example", i), ProviderType: "PROVIDER_TYPE_CUSTOM",
			State: ona.SSOStateActive, ClientID: t.uuid(), EmailDomain: "acme.example",
		}
		sso.Raw = json.RawMessage(fmt.Sprintf(`{"id":%q,"displayName":%q,"issuerUrl":%q}`,
			sso.ID, sso.DisplayName, sso.IssuerURL))
		t.sso = append(t.sso, sso)
		t.scim = append(t.scim, ona.SCIMConfiguration{
			ID: t.uuid(), OrganizationID: t.id, Name: fmt.Sprint("Team ", i), Enabled: true, SSOConfigurationID: sso.ID,
			CreatedAt: created, UpdatedAt: created, TokenExpiresAt: firstNight.AddDate(2, 0, t.random.IntN(300)),
		})
	}
	slices.SortFunc(t.scim, func(a, b ona.SCIMConfiguration) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(t.sso, func(a, b ona.SSOConfiguration) int { return strings.Compare(a.ID, b.ID) })
	for i := range t.scim {
		t.receive(i)
	}
	return t
}

func (t *tenant) uuid() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", t.random.Uint32(), t.random.Int64N(1<<48))
}

// receive sets the JSON of a configuration.
func (t *tenant) receive(i int) {
	c := &t.scim[i]
	c.Raw = json.RawMessage(fmt.Sprintf(
		`{"id":%q,"organizationId":%q,"name":%q,"enabled":true,"ssoConfigurationId":%q,"updatedAt":%q}`,
		c.ID, c.OrganizationID, c.Name, c.SSOConfigurationID, c.UpdatedAt.Format(time.RFC3339)))
}

func (t *tenant) age() {
	t.changes = nil
	for range max(len(t.scim)/1000, 1) {
		i := t.random.IntN(len(t.scim))
		before := t.scim[i].Name
		t.scim[i].Name = fmt.Sprint("Team ", t.random.Uint32())
		t.receive(i)
		t.changes = append(t.changes, diff.Change{
			Severity: "low", Kind: "renamed", SubjectType: diff.SCIMConfiguration,
			SubjectID: t.scim[i].ID, SubjectName: t.scim[i].Name, Field: "name", Before: before, After: t.scim[i].Name,
		})
	}
}

func (t *tenant) inventory() ona.Inventory {
	return ona.Inventory{
		Organization: ona.Organization{ID: t.id, Name: "Acme", Tier: "ENTERPRISE", InviteDomains: []string{"acme.example"}, Raw: json.RawMessage(`{"id":"acme"}`)},
		SCIM:         slices.Clone(t.scim), SSO: slices.Clone(t.sso),
		Policies: &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true, Raw: json.RawMessage(`{}`)},
		Domains: []ona.DomainVerification{{
			ID: "domain-1", Domain: "acme.example", State: ona.DomainVerified, Raw: json.RawMessage(`{"id":"domain-1"}`),
		}},
		Members: []ona.OrganizationMember{{
			UserID: "user-1", Role: ona.OrganizationRoleAdmin, Status: ona.UserStatusActive, LoginProvider: ona.LoginProviderCustom,
			FullName: "Ada Berg", Email: "ada@acme.example", MemberSince: firstNight, Raw: json.RawMessage(`{"userId":"user-1"}`),
		}},
		MemberTokens: []ona.PersonalAccessToken{{
			ID: "pat-1", UserID: "user-1", Description: "laptop", ExpiresAt: firstNight.AddDate(0, 0, 90), Raw: json.RawMessage(`{"id":"pat-1"}`),
		}},
	}
}

func (t *tenant) findings() []finding.Finding {
	var all []finding.Finding
	add := func(rule string, status finding.Status, subjectType diff.SubjectType, subject string) {
		all = append(all, finding.Finding{
			RuleID: rule, Severity: "medium", Status: status, SubjectType: subjectType, SubjectID: subject,
			Observed: "as the rule found it", Fingerprint: finding.Fingerprint(rule, t.id, subjectType, subject),
		})
	}
	for i := range 20 {
		add(fmt.Sprintf("SCIM-1%02d", i), finding.Pass, diff.Organization, t.id)
	}
	for _, c := range t.scim {
		add("SCIM-006", finding.Fail, diff.SCIMConfiguration, c.ID)
	}
	slices.SortFunc(all, func(a, b finding.Finding) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return all
}

// exchanges are the answers with 100 configurations on each page.
func (t *tenant) exchanges(at time.Time) (all []snapshot.Exchange, bodies [][]byte) {
	add := func(method string, rows []string) {
		for page := range slices.Chunk(rows, 100) {
			body := []byte(`{"configurations":[` + strings.Join(page, ",") + `]}`)
			sum := sha256.Sum256(body)
			all = append(all, snapshot.Exchange{
				Number: len(all) + 1, Method: method, Request: fmt.Sprintf(`{"pagination":{"token":"%d"}}`, len(all)),
				Status: 200, SentAt: at, Duration: time.Duration(t.random.IntN(1e5)) * time.Microsecond, ServerDate: at,
				Records: len(page), Retries: []string{"503"},
				ResponseSHA256: hex.EncodeToString(sum[:]), ResponseSize: int64(len(body)),
			})
			bodies = append(bodies, body)
		}
	}
	var scim, sso []string
	for _, c := range t.scim {
		scim = append(scim, string(c.Raw))
	}
	for _, c := range t.sso {
		sso = append(sso, string(c.Raw))
	}
	add("gitpod.v1.OrganizationService/ListSCIMConfigurations", scim)
	add("gitpod.v1.OrganizationService/ListSSOConfigurations", sso)
	return all, bodies
}

// recorder stores nights as the job does.
type recorder struct {
	t       testing.TB
	ctx     context.Context
	store   *snapshot.Store
	ruleSet int64
}

func newRecorder(t testing.TB, path string) *recorder {
	t.Helper()
	store, err := snapshot.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, ctx: t.Context(), store: store}
	r.recordRules("the rule in words")
	return r
}

func (r *recorder) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *recorder) recordRules(title string) {
	set := snapshot.RuleSet{Thresholds: `{"days":30}`, Wordings: []snapshot.Wording{
		{RuleID: "SCIM-006", Title: title, Expected: "an enabled configuration", Remedy: "enable it"},
		{RuleID: "SCIM-100", Title: "another", Expected: "something", Remedy: "do it", TurnedOff: "not used here"},
	}}
	id, err := r.store.RecordRules(r.ctx, set)
	r.must(err)
	r.ruleSet = id
}

func (r *recorder) beginRun(at time.Time) int64 {
	id, err := r.store.BeginRun(r.ctx, snapshot.Run{
		StartedAt: at, ScheduledFor: at, Trigger: "schedule", ToolVersion: "v1", Host: "host",
	})
	r.must(err)
	return id
}

// night stores one night of all tenants.
func (r *recorder) night(n int, tenants ...*tenant) {
	run := r.beginRun(night(n))
	for _, t := range tenants {
		r.save(run, night(n), t, func(*snapshot.Collected) {})
		t.age()
	}
	r.must(r.store.FinishRun(r.ctx, run, night(n).Add(time.Minute), snapshot.Complete, ""))
}

// save stores a complete snapshot that edit may change before.
func (r *recorder) save(run int64, at time.Time, t *tenant, edit func(*snapshot.Collected)) snapshot.Snapshot {
	baseline, _, err := r.store.Baseline(r.ctx, t.id)
	r.must(err)
	exchanges, bodies := t.exchanges(at)
	c := snapshot.Collected{
		Snapshot: snapshot.Snapshot{
			RunID: run, Source: t.id, OrganizationID: t.id, OrganizationName: "Acme", OrganizationTier: "ENTERPRISE",
			BaseURL: "https://app.gitpod.io/api", PrincipalID: t.id, Principal: "PRINCIPAL_USER", TakenAt: at,
			MembersSetting: snapshot.MembersOn, RuleSetID: r.ruleSet, Pages: len(exchanges), SCIMReceived: len(t.scim), SCIMDistinct: len(t.scim),
			SSOReceived: len(t.sso), SSODistinct: len(t.sso),
			Notes: []string{"a note"}, UnknownFields: []string{"SCIMConfiguration.region"},
		},
		Baseline: baseline, Inventory: t.inventory(), Findings: t.findings(), Exchanges: exchanges,
		Response: func(i int) ([]byte, error) { return bodies[i], nil },
	}
	if baseline.Snapshot.ID != 0 {
		c.Changes = t.changes
	}
	edit(&c)
	saved, err := r.store.SaveComplete(r.ctx, c)
	r.must(err)
	return saved
}

// fail stores a failed snapshot; of an unknown organization when its id is empty.
func (r *recorder) fail(n int, organizationID string) {
	run := r.beginRun(night(n))
	_, err := r.store.SaveFailed(r.ctx, snapshot.Snapshot{
		RunID: run, Source: "acme", OrganizationID: organizationID, BaseURL: "https://x/api", TakenAt: night(n),
		ErrorCode: "unavailable", Error: "no answer", RuleSetID: r.ruleSet,
	}, []finding.Finding{{
		RuleID: "RUN-001", Severity: "high", Status: finding.Fail, SubjectType: diff.Organization,
		SubjectID: organizationID, Observed: "no answer",
		Fingerprint: finding.Fingerprint("RUN-001", organizationID, diff.Organization, organizationID),
	}})
	r.must(err)
	r.must(r.store.FinishRun(r.ctx, run, night(n).Add(time.Minute), snapshot.Failed, "acme: no answer"))
}

// attributed stores a night with an audit log, candidates for the actors of changes, and exceptions.
func (r *recorder) attributed(n int, t *tenant) {
	at := night(n)
	run := r.beginRun(at)
	r.save(run, at, t, func(c *snapshot.Collected) {
		entry := func(id string, hours int) ona.AuditLogEntry {
			return ona.AuditLogEntry{
				ID: id, ActorID: "u-1", ActorPrincipal: "PRINCIPAL_USER", SubjectID: t.scim[0].ID,
				SubjectType: ona.ResourceTypeSCIMConfiguration, Action: "updated",
				CreatedAt: at.Add(-time.Duration(hours) * time.Hour),
				Unknown:   map[string]json.RawMessage{"ip": json.RawMessage(`"192.0.2.1"`)},
			}
		}
		c.AuditLog = &snapshot.AuditLog{
			Since: at.AddDate(0, 0, -1), Until: at, Pages: 2, Received: 3, Lacking: "the bound was met",
			Entries: []ona.AuditLogEntry{entry("e3", 1), entry("e2", 2), entry("e1", 3)},
		}
		c.Candidates = [][]ona.AuditLogEntry{{c.AuditLog.Entries[0], c.AuditLog.Entries[2]}}
		c.Acceptances = finding.Accept(c.Findings, t.id, []finding.Exception{
			{
				RuleID: "SCIM-006", SubjectID: t.scim[0].ID, Owner: "jane", Reason: "known", Ticket: "SEC-1",
				Expires: at.AddDate(0, 0, 7),
			},
			{RuleID: "SCIM-006", OrganizationID: t.id, Owner: "joe", Reason: "known", Expires: at.AddDate(0, 0, -7)},
		}, at)
	})
	t.age()
	r.must(r.store.FinishRun(r.ctx, run, at.Add(time.Minute), snapshot.Complete, ""))
}

// blind stores a night that could read neither the SSO configurations, the policies, the domain
// verifications nor the members, and could not assess what was open.
func (r *recorder) blind(n int, t *tenant) {
	run := r.beginRun(night(n))
	r.save(run, night(n), t, func(c *snapshot.Collected) {
		c.Inventory.SSO, c.Inventory.SSONotAssessed = nil, "permission_denied"
		c.Inventory.Policies, c.Inventory.PoliciesNotAssessed = nil, "permission_denied"
		c.Inventory.Domains, c.Inventory.DomainsNotAssessed = nil, "permission_denied"
		c.Snapshot.SSONotAssessed, c.Snapshot.PoliciesNotAssessed = "permission_denied", "permission_denied"
		c.Snapshot.DomainsNotAssessed = "permission_denied"
		c.Inventory.Members, c.Inventory.MembersNotAssessed = nil, "permission_denied"
		c.Inventory.MemberTokens, c.Inventory.MemberTokensNotAssessed = nil, "permission_denied"
		c.Snapshot.MembersNotAssessed, c.Snapshot.MemberTokensNotAssessed = "permission_denied", "permission_denied"
		c.Findings = []finding.Finding{{
			RuleID: "SCIM-006", Severity: "medium", Status: finding.NotAssessed, SubjectType: diff.Organization,
			SubjectID: t.id, Observed: "permission_denied", Fingerprint: finding.Fingerprint("SCIM-006", t.id, diff.Organization, t.id),
		}}
	})
	r.must(r.store.FinishRun(r.ctx, run, night(n).Add(time.Minute), snapshot.Complete, ""))
}

// evidenceFile is a database with every kind of row but those of retention.
func evidenceFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auditor.db")
	r := newRecorder(t, path)
	acme, other := newTenant(1, 5), newTenant(2, 2)
	r.must(r.store.SetSchedule(r.ctx, snapshot.ScheduleChange{Expression: "0 2 * * *"}, night(1)))
	r.night(1, acme, other)
	r.night(2, acme, other)
	r.fail(3, acme.id)
	r.fail(4, "")
	r.attributed(5, acme)
	_, err := r.store.AddReview(r.ctx, snapshot.Review{ReviewedAt: night(5), RunID: 1, Reviewer: "jane", Conclusion: "as expected",
		Ticket: "SEC-1", OSUser: "auditor", Host: "host"})
	r.must(err)
	r.recordRules("the rule in other words")
	r.blind(6, acme)
	r.night(7, acme, other)
	r.beginRun(night(8)) // interrupted: the next run ends it
	r.night(9, acme)
	r.must(r.store.Close())
	return path
}

// verifyFile verifies a database. One that cannot be opened has a problem as well.
func verifyFile(t *testing.T, path string) *verify.Result {
	t.Helper()
	store, err := snapshot.OpenReadOnly(t.Context(), path)
	if err != nil {
		return &verify.Result{Problems: []verify.Problem{{Text: err.Error()}}}
	}
	defer func() { _ = store.Close() }()
	found, err := verify.Database(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
