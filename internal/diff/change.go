// Package diff compares two inventories of one organization and returns what changed: one Change
// for each atomic change, in a fixed order. It is pure: it knows neither the API nor the store and
// reads no clock. The same two inventories always have the same changes.
package diff

// Kind is what happened to a subject.
type Kind string

// The kinds of change. Added, Removed, Reappeared, Disabled, Enabled, Renamed and FieldChanged
// happen to SCIM and to SSO configurations.
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
	// FieldFirstReported stands once for a field that no configuration of the baseline reported and
	// that some report now, because the server is newer.
	FieldFirstReported Kind = "field_first_reported"
)

// SubjectType is the kind of thing that a change or a finding is about.
type SubjectType string

// The types of subject.
const (
	SCIMConfiguration SubjectType = "scim_configuration"
	SSOConfiguration  SubjectType = "sso_configuration"
	Organization      SubjectType = "organization"
)

// Subject identifies what a change is about.
type Subject struct {
	Type SubjectType
	ID   string
}

// Change is one atomic change of one subject between two snapshots. As JSON it has the column names
// of the view "changes".
type Change struct {
	Severity    Severity    `json:"severity"`
	Kind        Kind        `json:"kind"`
	SubjectType SubjectType `json:"subject_type"`
	SubjectID   string      `json:"subject_id"`
	SubjectName string      `json:"subject_name"`
	// Field is the API's name of the field; empty for Added, Reappeared and Removed.
	Field string `json:"field"`
	// Before and After are plain text: ids for links, "true" and "false", instants as
	// ona.FormatTime writes them, JSON for sets, maps and unknown fields, empty for an absent value.
	// For Added, Reappeared and Removed they are the whole configuration as canonical JSON.
	Before string `json:"before"`
	After  string `json:"after"`
	// The labels are what a person reads beside Before and After; empty where they would be the same.
	BeforeLabel string `json:"before_label"`
	AfterLabel  string `json:"after_label"`
	// Note is what else a reader must know: whether a removal was confirmed, what probably replaced
	// the configuration, when updatedAt moved.
	Note string `json:"note"`
}
