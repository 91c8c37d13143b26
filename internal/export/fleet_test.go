package export_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// fleet is many organizations, each of three SCIM configurations, that are stored night by night as the job does.
// In one of a hundred organizations something changes in a night, and one of three hundred fails.
type fleet struct {
	random        *rand.Rand
	organizations []ona.Inventory
	names         int
	changing      int               // in how many of a hundred organizations something changes in a night
	fails         map[int]time.Time // organizations that fail in a night
}

func newFleet(label string, size int, first time.Time) *fleet {
	seed := sha256.Sum256([]byte(label))
	f := &fleet{random: rand.New(rand.NewChaCha8(seed)), changing: 1}
	for n := range size {
		name := fmt.Sprintf("%s %04d", label, n)
		id := demo.ID(name)
		begun := first.AddDate(0, 0, -1-f.random.IntN(500)).Add(time.Duration(f.random.IntN(86_400_000)) * time.Millisecond)
		inv := ona.Inventory{
			Organization: ona.Organization{ID: id, Name: name, Tier: "ORGANIZATION_TIER_ENTERPRISE", CreatedAt: begun, UpdatedAt: begun,
				InviteDomains: []string{fmt.Sprintf("o%04d.example", n)}},
			Policies: &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true, Raw: json.RawMessage(`{"restrictAccountCreationToScim":true}`)},
		}
		for s := range 2 {
			inv.SSO = append(inv.SSO, ona.SSOConfiguration{ID: demo.ID(name, "sso", fmt.Sprint(s)), OrganizationID: id, DisplayName: []string{"Okta", "Entra ID"}[s],
				IssuerURL: "https://idp.example/" + fmt.Sprint(n), ProviderType: ona.ProviderTypeCustom, State: ona.SSOStateActive, ClientID: fmt.Sprintf("client-%d-%d", n, s),
				EmailDomains: inv.Organization.InviteDomains})
		}
		for s := range 3 {
			inv.SCIM = append(inv.SCIM, ona.SCIMConfiguration{ID: demo.ID(name, "scim", fmt.Sprint(s)), OrganizationID: id, Name: fmt.Sprintf("Team %d", s), Enabled: true,
				SSOConfigurationID: inv.SSO[s%2].ID, CreatedAt: begun, UpdatedAt: begun, TokenExpiresAt: first.AddDate(0, 0, 10+f.random.IntN(600))})
		}
		inv.Domains = []ona.DomainVerification{{ID: demo.ID(name, "domain"), OrganizationID: id, Domain: inv.Organization.InviteDomains[0], State: ona.DomainVerified, VerifiedAt: begun}}
		f.organizations = append(f.organizations, inv)
		f.receive(&f.organizations[n])
	}
	return f
}

