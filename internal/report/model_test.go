package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// Ids of the organizations of the example.
const (
	acmeID  = "0f5a1c52-6e1a-4fe4-a799-000000000001"
	birchID = "0f5a1c52-6e1a-4fe4-a799-000000000002"
)

var (
	lastNight = time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	tonight   = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
)

// example returns a run over three organizations: Acme has changes since last night, Birch has its
// first snapshot, Cedar failed.
func example() *Model {
	m := &Model{
		Run: snapshot.Run{
			ID: 7, StartedAt: tonight, FinishedAt: tonight.Add(42 * time.Second), ScheduledFor: tonight, Trigger: "schedule",
			Outcome: snapshot.Failed,
			Error:   "1 of 3 organizations is not complete", ToolVersion: "v1.2.3", Host: "audit-01", CompleteOrganizations: 2,
			FailedOrganizations: 1,
			Changes:             4, FailedFindings: 5, SCIMConfigurations: 4,
		},
		Rules:         slices.DeleteFunc(finding.Rules(), finding.Rule.OfMembers),
		Organizations: []*Organization{acme(), birch(), cedar()},
	}
	for _, o := range m.Organizations {
		o.Parts = o.Snapshot.Parts()
	}
	m.Runs = []snapshot.Run{m.Run}
	for i := range 5 {
		r := snapshot.Run{
			ID: int64(6 - i), StartedAt: tonight.AddDate(0, 0, -1-i), FinishedAt: tonight.AddDate(0, 0,
				-1-i).Add(40 * time.Second),
			ScheduledFor: tonight.AddDate(0, 0, -1-i), Trigger: "schedule", Outcome: snapshot.Complete, ToolVersion: "v1.2.2",
			Host:                  "audit-01",
			CompleteOrganizations: 2, Changes: i % 3, FailedFindings: 3 + i%2, SCIMConfigurations: 3 + i%2,
		}
		if i == 2 {
			r.Outcome, r.Error = snapshot.Failed, "interrupted: the process ended before the run did"
		}
		m.Runs = append(m.Runs, r)
	}
	m.Totals = map[int64]*snapshot.Totals{
		6: {SSOConfigurations: 2, SSOKnown: true, Failing: map[diff.Severity]int{diff.Critical: 1, diff.Low: 2}},
		5: {Failing: map[diff.Severity]int{diff.High: 4}},
		3: {SSOConfigurations: 2, SSOKnown: true},
	}
	earlier := m.Organizations[0].Changes[2]
	earlier.SnapshotID, earlier.BaselineID, earlier.TakenAt = 10, 8, lastNight
	m.Timeline = append([]snapshot.Change{earlier}, m.Organizations[0].Changes...)
	return m
}

func id(n int) string { return fmt.Sprintf("182bd5e5-6e1a-4fe4-a799-%012d", n) }

