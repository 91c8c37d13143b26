// Package diff compares two inventories of one organization and returns what changed: one Change
// for each atomic change, in a fixed order. It is pure: it knows neither the API nor the store and
// reads no clock. The same two inventories always have the same changes.
package diff

// Kind is what happened to a subject.
type Kind string

// Kinds that SCIM and SSO configurations have in common.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Reappeared Kind = "reappeared" // an older snapshot has it, the baseline does not
	Disabled   Kind = "disabled"
	Enabled    Kind = "enabled"
	Renamed    Kind = "renamed"
	// FieldChanged is any change that has no kind of its own; organizations and members have it
	// too.
	FieldChanged Kind = "field_changed"
)

// Kinds of SCIM configurations.
const (
	// OrganizationChanged means that the configuration names another organization than before.
	OrganizationChanged         Kind = "organization_changed"
	CreatedAtChanged            Kind = "created_at_changed"
	SSOLinked                   Kind = "sso_linked"
	SSORelinked                 Kind = "sso_relinked"
	SSOUnlinked                 Kind = "sso_unlinked"
	UnverifiedLinkingAllowed    Kind = "unverified_linking_allowed"
	UnverifiedLinkingDisallowed Kind = "unverified_linking_disallowed"
	TokenRotated                Kind = "token_rotated"
	TokenExpiryReported         Kind = "token_expiry_reported"
	TokenExpiryLost             Kind = "token_expiry_lost"
	// OrganizationNotStated and OrganizationStated mean that the server stopped or began to report
	// the organization of the configuration, which is still the same.
	OrganizationNotStated Kind = "organization_not_stated"
	OrganizationStated    Kind = "organization_stated"
	OnlyUpdatedAtChanged  Kind = "updated_only"
	UpdatedAtRegressed    Kind = "updated_at_regressed"
)

// Kinds of SSO configurations.
const (
	IssuerChanged   Kind = "issuer_changed"
	ClientIDChanged Kind = "client_changed"
	DomainsChanged  Kind = "domains_changed"
	ClaimsChanged   Kind = "claims_changed"
)

// Kinds of the organization.
const (
	RestrictionLifted Kind = "restriction_lifted"
	RestrictionSet    Kind = "restriction_set"
	// Each invite domain that comes or goes is one change.
	InviteDomainAdded   Kind = "invite_domain_added"
	InviteDomainRemoved Kind = "invite_domain_removed"
	// FieldFirstReported means that a newer server reports a field that no configuration in the
	// baseline had. It is one change for all configurations.
	FieldFirstReported Kind = "field_first_reported"
)

// Kinds of members.
const (
	// Joined means that the baseline does not list the member.
	Joined Kind = "joined"
	// Left means that the member has left or is no longer listed.
	Left      Kind = "left"
	Suspended Kind = "suspended"
	// Reinstated means that a member who was suspended or had left is active again.
	Reinstated   Kind = "reinstated"
	RoleRaised   Kind = "role_raised"
	RoleLowered  Kind = "role_lowered"
	LoginChanged Kind = "login_changed"
	EmailChanged Kind = "email_changed"
)

// SubjectType is the kind of thing that a change or a finding is about.
type SubjectType string

// The types of subject.
const (
	SCIMConfiguration SubjectType = "scim_configuration"
	SSOConfiguration  SubjectType = "sso_configuration"
	Organization      SubjectType = "organization"
	Member            SubjectType = "member"
)

// Subject identifies what a change is about.
type Subject struct {
	Type SubjectType
	ID   string
}

// Change is one atomic change of one subject between two snapshots. Its JSON names are the column
// names in the view "changes".
type Change struct {
	Severity    Severity    `json:"severity"`
	Kind        Kind        `json:"kind"`
	SubjectType SubjectType `json:"subject_type"`
	SubjectID   string      `json:"subject_id"`
	SubjectName string      `json:"subject_name"`
	// Field is the API's name of the field; empty for Added, Reappeared and Removed, and where a
	// member is listed for the first time or no longer.
	Field string `json:"field"`
	// Before and After are the values as text: "true" or "false", the id for a link, an instant as
	// ona.FormatTime writes it, JSON for a set, a map or an unknown field; empty if the value is
	// absent. Without a field, After or Before is the whole configuration or member as canonical
	// JSON.
	Before string `json:"before"`
	After  string `json:"after"`
	// The labels are the names that belong to the ids in Before and After: of a changed link, and
	// of a whole SCIM configuration, the name of the SSO configuration. They are empty for other
	// values.
	BeforeLabel string `json:"before_label"`
	AfterLabel  string `json:"after_label"`
	// Note has further remarks, separated by "; ", such as whether a removal was confirmed or which
	// configuration probably replaced this one.
	Note string `json:"note"`
}
