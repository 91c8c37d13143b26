package snapshot_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

const acme = "0f5a1c52-0000-4000-8000-000000000001"

var firstNight = time.Date(2026, 11, 16, 2, 0, 0, 0, time.UTC)

func night(n int) time.Time { return firstNight.AddDate(0, 0, n-1) }

func newStore(t *testing.T) *snapshot.Store {
	t.Helper()
	store, err := snapshot.Open(t.Context(), filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func scim(id, name string) ona.SCIMConfiguration {
	return ona.SCIMConfiguration{
		ID: id, OrganizationID: acme, Name: name, Enabled: true, SSOConfigurationID: "sso-1",
		CreatedAt: firstNight.AddDate(0, -1, 0), UpdatedAt: firstNight.AddDate(0, -1, 0),
		TokenExpiresAt: firstNight.AddDate(0, 6, 0).Add(117 * time.Millisecond),
		Unknown:        map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)},
		Raw:            json.RawMessage(fmt.Sprintf(`{"id":%q, "name":%q}`, id, name)),
	}
}

func inventory(configurations ...ona.SCIMConfiguration) ona.Inventory {
	return ona.Inventory{
		Organization: ona.Organization{ID: acme, Name: "Acme", Tier: "ENTERPRISE", InviteDomains: []string{"acme.example"}, Raw: json.RawMessage(`{}`)},
		SCIM:         configurations,
		Domains: []ona.DomainVerification{{
			ID: "domain-1", OrganizationID: acme, Domain: "acme.example", State: ona.DomainVerified, VerifiedAt: firstNight,
			Unknown: map[string]json.RawMessage{"proof": json.RawMessage(`"dns"`)}, Raw: json.RawMessage(`{"id":"domain-1"}`),
		}},
		SSO: []ona.SSOConfiguration{{
			ID: "sso-1", OrganizationID: acme, DisplayName: "Okta", State: ona.SSOStateActive, EmailDomains: []string{"acme.example"},
			Claims: map[string]string{"sub": "id"}, Raw: json.RawMessage(`{"id":"sso-1"}`),
		}},
		Policies: &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true, Raw: json.RawMessage(`{}`)},
		Members: []ona.OrganizationMember{
			{UserID: "user-1", Role: ona.OrganizationRoleAdmin, Status: ona.UserStatusActive, LoginProvider: ona.LoginProviderCustom, MemberSince: firstNight,
				FullName: "Ada Berg", Email: "ada@acme.example", AvatarURL: "https://acme.example/ada.png",
				Unknown: map[string]json.RawMessage{"team": json.RawMessage(`"blue"`)}, Raw: json.RawMessage(`{"userId":"user-1"}`)},
			{UserID: "user-2", Role: ona.OrganizationRoleMember, Status: ona.UserStatusLeft, Raw: json.RawMessage(`{"userId":"user-2"}`)},
		},
		MemberTokens: []ona.PersonalAccessToken{{
			ID: "pat-1", UserID: "user-2", Description: "laptop", CreatedAt: firstNight, ExpiresAt: firstNight.AddDate(0, 0, 90), LastUsed: firstNight,
			ReadOnly: true, Unknown: map[string]json.RawMessage{"scope": json.RawMessage(`"all"`)}, Raw: json.RawMessage(`{"id":"pat-1"}`),
		}},
	}
}

// membersSetting is the setting with which an inventory was collected.
func membersSetting(inv ona.Inventory) snapshot.MembersSetting {
	switch {
	case !inv.MembersRequested():
		return snapshot.MembersOff
	case inv.MembersSalt != "":
		return snapshot.MembersRedacted
	}
	return snapshot.MembersOn
}

// notOff is a reason for the header: of members that were not asked for it has none.
func notOff(reason string) string {
	if reason == ona.MembersNotRequested {
		return ""
	}
	return reason
}