func acme() *Organization {
	yes := true
	scim := []snapshot.SCIMConfiguration{
		scimConfiguration(1, "Okta production", id(101), tonight.AddDate(0, 3, 0)),
		scimConfiguration(2, "Entra ID", id(102), tonight.Add(-36*time.Hour)),
		scimConfiguration(3, "Contractors", "", time.Time{}),
	}
	scim[2].Enabled = false
	scim[1].AllowUnverifiedEmailAccountLinking = &yes
	scim[1].Unknown = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)}
	sso := []snapshot.SSOConfiguration{
		{SSOConfiguration: ona.SSOConfiguration{
			ID: id(101), OrganizationID: acmeID, DisplayName: "Okta", IssuerURL: "https://acme.okta.example/oauth2/default",
			ProviderType: ona.ProviderTypeCustom,
			State:        ona.SSOStateActive, ClientID: "0oa1b2c3", EmailDomain: "acme.example", EmailDomains: []string{"acme.example",
				"acme.test"},
			AdditionalScopes: []string{"groups"}, Claims: map[string]string{"email": "mail",
				"sub": "oid"}, ClaimsExpression: `claims.groups.contains("dev")`,
			Raw: json.RawMessage(`{"id":"` + id(101) + `"}`),
		}, FirstSeen: lastNight.AddDate(0, 0, -4), UnchangedSince: lastNight},
		{SSOConfiguration: ona.SSOConfiguration{
			ID: id(102), OrganizationID: acmeID, DisplayName: "Entra", IssuerURL: "https://login.example/tenant/v2.0",
			ProviderType: ona.ProviderTypeCustom,
			State:        ona.SSOStateInactive,
		}, FirstSeen: lastNight.AddDate(0, 0, -4), UnchangedSince: lastNight.AddDate(0, 0, -4)},
	}
	baseline := snapshot.Snapshot{
		ID: 10, RunID: 6, Source: "acme", OrganizationID: acmeID, OrganizationName: "Acme", TakenAt: lastNight,
		Outcome:            snapshot.Complete,
		SCIMConfigurations: 3, SSOConfigurations: 2, BaselineID: 8,
	}
	return &Organization{
		Snapshot: snapshot.Snapshot{
			ID: 11, RunID: 7, Source: "acme", OrganizationID: acmeID, OrganizationName: "Acme",
			OrganizationTier: "ORGANIZATION_TIER_ENTERPRISE",
			BaseURL:          "https://app.gitpod.io/api", PrincipalID: id(900), Principal: "PRINCIPAL_SERVICE_ACCOUNT", TakenAt: tonight,
			Outcome: snapshot.Complete, BaselineID: 10, Pages: 2,
			SCIMListing: snapshot.Listing{Pages: 1, RowsPerPage: "3", FinalTokenEmpty: true, Listings: 1,
				Agreeing: 1}, SSOListing: snapshot.Listing{Pages: 1, RowsPerPage: "2", FinalTokenEmpty: true, Listings: 1,
				Agreeing: 1},
			SCIMReceived: 3, SCIMDistinct: 3, SSOReceived: 2, SSODistinct: 2,
			SCIMConfigurations: 3, SSOConfigurations: 2, DomainVerifications: 2, Retries: 1,
			OwnToken: ona.OwnToken{Ends: tonight.AddDate(0, 2, 0),
				Tokens: 1}, ServerClockOffset: 400 * time.Millisecond, ServerClockKnown: true,
			UnknownFields: []string{"SCIMConfiguration.region"}, ContentSHA256: sha("content acme"),
			ChainSHA256: sha("chain acme"),
		},
		Baseline: &baseline,
		Shown: snapshot.Shown{SCIM: scim, SSO: sso, Policies: &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true},
			InviteDomains: []string{"acme.test"}, Domains: []ona.DomainVerification{
				{ID: id(301), OrganizationID: acmeID, Domain: "acme.example", State: ona.DomainVerified, VerifiedAt: lastNight,
					Raw: json.RawMessage(`{"id":"` + id(301) + `"}`)},
				{ID: id(302), Domain: "acme.test", State: "DOMAIN_VERIFICATION_STATE_PENDING"},
			}},
		Changes: acmeChanges(scim), Findings: acmeFindings(), Exchanges: append(exchanges(3, 2),
			asked(4, id(4))), ViewSCIM: 3, ViewSSO: 2, ViewDomains: 2,
		AuditLog: &snapshot.AuditLog{
			Since: lastNight, Until: tonight, Pages: 1, Received: 40,
			Entries: []ona.AuditLogEntry{entry("1", 5, "disable SCIM configuration"), entry("2", 6, "update =SCIM")},
		},
		Acceptances: acceptances(),
	}
}

// entry returns an audit-log entry about Contractors, that many hours before the snapshot.
func entry(entryID string, hours int, action string) ona.AuditLogEntry {
	return ona.AuditLogEntry{
		ID: "entry-" + entryID, ActorID: id(901), ActorPrincipal: "PRINCIPAL_USER", SubjectID: id(3),
		SubjectType: ona.ResourceTypeSCIMConfiguration,
		Action:      action, CreatedAt: tonight.Add(-time.Duration(hours) * time.Hour),
	}
}