// receive sets the JSON of each object, and sorts as the client does.
func (f *fleet) receive(inv *ona.Inventory) {
	o := &inv.Organization
	o.Raw = marshal(map[string]any{"id": o.ID, "name": o.Name, "tier": o.Tier, "createdAt": o.CreatedAt, "updatedAt": o.UpdatedAt, "inviteDomains": map[string]any{"domains": o.InviteDomains}})
	for i := range inv.SSO {
		c := &inv.SSO[i]
		c.Raw = marshal(map[string]any{"id": c.ID, "organizationId": c.OrganizationID, "displayName": c.DisplayName, "issuerUrl": c.IssuerURL, "providerType": c.ProviderType,
			"state": c.State, "clientId": c.ClientID, "emailDomains": c.EmailDomains})
	}
	for i := range inv.SCIM {
		c := &inv.SCIM[i]
		c.Raw = marshal(map[string]any{"id": c.ID, "organizationId": c.OrganizationID, "name": c.Name, "enabled": c.Enabled, "ssoConfigurationId": c.SSOConfigurationID,
			"createdAt": c.CreatedAt, "updatedAt": c.UpdatedAt, "tokenExpiresAt": c.TokenExpiresAt})
	}
	for i := range inv.Domains {
		c := &inv.Domains[i]
		c.Raw = marshal(map[string]any{"id": c.ID, "organizationId": c.OrganizationID, "domain": c.Domain, "state": c.State, "verifiedAt": c.VerifiedAt})
	}
	slices.SortFunc(inv.SSO, func(a, b ona.SSOConfiguration) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(inv.SCIM, func(a, b ona.SCIMConfiguration) int { return strings.Compare(a.ID, b.ID) })
}

func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// age lets a day pass in one organization.
func (f *fleet) age(inv *ona.Inventory, at time.Time) {
	if f.random.IntN(100) >= f.changing {
		return
	}
	one := &inv.SCIM[f.random.IntN(len(inv.SCIM))]
	one.UpdatedAt = at.Add(-time.Duration(f.random.IntN(80_000_000)) * time.Millisecond)
	f.names++
	switch f.random.IntN(5) {
	case 0:
		one.Enabled = !one.Enabled
	case 1:
		one.Name = fmt.Sprintf("Team %d", f.names)
	case 2:
		one.SSOConfigurationID = inv.SSO[f.random.IntN(len(inv.SSO))].ID
	case 3:
		one.TokenExpiresAt = at.AddDate(1, 0, 0)
	case 4:
		inv.SSO[0].ClientID = fmt.Sprintf("client-%d", f.names)
	}
	f.receive(inv)
}

// store stores a night of all organizations.
func (f *fleet) store(t testing.TB, store *snapshot.Store, at time.Time) {
	t.Helper()
	ctx := t.Context()
	rules := snapshot.RuleSet{Thresholds: "{}"}
	for _, r := range finding.Rules() {
		rules.Wordings = append(rules.Wordings, snapshot.Wording{RuleID: r.ID, Title: r.Title, Expected: r.ExpectedBy(finding.DefaultThresholds()), Remedy: r.Remedy})
	}
	slices.SortFunc(rules.Wordings, func(a, b snapshot.Wording) int { return strings.Compare(a.RuleID, b.RuleID) })
	ruleSet := must(store.RecordRules(ctx, rules))(t)
	run := must(store.BeginRun(ctx, snapshot.Run{StartedAt: at, ScheduledFor: at, Trigger: "schedule", ToolVersion: "v1.0.0", Host: "audit-host"}))(t)
	outcome := snapshot.Complete
	for i := range f.organizations {
		inv := &f.organizations[i]
		f.age(inv, at)
		header := f.header(i, run, ruleSet, at)
		if f.random.IntN(300) == 0 || at.Equal(f.fails[i]) {
			outcome = snapshot.Failed
			header.ErrorCode, header.Error = "unavailable", "ListSCIMConfigurations, page 1: HTTP 503"
			_ = must(store.SaveFailed(ctx, header, finding.EvaluateFailed(header.OrganizationID, header.OrganizationName, header.ErrorCode, header.Error, false)))(t)
			continue
		}
		f.storeOne(t, store, header, *inv)
	}
	if err := store.FinishRun(ctx, run, at.Add(10*time.Minute), outcome, map[snapshot.Outcome]string{snapshot.Failed: "organizations failed"}[outcome]); err != nil {
		t.Fatal(err)
	}
}

func (f *fleet) header(i int, run, ruleSet int64, at time.Time) snapshot.Snapshot {
	o := f.organizations[i].Organization
	return snapshot.Snapshot{RunID: run, RuleSetID: ruleSet, Source: fmt.Sprintf("o%04d", i), OrganizationID: o.ID, OrganizationName: o.Name,
		OrganizationTier: o.Tier, BaseURL: "https://app.gitpod.io/api", PrincipalID: demo.ID(o.Name, "user"), Principal: "PRINCIPAL_USER", TakenAt: at}
}

func (f *fleet) storeOne(t testing.TB, store *snapshot.Store, header snapshot.Snapshot, inv ona.Inventory) {
	t.Helper()
	ctx := t.Context()
	in := finding.Input{TakenAt: header.TakenAt, Inventory: inv, BaseURL: header.BaseURL, Principal: header.Principal + " " + header.PrincipalID, ScheduleKnown: true}
	baseline, found, err := store.Baseline(ctx, header.OrganizationID)
	if err != nil {
		t.Fatal(err)
	}
	if found {
		seen := must(store.SeenBefore(ctx, baseline.Snapshot))(t)
		in.Changes = diff.Compute(baseline.Inventory, inv, seen)
		in.Baseline = &finding.Baseline{OrganizationID: header.OrganizationID, BaseURL: in.BaseURL, Principal: in.Principal}
		in.ExpirySince = must(store.ExpirySince(ctx, header.OrganizationID, header.TakenAt))(t)
	}
	header.Pages, header.SCIMListing, header.SSOListing = 2, onePage(len(inv.SCIM)), onePage(len(inv.SSO))
	header.SCIMReceived, header.SCIMDistinct, header.SSOReceived, header.SSODistinct = len(inv.SCIM), len(inv.SCIM), len(inv.SSO), len(inv.SSO)
	header.ServerClockKnown = true
	exchanges, bodies := f.exchanges(header, inv)
	_ = must(store.SaveComplete(ctx, snapshot.Collected{Snapshot: header, Baseline: baseline, Inventory: inv, Changes: in.Changes,
		Findings: finding.Evaluate(in, finding.DefaultThresholds()), Exchanges: exchanges, Response: func(i int) ([]byte, error) { return bodies[i], nil }}))(t)
}

func onePage(rows int) snapshot.Listing {
	return snapshot.Listing{Pages: 1, RowsPerPage: fmt.Sprint(rows), FinalTokenEmpty: true, Listings: 1, Agreeing: 1}
}

// exchanges are the requests of a night with their responses.
func (f *fleet) exchanges(h snapshot.Snapshot, inv ona.Inventory) (all []snapshot.Exchange, bodies [][]byte) {
	list := func(field string, raw ...json.RawMessage) []byte {
		return marshal(map[string]any{field: raw, "pagination": map[string]any{}})
	}
	var scim, sso, domains []json.RawMessage
	for _, c := range inv.SCIM {
		scim = append(scim, c.Raw)
	}
	for _, c := range inv.SSO {
		sso = append(sso, c.Raw)
	}
	for _, c := range inv.Domains {
		domains = append(domains, c.Raw)
	}
	sent := h.TakenAt.Add(time.Duration(f.random.IntN(600_000)) * time.Millisecond)
	for _, e := range []struct {
		method, request string
		body            []byte
	}{
		{"IdentityService/GetAuthenticatedIdentity", `{}`, marshal(map[string]string{"organizationId": h.OrganizationID, "subject": h.PrincipalID})},
		{"OrganizationService/GetOrganization", `{"organizationId":"` + h.OrganizationID + `"}`, inv.Organization.Raw},
		{"OrganizationService/ListSCIMConfigurations", `{"pagination":{"pageSize":100}}`, list("scimConfigurations", scim...)},
		{"OrganizationService/ListSSOConfigurations", `{"organizationId":"` + h.OrganizationID + `","pagination":{"pageSize":100}}`, list("ssoConfigurations", sso...)},
		{"OrganizationService/GetOrganizationPolicies", `{"organizationId":"` + h.OrganizationID + `"}`, inv.Policies.Raw},
		{"OrganizationService/ListDomainVerifications", `{"organizationId":"` + h.OrganizationID + `","pagination":{"pageSize":100}}`, list("domainVerifications", domains...)},
	} {
		sum := sha256.Sum256(e.body)
		took := time.Duration(20_000+f.random.IntN(60_000)) * time.Microsecond
		all = append(all, snapshot.Exchange{Number: len(all) + 1, Method: "gitpod.v1." + e.method, Request: e.request, Status: 200, SentAt: sent, Duration: took,
			ServerDate: sent.Truncate(time.Second), ResponseSHA256: hex.EncodeToString(sum[:]), ResponseSize: int64(len(e.body))})
		bodies = append(bodies, e.body)
		sent = sent.Add(took)
	}
	return all, bodies
}

// must returns the value of a call of the store.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// storeFleet makes a database of many nights, the last of which is `last`.
func storeFleet(ctx context.Context, t testing.TB, path string, f *fleet, last time.Time, nights int) {
	t.Helper()
	store, err := snapshot.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := store.SetSchedule(ctx, snapshot.ScheduleChange{Expression: "0 2 * * *", Reason: "test", ChangedBy: "test", Host: "test"}, last.AddDate(0, 0, -nights)); err != nil {
		t.Fatal(err)
	}
	for n := range nights {
		f.store(t, store, last.AddDate(0, 0, n-nights+1))
	}
}