// save stores one night as the job does: its own run, compared with the baseline.
func save(t *testing.T, store *snapshot.Store, takenAt time.Time, inv ona.Inventory, findings ...finding.Finding) snapshot.Snapshot {
	t.Helper()
	ctx := t.Context()
	runID := beginRun(t, store, takenAt)
	baseline, _, err := store.Baseline(ctx, acme)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"scimConfigurations":[]}`)
	sum := sha256.Sum256(body)
	saved, err := store.SaveComplete(ctx, snapshot.Collected{
		Snapshot: snapshot.Snapshot{
			RunID: runID, Source: "default", OrganizationID: acme, OrganizationName: "Acme", BaseURL: "https://app.gitpod.io/api", TakenAt: takenAt,
			Pages:       2,
			SCIMListing: snapshot.Listing{Pages: 100, RowsPerPage: "99 x 100, 37", FinalTokenEmpty: true, Listings: 3, Agreeing: 2}, SSOListing: snapshot.Listing{Pages: 1, RowsPerPage: "0", FinalTokenEmpty: true},
			SCIMReceived: len(inv.SCIM), SCIMDistinct: len(inv.SCIM),
			SSONotAssessed: inv.SSONotAssessed, PoliciesNotAssessed: inv.PoliciesNotAssessed,
			MembersSetting: membersSetting(inv), MembersSaltID: inv.MembersSalt, MembersNotAssessed: notOff(inv.MembersNotAssessed),
			MemberTokensNotAssessed: notOff(inv.MemberTokensNotAssessed), MembersReceived: len(inv.Members), MembersDistinct: len(inv.Members),
			MembersCounted: len(inv.Members), MembersCountRelation: "COUNT_RESPONSE_RELATION_EQ",
			MemberListing:      snapshot.Listing{Pages: 1, RowsPerPage: "2", FinalTokenEmpty: true, Listings: 1, Agreeing: 1},
			DomainsNotAssessed: inv.DomainsNotAssessed, Notes: []string{"a note"},
		},
		Baseline:  baseline,
		Inventory: inv,
		Findings:  findings,
		Exchanges: []snapshot.Exchange{{
			Number: 1, Method: "gitpod.v1.OrganizationService/ListSCIMConfigurations", Request: `{}`, Status: 200, SentAt: takenAt,
			Duration: 3 * time.Millisecond, ServerDate: takenAt, Retries: []string{"503"}, ResponseSHA256: hex.EncodeToString(sum[:]),
			ResponseSize: int64(len(body)),
		}},
		Response: inMemory(body),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(ctx, runID, takenAt.Add(time.Minute), snapshot.Complete, ""); err != nil {
		t.Fatal(err)
	}
	return saved
}

// inMemory gives the answers to exchanges.
func inMemory(bodies ...[]byte) func(i int) ([]byte, error) {
	return func(i int) ([]byte, error) { return bodies[i], nil }
}

func beginRun(t *testing.T, store *snapshot.Store, at time.Time) int64 {
	t.Helper()
	id, err := store.BeginRun(t.Context(), snapshot.Run{StartedAt: at, Trigger: "manual", ToolVersion: "test", Host: "host"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestASnapshotIsReadBackAsItWasCollected(t *testing.T) {
	store := newStore(t)
	bare := ona.SCIMConfiguration{ID: "c", Raw: json.RawMessage(`{"id":"c"}`)}
	allowed := scim("b", `it's "quoted" | <b>`)
	allowed.AllowUnverifiedEmailAccountLinking = new(bool)
	want := inventory(scim("a", "Okta"), allowed, bare)
	saved := save(t, store, night(1), want)
	got, err := store.Inventory(t.Context(), saved)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the inventory differs from what was stored (-want +got):\n%s", d)
	}
	read, err := store.Snapshot(t.Context(), saved.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(saved, read); d != "" {
		t.Errorf("the header differs from what was stored (-want +got):\n%s", d)
	}
}

