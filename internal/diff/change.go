// Package diff compares two inventories of one organization and says what changed: one Change for each atomic change, in a fixed order.
// It is pure: it knows neither the API nor the store, reads no clock, and gives the same changes for the same two inventories.
package diff

// Kind is what happened to a subject.
type Kind string

// The kinds of change. Added, Removed, Reappeared, Disabled, Enabled, Renamed and FieldChanged happen to SCIM and to SSO configurations.
const (
	OrganizationChanged Kind = "organization_changed"
	CreatedAtChanged    Kind = "created_at_changed"
	Removed             Kind = "removed"
	Added               Kind = "added"
	Reappeared          Kind = "reappeared"
	Disabled            Kind = "disabled"
	Enabled             Kind = "enabled"
	SSOUnlinked         Kind = "sso_unlinked"
	SSORelinked         Kind = "sso_relinked"
	SSOLinked           Kind = "sso_linked"
	UnverifiedAllowed   Kind = "unverified_linking_allowed"
	UnverifiedForbidden Kind = "unverified_linking_disallowed"
	TokenRotated        Kind = "token_rotated"
	TokenExpiryReported Kind = "token_expiry_reported"
	TokenExpiryLost     Kind = "token_expiry_lost"
	IssuerChanged       Kind = "issuer_changed"
	ClientChanged       Kind = "client_changed"
	DomainsChanged      Kind = "domains_changed"
	ClaimsChanged       Kind = "claims_changed"
	Renamed             Kind = "renamed"
	FieldChanged        Kind = "field_changed"
	UpdatedOnly         Kind = "updated_only"
	UpdatedAtRegressed  Kind = "updated_at_regressed"
	RestrictionLifted   Kind = "restriction_lifted"
	RestrictionSet      Kind = "restriction_set"
	// FieldFirstReported stands once for a field that no configuration of the baseline reported and that now some do (a newer server).
	FieldFirstReported Kind = "field_first_reported"
)

// Severity is how much a change or a finding matters.
type Severity string

// The severities, from the most to the least serious.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities is every severity, the most serious first.
var Severities = []Severity{Critical, High, Medium, Low, Info}

// SubjectType is what kind of thing a change or a finding is about.
type SubjectType string

// The types of subject.
const (
	SCIMConfiguration SubjectType = "scim_configuration"
	SSOConfiguration  SubjectType = "sso_configuration"
	Organization      SubjectType = "organization"
)

// Change is one atomic change of one subject between two snapshots. Before and After are plain values as text: ids for links, "true" and
// "false", instants as ona.FormatTime writes them, JSON for sets, maps and unknown fields, empty for what is absent; for Added, Reappeared
// and Removed the whole configuration as canonical JSON. The labels are what a person reads beside them, empty where they would say the
// same.
type Change struct {
	Severity    Severity
	Kind        Kind
	SubjectType SubjectType
	SubjectID   string
	SubjectName string
	// Field has the API's name; empty for Added, Reappeared and Removed.
	Field                   string
	Before, After           string
	BeforeLabel, AfterLabel string
	// Note is what else a reader must know: whether a removal was confirmed, what probably replaced it, when updatedAt moved.
	Note string
}