// acceptances returns exceptions of every state and bearing.
func acceptances() []snapshot.Acceptance {
	accept := func(rule, subject string, days int, bearing finding.Bearing, findings int) snapshot.Acceptance {
		expires := tonight.AddDate(0, 0, days).Truncate(24 * time.Hour)
		x := finding.Exception{RuleID: rule, SubjectID: subject, Owner: "jane@acme.example", Reason: "replaced | in March",
			Ticket: "SEC-1", Expires: expires}
		return snapshot.Acceptance{Exception: x, InForce: x.InForce(tonight), Bearing: bearing, Findings: findings}
	}
	all := []snapshot.Acceptance{
		accept("SCIM-004", id(3), 9, finding.Applied, 1), accept("SCIM-007", id(3), -3, finding.Applied, 1),
		accept("SCIM-009", id(3), 9, finding.Unmatched, 0), accept("SCIM-023", "", 9, finding.Open, 0),
	}
	all[3].OrganizationID, all[3].Ticket = acmeID, ""
	return all
}

func scimConfiguration(n int, name, sso string, expires time.Time) snapshot.SCIMConfiguration {
	return snapshot.SCIMConfiguration{
		SCIMConfiguration: ona.SCIMConfiguration{
			ID: id(n), OrganizationID: acmeID, Name: name, Enabled: true, SSOConfigurationID: sso, TokenExpiresAt: expires,
			CreatedAt: lastNight.AddDate(-1, 0, 0).Add(117 * time.Millisecond), UpdatedAt: lastNight.Add(-30 * time.Minute),
			Raw: json.RawMessage(fmt.Sprintf(`{"id":%q,"name":%q}`, id(n), name)),
		},
		FirstSeen: lastNight.AddDate(0, 0, -4), UnchangedSince: tonight,
	}
}

func acmeChanges(scim []snapshot.SCIMConfiguration) []snapshot.Change {
	changes := []diff.Change{
		{Severity: diff.High, Kind: diff.Removed, SubjectType: diff.SCIMConfiguration, SubjectID: id(4),
			SubjectName: "Old Okta",
			Before: scimConfiguration(4, "Old Okta", id(101),
				tonight.AddDate(0, 0, 9)).Canonical(), BeforeLabel: "Okta",
			Note: "removal confirmed: the API answers not_found; probably replaced by " + id(1)},
		{Severity: diff.Medium, Kind: diff.Added, SubjectType: diff.SCIMConfiguration, SubjectID: id(1),
			SubjectName: "Okta production",
			After:       scim[0].Canonical(), AfterLabel: "Okta", Note: "probably replaces " + id(4)},
		{Severity: diff.Medium, Kind: diff.TokenRotated, SubjectType: diff.SCIMConfiguration, SubjectID: id(2),
			SubjectName: "Entra ID", Field: "tokenExpiresAt",
			Before: "2026-11-01T00:00:00.000000000Z", After: "2026-11-21T14:00:00.000000000Z", Note: "later by 20 days"},
		{Severity: diff.High, Kind: diff.Disabled, SubjectType: diff.SCIMConfiguration, SubjectID: id(3),
			SubjectName: "Contractors", Field: "enabled",
			Before: "true", After: "false"},
	}
	stored := make([]snapshot.Change, len(changes))
	for i, c := range changes {
		stored[i] = snapshot.Change{Change: c, SnapshotID: 11, BaselineID: 10, TakenAt: tonight, OrganizationID: acmeID}
	}
	stored[3].ActorID, stored[3].ActorPrincipal, stored[3].ActorAction = id(901), "PRINCIPAL_USER",
		"disable SCIM configuration"
	stored[3].ActorAt = tonight.Add(-5 * time.Hour)
	stored[3].Candidates = []ona.AuditLogEntry{entry("1", 5, "disable SCIM configuration"), entry("2", 6, "update =SCIM")}
	return stored
}