func TestEveryPastNightIsReadAsItWas(t *testing.T) {
	store := newStore(t)
	renamed := scim("b", "Entra ID")
	renamed.Name = "Entra ID EMEA"
	nights := []ona.Inventory{
		inventory(scim("a", "Okta"), scim("b", "Entra ID")),
		inventory(scim("a", "Okta"), renamed),
		inventory(renamed),
		inventory(scim("a", "Okta"), renamed, scim("z", "new")),
	}
	var saved []snapshot.Snapshot
	for i, inv := range nights {
		saved = append(saved, save(t, store, night(i+1), inv))
	}
	for i, want := range nights {
		got, err := store.Inventory(t.Context(), saved[i])
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("night %d differs (-want +got):\n%s", i+1, d)
		}
		rows, _, domains, err := store.CountRows(t.Context(), saved[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		if members, tokens, err := store.CountMembers(t.Context(), saved[i].ID); err != nil || members != 2 || tokens != 1 {
			t.Errorf("night %d: the views have %d members and %d tokens, error %v", i+1, members, tokens, err)
		}
		if rows != len(want.SCIM) || domains != len(want.Domains) {
			t.Errorf("night %d: the views have %d and %d rows, want %d and %d", i+1, rows, domains, len(want.SCIM), len(want.Domains))
		}
	}
}

func TestANightThatChangesNothingHasTheContentHashOfTheNightBefore(t *testing.T) {
	store := newStore(t)
	first := save(t, store, night(1), inventory(scim("a", "Okta")))
	same := scim("a", "Okta")
	same.Raw = json.RawMessage(`{"name":"Okta","id":"a"}`)
	second := save(t, store, night(2), inventory(same))
	third := save(t, store, night(3), inventory(scim("a", "Okta "))) // a trailing space is a change
	if first.ContentSHA256 != second.ContentSHA256 {
		t.Error("a quiet night has another content hash")
	}
	if second.ContentSHA256 == third.ContentSHA256 {
		t.Error("a changed name has the same content hash")
	}
	if first.ChainSHA256 == second.ChainSHA256 {
		t.Error("two snapshots have the same chain value")
	}
}

func TestDatesOfAConfiguration(t *testing.T) {
	store := newStore(t)
	save(t, store, night(1), inventory(scim("a", "Okta")))
	save(t, store, night(2), inventory())
	save(t, store, night(3), inventory(scim("a", "Okta")))
	last := save(t, store, night(4), inventory(scim("a", "Okta"), scim("b", "new")))
	got, err := store.Shown(t.Context(), last)
	if err != nil {
		t.Fatal(err)
	}
	want := []snapshot.SCIMConfiguration{
		{SCIMConfiguration: scim("a", "Okta"), FirstSeen: night(1), UnchangedSince: night(3)},
		{SCIMConfiguration: scim("b", "new"), FirstSeen: night(4), UnchangedSince: night(4)},
	}
	if d := cmp.Diff(want, got.SCIM); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAReappearedConfigurationWasSeenBefore(t *testing.T) {
	store := newStore(t)
	save(t, store, night(1), inventory(scim("a", "Okta")))
	gone := save(t, store, night(2), inventory())
	seen, err := store.SeenBefore(t.Context(), gone)
	if err != nil {
		t.Fatal(err)
	}
	if !seen(diff.SCIMConfiguration, "a") || seen(diff.SCIMConfiguration, "b") || seen(diff.SSOConfiguration, "a") {
		t.Error("only SCIM configuration a was seen before")
	}
}

func TestTheBaselineShowsUnreadableSSOAsItWasLastRead(t *testing.T) {
	store := newStore(t)
	first := save(t, store, night(1), inventory(scim("a", "Okta")))
	unreadable := inventory(scim("a", "Okta"))
	unreadable.SSO, unreadable.SSONotAssessed = nil, "permission_denied"
	unreadable.Policies, unreadable.PoliciesNotAssessed = nil, "permission_denied"
	unreadable.Domains, unreadable.DomainsNotAssessed = nil, "permission_denied"
	unreadable.Members, unreadable.MembersNotAssessed = nil, "permission_denied"
	unreadable.MemberTokens, unreadable.MemberTokensNotAssessed = nil, "permission_denied"
	second := save(t, store, night(2), unreadable)
	b, found, err := store.Baseline(t.Context(), acme)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	for part, want := range map[string]int64{
		snapshot.PartSCIM: second.ID, snapshot.PartSSO: first.ID, snapshot.PartPolicies: first.ID, snapshot.PartMembers: first.ID,
	} {
		if got := b.Of(part).ID; got != want {
			t.Errorf("the baseline has the %s of snapshot %d, want %d", part, got, want)
		}
	}
	if d := cmp.Diff(withoutRaw(inventory(scim("a", "Okta"))), b.Inventory); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if shown, err := store.Shown(t.Context(), second); err != nil || len(shown.SSO)+len(shown.Domains)+len(shown.Members)+len(shown.MemberTokens) != 0 || shown.Policies != nil {
		t.Errorf("the night that could read neither SSO, policies nor domains shows %d and %d rows and %v (error %v)", len(shown.SSO), len(shown.Domains), shown.Policies, err)
	}
}

// withoutRaw is the inventory as a baseline has it.
func withoutRaw(inv ona.Inventory) ona.Inventory {
	inv.Organization.Raw, inv.Policies.Raw = nil, nil
	for i := range inv.SCIM {
		inv.SCIM[i].Raw = nil
	}
	for i := range inv.SSO {
		inv.SSO[i].Raw = nil
	}
	for i := range inv.Domains {
		inv.Domains[i].Raw = nil
	}
	for i := range inv.Members {
		inv.Members[i].Raw = nil
	}
	for i := range inv.MemberTokens {
		inv.MemberTokens[i].Raw = nil
	}
	return inv
}

// expirySince asks about one configuration.
func expirySince(t *testing.T, store *snapshot.Store, c ona.SCIMConfiguration, takenAt time.Time) finding.ExpirySince {
	t.Helper()
	since, err := store.ExpirySince(t.Context(), acme, takenAt)
	if err != nil {
		t.Fatal(err)
	}
	return since(&c)
}

func TestExpirySinceFollowsTheTokenAndNotTheName(t *testing.T) {
	store := newStore(t)
	expires := scim("a", "").TokenExpiresAt
	rotated := expires.AddDate(1, 0, 0)
	with := func(name string, at time.Time) ona.SCIMConfiguration {
		c := scim("a", name)
		c.TokenExpiresAt = at
		return c
	}
	save(t, store, night(1), inventory(with("Okta", expires)))
	save(t, store, night(2), inventory(with("Okta", rotated)))
	save(t, store, night(3), inventory(with("renamed", rotated)))
	for _, tc := range []struct {
		now  time.Time
		want finding.ExpirySince
	}{
		{rotated, finding.ExpirySince{At: night(2), Rotated: true}},
		{rotated.AddDate(1, 0, 0), finding.ExpirySince{At: night(4), Rotated: true}},
	} {
		if d := cmp.Diff(tc.want, expirySince(t, store, with("renamed", tc.now), night(4))); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestAFindingKeepsItsAgeUntilItPasses(t *testing.T) {
	store := newStore(t)
	status := func(s finding.Status) finding.Finding {
		return finding.Finding{RuleID: "SCIM-001", Severity: diff.High, Status: s, SubjectType: diff.SCIMConfiguration, SubjectID: "a", Fingerprint: "f"}
	}
	ages := func(n int, s finding.Status) (time.Time, int) {
		saved := save(t, store, night(n), inventory(), status(s))
		found, err := store.Findings(t.Context(), saved.ID)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		return found[0].FirstSeen, found[0].DaysOpen
	}
	for _, tc := range []struct {
		night  int
		status finding.Status
		first  time.Time
		days   int
	}{
		{1, finding.Fail, night(1), 0},
		{2, finding.Fail, night(1), 1},
		{3, finding.NotAssessed, night(1), 2},
		{4, finding.Excepted, night(1), 3},
		{5, finding.Pass, time.Time{}, 0},
		{6, finding.Fail, night(6), 0},
	} {
		if first, days := ages(tc.night, tc.status); !first.Equal(tc.first) || days != tc.days {
			t.Errorf("night %d: first seen %v, %d days open; want %v, %d", tc.night, first, days, tc.first, tc.days)
		}
	}
}

func TestAnAnswerIsKeptOnceAndReadBack(t *testing.T) {
	store := newStore(t)
	first := save(t, store, night(1), inventory())
	save(t, store, night(2), inventory())
	exchanges, err := store.Exchanges(t.Context(), first.ID)
	if err != nil || len(exchanges) != 1 {
		t.Fatal(exchanges, err)
	}
	e := exchanges[0]
	if e.Duration != 3*time.Millisecond || !e.ServerDate.Equal(night(1)) || !e.SentAt.Equal(night(1)) || !cmp.Equal(e.Retries, []string{"503"}) || e.ResponseSize != 25 {
		t.Errorf("the exchange was read back as %+v", e)
	}
}

func TestTheRegisterTellsWhatARunHad(t *testing.T) {
	store := newStore(t)
	save(t, store, night(1), inventory(scim("a", "Okta")), finding.Finding{RuleID: "SCIM-001", Status: finding.Fail, Fingerprint: "f"})
	interrupted := beginRun(t, store, night(2))
	id := beginRun(t, store, night(3))
	_, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: id, Source: "default", BaseURL: "https://x/api", TakenAt: night(3),
		ErrorCode: "unauthenticated", Error: "no"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), id, night(3), snapshot.Failed, "default: no"); err != nil {
		t.Fatal(err)
	}
	runs, err := store.Runs(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []snapshot.Run{
		{ID: id, StartedAt: night(3), FinishedAt: night(3), Trigger: "manual", Outcome: snapshot.Failed, Error: "default: no", ToolVersion: "test",
			Host: "host", FailedOrganizations: 1},
		{ID: interrupted, StartedAt: night(2), FinishedAt: night(3), Trigger: "manual", Outcome: snapshot.Failed,
			Error: "interrupted: the process ended before the run did", ToolVersion: "test", Host: "host"},
		{ID: 1, StartedAt: night(1), FinishedAt: night(1).Add(time.Minute), Trigger: "manual", Outcome: snapshot.Complete, ToolVersion: "test",
			Host: "host", CompleteOrganizations: 1, FailedFindings: 1, SCIMConfigurations: 1},
	}
	if d := cmp.Diff(want, runs); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := store.FinishRun(t.Context(), id, night(3), snapshot.Complete, ""); err == nil {
		t.Error("a run was closed twice")
	}
}

func TestAFailedSnapshotIsNeverABaseline(t *testing.T) {
	store := newStore(t)
	first := save(t, store, night(1), inventory(scim("a", "Okta")))
	id := beginRun(t, store, night(2))
	_, err := store.SaveFailed(t.Context(), snapshot.Snapshot{RunID: id, Source: "default", OrganizationID: acme, BaseURL: "https://x/api",
		TakenAt: night(2), ErrorCode: "unavailable", Error: "no"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, found, err := store.Baseline(t.Context(), acme)
	if err != nil || !found || b.Snapshot.ID != first.ID {
		t.Errorf("baseline %d (found %v, error %v), want %d", b.Snapshot.ID, found, err, first.ID)
	}
}

func TestASnapshotComparedWithAnotherBaselineIsRefusedWhole(t *testing.T) {
	store := newStore(t)
	save(t, store, night(1), inventory(scim("a", "Okta")))
	id := beginRun(t, store, night(2))
	_, err := store.SaveComplete(t.Context(), snapshot.Collected{
		Snapshot:  snapshot.Snapshot{RunID: id, Source: "default", OrganizationID: acme, TakenAt: night(2)}, // no baseline
		Inventory: inventory(),
	})
	if err == nil {
		t.Fatal("it was stored")
	}
	all, err := store.CompleteSnapshots(t.Context(), acme)
	if err != nil || len(all) != 1 {
		t.Errorf("%d complete snapshots (error %v), want 1", len(all), err)
	}
}
