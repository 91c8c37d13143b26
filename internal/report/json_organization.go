package report

import (
	"encoding/json"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// jsonOrganization is one organization of the run. Of one that is not complete, inventory and changes are null: nothing is known.
type jsonOrganization struct {
	jsonStanding
	SCIM       []jsonSCIM      `json:"scim_configurations"`
	SSO        []jsonSSO       `json:"sso_configurations"`
	Changes    []jsonChange    `json:"changes"`
	Findings   []jsonFinding   `json:"findings"`
	Exceptions []jsonException `json:"exceptions"`
	AuditLog   *jsonAuditLog   `json:"audit_log"`
	Exchanges  []jsonExchange  `json:"exchanges"`
}

// jsonStanding is how an organization stands, without its lists.
type jsonStanding struct {
	Name             string        `json:"name"`
	Standing         string        `json:"standing"`
	Snapshot         jsonSnapshot  `json:"snapshot"`
	Baseline         *jsonSnapshot `json:"baseline"`
	SSOBaseline      *int64        `json:"sso_baseline_id"`
	PoliciesBaseline *int64        `json:"policies_baseline_id"`
	LastComplete     *jsonSnapshot `json:"last_complete"`
	Policies         *jsonPolicies `json:"policies"`
}

type jsonSnapshot struct {
	ID                  int64            `json:"id"`
	RunID               int64            `json:"run_id"`
	Source              string           `json:"source"`
	OrganizationID      string           `json:"organization_id"`
	OrganizationName    string           `json:"organization_name"`
	OrganizationTier    string           `json:"organization_tier"`
	BaseURL             string           `json:"base_url"`
	PrincipalID         string           `json:"principal_id"`
	Principal           string           `json:"principal"`
	TakenAt             *time.Time       `json:"taken_at"`
	Outcome             snapshot.Outcome `json:"outcome"`
	BaselineID          int64            `json:"baseline_id"`
	ErrorCode           string           `json:"error_code"`
	Error               string           `json:"error"`
	Pages               int              `json:"pages"`
	SCIMListing         jsonListing      `json:"scim_listing"`
	SSOListing          *jsonListing     `json:"sso_listing"`
	SCIMReceived        int              `json:"scim_received"`
	SCIMDistinct        int              `json:"scim_distinct"`
	SCIMConfigurations  int              `json:"scim_configurations"`
	SSOReceived         int              `json:"sso_received"`
	SSODistinct         int              `json:"sso_distinct"`
	SSOConfigurations   int              `json:"sso_configurations"`
	SSONotAssessed      string           `json:"sso_not_assessed"`
	PoliciesNotAssessed string           `json:"policies_not_assessed"`
	Retries             int              `json:"retries"`
	ServerClockOffsetMS *int64           `json:"server_clock_offset_ms"`
	Notes               []string         `json:"notes"`
	UnknownFields       []string         `json:"unknown_fields"`
	ContentSHA256       string           `json:"content_sha256"`
	ChainSHA256         string           `json:"chain_sha256"`
}

// jsonListing is how a list was read; rows_per_page has equal neighbours together, such as "99 x 100, 37".
type jsonListing struct {
	Pages           int    `json:"pages"`
	RowsPerPage     string `json:"rows_per_page"`
	FinalTokenEmpty bool   `json:"final_token_empty"`
}

type jsonSCIM struct {
	ID                                 string                     `json:"id"`
	OrganizationID                     string                     `json:"organization_id"`
	Name                               string                     `json:"name"`
	Enabled                            bool                       `json:"enabled"`
	SSOConfigurationID                 string                     `json:"sso_configuration_id"`
	CreatedAt                          *time.Time                 `json:"created_at"`
	UpdatedAt                          *time.Time                 `json:"updated_at"`
	TokenExpiresAt                     *time.Time                 `json:"token_expires_at"`
	DaysToExpiry                       *int                       `json:"days_to_expiry"`
	AllowUnverifiedEmailAccountLinking *bool                      `json:"allow_unverified_email_account_linking"`
	UnknownFields                      map[string]json.RawMessage `json:"unknown_fields"`
	FirstSeen                          *time.Time                 `json:"first_seen"`
	UnchangedSince                     *time.Time                 `json:"unchanged_since"`
	OpenFindings                       []string                   `json:"open_findings"`
	Raw                                json.RawMessage            `json:"raw"`
}

type jsonSSO struct {
	ID               string                     `json:"id"`
	OrganizationID   string                     `json:"organization_id"`
	DisplayName      string                     `json:"display_name"`
	IssuerURL        string                     `json:"issuer_url"`
	ProviderType     string                     `json:"provider_type"`
	State            string                     `json:"state"`
	ClientID         string                     `json:"client_id"`
	EmailDomain      string                     `json:"email_domain"`
	EmailDomains     []string                   `json:"email_domains"`
	AdditionalScopes []string                   `json:"additional_scopes"`
	Claims           map[string]string          `json:"claims"`
	ClaimsExpression string                     `json:"claims_expression"`
	UnknownFields    map[string]json.RawMessage `json:"unknown_fields"`
	FirstSeen        *time.Time                 `json:"first_seen"`
	UnchangedSince   *time.Time                 `json:"unchanged_since"`
	OpenFindings     []string                   `json:"open_findings"`
	Raw              json.RawMessage            `json:"raw"`
}

type jsonPolicies struct {
	RestrictAccountCreationToSCIM bool                       `json:"restrict_account_creation_to_scim"`
	UnknownFields                 map[string]json.RawMessage `json:"unknown_fields"`
	Raw                           json.RawMessage            `json:"raw"`
}

type jsonChange struct {
	SnapshotID     int64            `json:"snapshot_id"`
	BaselineID     int64            `json:"baseline_id"`
	TakenAt        *time.Time       `json:"taken_at"`
	OrganizationID string           `json:"organization_id"`
	Severity       diff.Severity    `json:"severity"`
	Kind           diff.Kind        `json:"kind"`
	SubjectType    diff.SubjectType `json:"subject_type"`
	SubjectID      string           `json:"subject_id"`
	SubjectName    string           `json:"subject_name"`
	Field          string           `json:"field"`
	Before         string           `json:"before"`
	After          string           `json:"after"`
	BeforeLabel    string           `json:"before_label"`
	AfterLabel     string           `json:"after_label"`
	ActorID        string           `json:"actor_id"`
	ActorPrincipal string           `json:"actor_principal"`
	ActorAction    string           `json:"actor_action"`
	ActorAt        *time.Time       `json:"actor_at"`
	Note           string           `json:"note"`
	Candidates     []jsonEntry      `json:"candidates"`
}

type jsonFinding struct {
	RuleID         string           `json:"rule_id"`
	Title          string           `json:"title"`
	Severity       diff.Severity    `json:"severity"`
	Status         finding.Status   `json:"status"`
	OriginalStatus finding.Status   `json:"original_status"`
	SubjectType    diff.SubjectType `json:"subject_type"`
	SubjectID      string           `json:"subject_id"`
	SubjectName    string           `json:"subject_name"`
	Observed       string           `json:"observed"`
	Expected       string           `json:"expected"`
	Fingerprint    string           `json:"fingerprint"`
	FirstSeen      *time.Time       `json:"first_seen"`
	DaysOpen       *int             `json:"days_open"`
	LastSeen       *time.Time       `json:"last_seen"`
}

type jsonExchange struct {
	Number         int        `json:"number"`
	Method         string     `json:"method"`
	Request        string     `json:"request"`
	Status         int        `json:"status"`
	SentAt         *time.Time `json:"sent_at"`
	DurationMS     int64      `json:"duration_ms"`
	ServerDate     *time.Time `json:"server_date"`
	Records        int        `json:"records"`
	Retries        []string   `json:"retries"`
	ResponseSHA256 string     `json:"response_sha256"`
	ResponseSize   int64      `json:"response_size"`
}

func (v *view) organizationJSON(i int) jsonOrganization {
	o := &v.Organizations[i]
	j := jsonOrganization{jsonStanding: v.standingJSON(i), Findings: each(o.Findings, findingJSON), Exchanges: each(o.Exchanges, exchangeJSON)}
	if !o.complete() {
		return j
	}
	j.Exceptions, j.AuditLog = each(o.Acceptances, exceptionJSON), auditLogJSON(o.AuditLog)
	j.SCIM = each(o.SCIM, func(c *snapshot.SCIMConfiguration) jsonSCIM { return v.scimJSON(i, c) })
	if o.Snapshot.SSONotAssessed == "" {
		j.SSO = each(o.SSO, func(c *snapshot.SSOConfiguration) jsonSSO { return v.ssoJSON(i, c) })
	}
	if !o.first() {
		j.Changes = each(o.Changes, changeJSON)
	}
	return j
}

func (v *view) standingJSON(i int) jsonStanding {
	o := &v.Organizations[i]
	return jsonStanding{
		v.label(i), v.headline(i), snapshotJSON(&o.Snapshot), optionalSnapshot(o.Baseline), optionalID(o.SSOBaseline), optionalID(o.PoliciesBaseline),
		optionalSnapshot(o.LastComplete), policiesJSON(o.Policies),
	}
}

func optionalSnapshot(s *snapshot.Snapshot) *jsonSnapshot {
	if s == nil {
		return nil
	}
	j := snapshotJSON(s)
	return &j
}

func optionalID(s *snapshot.Snapshot) *int64 {
	if s == nil {
		return nil
	}
	return &s.ID
}

func snapshotJSON(s *snapshot.Snapshot) jsonSnapshot {
	var offset *int64
	if s.ServerClockKnown {
		ms := s.ServerClockOffset.Milliseconds()
		offset = &ms
	}
	var sso *jsonListing
	if s.SSONotAssessed == "" {
		sso = (*jsonListing)(&s.SSOListing)
	}
	return jsonSnapshot{
		s.ID, s.RunID, s.Source, s.OrganizationID, s.OrganizationName, s.OrganizationTier, s.BaseURL, s.PrincipalID, s.Principal,
		known(s.TakenAt), s.Outcome, s.BaselineID, s.ErrorCode, s.Error, s.Pages, jsonListing(s.SCIMListing), sso, s.SCIMReceived, s.SCIMDistinct, s.SCIMConfigurations,
		s.SSOReceived, s.SSODistinct, s.SSOConfigurations, s.SSONotAssessed, s.PoliciesNotAssessed, s.Retries, offset,
		list(s.Notes), list(s.UnknownFields), s.ContentSHA256, s.ChainSHA256,
	}
}

func (v *view) scimJSON(organization int, c *snapshot.SCIMConfiguration) jsonSCIM {
	open := v.openFindings()[subjectKey{organization, diff.SCIMConfiguration, c.ID}]
	var days *int
	if n, ok := daysToExpiry(&v.Organizations[organization], c).(int); ok {
		days = &n
	}
	return jsonSCIM{
		c.ID, c.OrganizationID, c.Name, c.Enabled, c.SSOConfigurationID, known(c.CreatedAt), known(c.UpdatedAt), known(c.TokenExpiresAt), days,
		c.AllowUnverifiedEmailAccountLinking, orEmpty(c.Unknown), known(c.FirstSeen), known(c.UnchangedSince), list(open), raw(c.Raw),
	}
}

func (v *view) ssoJSON(organization int, c *snapshot.SSOConfiguration) jsonSSO {
	open := v.openFindings()[subjectKey{organization, diff.SSOConfiguration, c.ID}]
	claims := c.Claims
	if claims == nil {
		claims = map[string]string{}
	}
	return jsonSSO{
		c.ID, c.OrganizationID, c.DisplayName, c.IssuerURL, c.ProviderType, c.State, c.ClientID, c.EmailDomain, list(c.EmailDomains),
		list(c.AdditionalScopes), claims, c.ClaimsExpression, orEmpty(c.Unknown), known(c.FirstSeen), known(c.UnchangedSince), list(open), raw(c.Raw),
	}
}

func changeJSON(c *snapshot.Change) jsonChange {
	return jsonChange{
		c.SnapshotID, c.BaselineID, known(c.TakenAt), c.OrganizationID, c.Severity, c.Kind, c.SubjectType, c.SubjectID, c.SubjectName, c.Field,
		c.Before, c.After, c.BeforeLabel, c.AfterLabel, c.ActorID, c.ActorPrincipal, c.ActorAction, known(c.ActorAt), c.Note,
		each(c.Candidates, entryJSON),
	}
}

func findingJSON(f *snapshot.Finding) jsonFinding {
	var days *int
	if !f.FirstSeen.IsZero() {
		days = &f.DaysOpen
	}
	return jsonFinding{
		f.RuleID, f.Title, f.Severity, f.Status, f.OriginalStatus, f.SubjectType, f.SubjectID, f.SubjectName, f.Observed, f.Expected,
		f.Fingerprint, known(f.FirstSeen), days, known(f.LastSeen),
	}
}

func exchangeJSON(e *snapshot.Exchange) jsonExchange {
	return jsonExchange{
		e.Number, e.Method, e.Request, e.Status, known(e.SentAt), e.Duration.Milliseconds(), known(e.ServerDate), e.Records, list(e.Retries),
		e.ResponseSHA256, e.ResponseSize,
	}
}

// list is an empty list instead of null.
func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}