func acmeFindings() []snapshot.Finding {
	found := []snapshot.Finding{
		failing("SCIM-001", diff.Critical, 2, "Entra ID",
			"The token expired at 2026-11-21 14:00:00 UTC, 1 day 12 h before the snapshot."),
		failing("SCIM-007", diff.Medium, 3, "Contractors", "The configuration is disabled."),
		failing("SCIM-011", diff.High, 2, "Entra ID", "The linked SSO configuration Entra is inactive."),
		failing("SCIM-016", diff.High, 2, "Entra ID", "Unverified e-mail account linking is allowed."),
		failing("SCIM-004", diff.Info, 3, "Contractors", "The API does not report when the token expires."),
	}
	found[4].Status, found[4].OriginalStatus = finding.Excepted, finding.Fail
	accepted := acceptances()
	found[4].Exception, found[1].Exception = &accepted[0].Exception, &accepted[1].Exception
	return append(found, others(acmeID, "Acme", found)...)
}

func failing(rule string, severity diff.Severity, subject int, name, observed string) snapshot.Finding {
	return snapshot.Finding{
		Finding: finding.Finding{
			RuleID: rule, Severity: severity, Status: finding.Fail, SubjectType: diff.SCIMConfiguration, SubjectID: id(subject),
			SubjectName: name, Observed: observed, Fingerprint: finding.Fingerprint(rule, acmeID, diff.SCIMConfiguration,
				id(subject)),
		},
		Title: ruleOf(rule).Title, Expected: ruleOf(rule).Expected, Remedy: ruleOf(rule).Remedy,
		SnapshotID: 11, TakenAt: tonight, OrganizationID: acmeID, FirstSeen: lastNight.AddDate(0, 0,
			-2), LastSeen: tonight, DaysOpen: 3,
	}
}

func ruleOf(id string) finding.Rule {
	for _, r := range finding.Rules() {
		if r.ID == id {
			return r
		}
	}
	return finding.Rule{}
}

// others returns a pass for every rule without findings, except one that is not assessed.
func others(organizationID, name string, found []snapshot.Finding) []snapshot.Finding {
	failed := make(map[string]bool)
	for _, f := range found {
		failed[f.RuleID] = true
	}
	var rest []snapshot.Finding
	for _, r := range slices.DeleteFunc(finding.Rules(), finding.Rule.OfMembers) {
		f := snapshot.Finding{Finding: finding.Finding{
			RuleID: r.ID, Severity: r.Severity, Status: finding.Pass, SubjectType: diff.Organization, SubjectID: organizationID,
			SubjectName: name, Observed: "Nothing was found.", Fingerprint: finding.Fingerprint(r.ID, organizationID,
				diff.Organization, organizationID),
		}, Title: r.Title, Expected: r.Expected, OrganizationID: organizationID, TakenAt: tonight}
		switch {
		case failed[r.ID]:
			continue
		case r.ID == "SCIM-002":
			f.Expected, f.Severity = r.Expected+" The limits are 7, 30 and 90 days.", diff.High
		case r.ID == "SCIM-023":
			f.Status, f.Observed = finding.NotAssessed, "Audit-log entries may be missing."
		}
		rest = append(rest, f)
	}
	return rest
}

func exchanges(scim, sso int) []snapshot.Exchange {
	const service = "gitpod.v1.OrganizationService"
	return []snapshot.Exchange{
		{Number: 1, Method: "gitpod.v1.IdentityService/GetAuthenticatedIdentity", Request: "{}", Status: 200,
			SentAt:   tonight.Add(time.Second),
			Duration: 41 * time.Millisecond, ServerDate: tonight.Add(time.Second), ResponseSHA256: sha("identity"),
			ResponseSize: 181},
		{Number: 2, Method: service + methodSCIM, Request: `{"pagination":{"pageSize":100}}`, Status: 200,
			SentAt:   tonight.Add(2 * time.Second),
			Duration: 87 * time.Millisecond, ServerDate: tonight.Add(2 * time.Second), Records: scim,
			Retries:        []string{"HTTP 503 unavailable, waited 1.5s"},
			ResponseSHA256: sha("scim"), ResponseSize: 2048},
		{Number: 3, Method: service + methodSSO, Request: `{"pagination":{"pageSize":100}}`, Status: 200,
			SentAt:   tonight.Add(3 * time.Second),
			Duration: 63 * time.Millisecond, Records: sso, ResponseSHA256: sha("sso"), ResponseSize: 1024},
	}
}

// asked is exchange number n, which confirms that a SCIM configuration was removed.
func asked(n int, id string) snapshot.Exchange {
	return snapshot.Exchange{
		Number: n, Method: "gitpod.v1.OrganizationService/GetSCIMConfiguration", Request: `{"scimConfigurationId":"` + id +
			`"}`, Status: 404,
		SentAt: tonight.Add(4 * time.Second), Duration: 20 * time.Millisecond, ResponseSHA256: sha("not found"),
		ResponseSize: 64,
	}
}

// birch has its first complete snapshot. Its token may read SCIM configurations only.
func birch() *Organization {
	o := &Organization{
		Snapshot: snapshot.Snapshot{
			ID: 12, RunID: 7, Source: "birch", OrganizationID: birchID, OrganizationName: "Birch",
			BaseURL:     "https://app.gitpod.io/api",
			PrincipalID: id(902), Principal: "PRINCIPAL_USER", TakenAt: tonight, Outcome: snapshot.Complete, Pages: 1,
			SCIMListing: snapshot.Listing{Pages: 1, RowsPerPage: "1", FinalTokenEmpty: true, Listings: 1,
				Agreeing: 1}, SCIMReceived: 1, SCIMDistinct: 1,
			SCIMConfigurations: 1, SSONotAssessed: "permission_denied: the token may not list SSO configurations",
			PoliciesNotAssessed: "permission_denied: the token may not read the policies",
			DomainsNotAssessed:  "permission_denied: the token may not list domain verifications",
			OwnToken:            ona.OwnToken{NotAssessed: "permission_denied: the token may not list tokens"},
			ContentSHA256:       sha("content birch"), ChainSHA256: sha("chain birch"),
		},
		Shown: snapshot.Shown{SCIM: []snapshot.SCIMConfiguration{scimConfiguration(20, "Google", id(201),
			tonight.Add(20*24*time.Hour))}},
		Exchanges: exchanges(1, 0)[:2], ViewSCIM: 1,
	}
	o.SCIM[0].FirstSeen = tonight
	o.Findings = others(birchID, "Birch", nil)
	return o
}

// cedar failed before its organization id was known.
func cedar() *Organization {
	return &Organization{
		Snapshot: snapshot.Snapshot{
			ID: 13, RunID: 7, Source: "cedar", BaseURL: "https://app.gitpod.io/api", TakenAt: tonight, Outcome: snapshot.Failed,
			ErrorCode: "unauthenticated",
			Error:     "fetching the identity: HTTP 401 unauthenticated: token expired",
		},
		LastComplete: &snapshot.Snapshot{ID: 9, OrganizationID: id(800), OrganizationName: "Cedar", TakenAt: lastNight,
			Outcome: snapshot.Complete},
		Findings: []snapshot.Finding{{
			Finding: finding.Finding{
				RuleID: "RUN-001", Severity: diff.High, Status: finding.Fail, SubjectType: diff.Organization, SubjectName: "cedar",
				Observed: "The collection was not complete (unauthenticated).", Fingerprint: finding.Fingerprint("RUN-001", "",
					diff.Organization, ""),
			},
			Title: ruleOf("RUN-001").Title, Expected: ruleOf("RUN-001").Expected,
			SnapshotID: 13, TakenAt: tonight, FirstSeen: tonight,
		}},
	}
}
