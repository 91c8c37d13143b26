// Package ona holds the nouns of the Ona API as Go values: organizations, SCIM configurations, SSO
// configurations and what belongs to them, with the names of the API's methods and fields. Package
// fetch validates and normalizes each value before it makes one: ids in lower case, instants in
// UTC, sets sorted. Package ona imports nothing but the standard library, so every package can use
// it.
package ona

import (
	"encoding/json"
	"fmt"
	"time"
)

// Identity says whose token it is (IdentityService/GetAuthenticatedIdentity).
type Identity struct {
	// SubjectID is the id of the user or service account, Principal its kind, such as
	// PRINCIPAL_USER.
	SubjectID, Principal string
	// OrganizationID is the one organization that the token belongs to.
	OrganizationID string
	// OrganizationTier is empty on servers that do not report it.
	OrganizationTier string
}

// Unknown holds the fields of an object that this version does not know, by the API's name. Each
// value is canonical JSON (RFC 8785 order). Beside it each object has Raw, the JSON as received.
type Unknown = map[string]json.RawMessage

// Organization is an organization of the API (OrganizationService/GetOrganization). CreatedAt and
// UpdatedAt are the zero time if the API did not report them.
type Organization struct {
	ID        string    `api:"id,id"`
	Name      string    `api:"name"`
	Tier      string    `api:"tier"`
	CreatedAt time.Time `api:"createdAt"`
	UpdatedAt time.Time `api:"updatedAt"`
	// InviteDomains is a set: everybody with an e-mail address in one of these domains may join.
	// The API sends it as {"domains": [...]}.
	InviteDomains []string `api:"inviteDomains,domains"`
	Unknown       Unknown
	Raw           json.RawMessage
}

// SCIMConfiguration lets an identity provider create and remove accounts
// (OrganizationService/ListSCIMConfigurations). CreatedAt and UpdatedAt are the zero time if the
// API did not report them.
type SCIMConfiguration struct {
	ID string `api:"id,id"`
	// OrganizationID is empty if the API left it out.
	OrganizationID string `api:"organizationId,id"`
	Name           string `api:"name"`
	Enabled        bool   `api:"enabled"`
	// SSOConfigurationID is empty if the configuration is not linked.
	SSOConfigurationID string    `api:"ssoConfigurationId,id"`
	CreatedAt          time.Time `api:"createdAt"`
	UpdatedAt          time.Time `api:"updatedAt"`
	// TokenExpiresAt is the zero time if the API did not report it (servers before 2026-02): the
	// expiry is unknown then, which does not mean that the token has expired.
	TokenExpiresAt time.Time `api:"tokenExpiresAt"`
	// AllowUnverifiedEmailAccountLinking is nil if the API left it out. A server that knows the
	// field (since 2026-07) leaves false out, and an older one leaves out both, so nil counts as
	// false.
	AllowUnverifiedEmailAccountLinking *bool `api:"allowUnverifiedEmailAccountLinking"`
	Unknown                            Unknown
	Raw                                json.RawMessage
}

// Values of SSOConfiguration.State and SSOConfiguration.ProviderType. An enum that the API leaves
// out has its …_UNSPECIFIED value.
const (
	SSOStateActive          = "SSO_CONFIGURATION_STATE_ACTIVE"
	SSOStateInactive        = "SSO_CONFIGURATION_STATE_INACTIVE"
	SSOStateUnspecified     = "SSO_CONFIGURATION_STATE_UNSPECIFIED"
	ProviderTypeBuiltin     = "PROVIDER_TYPE_BUILTIN"
	ProviderTypeCustom      = "PROVIDER_TYPE_CUSTOM"
	ProviderTypeUnspecified = "PROVIDER_TYPE_UNSPECIFIED"
)

// SSOConfiguration lets the members of an organization sign in
// (OrganizationService/ListSSOConfigurations). EmailDomains and AdditionalScopes are sets: sorted,
// without duplicates.
type SSOConfiguration struct {
	ID string `api:"id,id"`
	// OrganizationID is empty if the API left it out.
	OrganizationID   string            `api:"organizationId,id"`
	DisplayName      string            `api:"displayName"`
	IssuerURL        string            `api:"issuerUrl"`
	ProviderType     string            `api:"providerType"`
	State            string            `api:"state"`
	ClientID         string            `api:"clientId"`
	EmailDomain      string            `api:"emailDomain"`
	EmailDomains     []string          `api:"emailDomains"`
	AdditionalScopes []string          `api:"additionalScopes"`
	Claims           map[string]string `api:"claims"`
	ClaimsExpression string            `api:"claimsExpression"`
	Unknown          Unknown
	Raw              json.RawMessage
}

// OrganizationPolicies are the rules of an organization that concern provisioning
// (OrganizationService/GetOrganizationPolicies). Unknown holds the other policies.
type OrganizationPolicies struct {
	RestrictAccountCreationToSCIM bool `api:"restrictAccountCreationToScim"`
	Unknown                       Unknown
	Raw                           json.RawMessage
}

// DomainVerified is the DomainVerification.State of a domain that the organization has proved to
// own. An enum that the API leaves out has its …_UNSPECIFIED value.
const (
	DomainVerified    = "DOMAIN_VERIFICATION_STATE_VERIFIED"
	DomainUnspecified = "DOMAIN_VERIFICATION_STATE_UNSPECIFIED"
)

// DomainVerification is the proof that an organization owns an e-mail domain
// (OrganizationService/ListDomainVerifications).
type DomainVerification struct {
	ID string `api:"id,id"`
	// OrganizationID is empty if the API left it out.
	OrganizationID string `api:"organizationId,id"`
	Domain         string `api:"domain"`
	State          string `api:"state"`
	// VerifiedAt is the zero time if the API did not report it.
	VerifiedAt time.Time `api:"verifiedAt"`
	Unknown    Unknown
	Raw        json.RawMessage
}

// Values of OrganizationMember.Status, Role and LoginProvider. An enum that the API leaves out has
// its …_UNSPECIFIED value; the API may report other login providers than these.
const (
	UserStatusActive            = "USER_STATUS_ACTIVE"
	UserStatusSuspended         = "USER_STATUS_SUSPENDED"
	UserStatusLeft              = "USER_STATUS_LEFT"
	UserStatusUnspecified       = "USER_STATUS_UNSPECIFIED"
	OrganizationRoleAdmin       = "ORGANIZATION_ROLE_ADMIN"
	OrganizationRoleMember      = "ORGANIZATION_ROLE_MEMBER"
	OrganizationRoleUnspecified = "ORGANIZATION_ROLE_UNSPECIFIED"
	LoginProviderGitHub         = "github"
	LoginProviderGoogle         = "google"
	LoginProviderCustom         = "custom"
)

// OrganizationMember is a member of an organization (OrganizationService/ListMembers).
type OrganizationMember struct {
	UserID string `api:"userId,id"`
	Role   string `api:"role"`
	Status string `api:"status"`
	// LoginProvider is the kind of sign-in. For LoginProviderCustom the API does not report which
	// SSO configuration it is.
	LoginProvider string `api:"loginProvider"`
	// MemberSince is when the user record was made, not when the user last joined; the zero time if
	// the API did not report it.
	MemberSince time.Time `api:"memberSince"`
	FullName    string    `api:"fullName"`
	Email       string    `api:"email"`
	AvatarURL   string    `api:"avatarUrl"`
	Unknown     Unknown
	Raw         json.RawMessage
}

// PersonalAccessToken is a token with which a user calls the API
// (UserService/ListPersonalAccessTokens); the secret itself is never reported. An instant is the
// zero time if the API did not report it.
type PersonalAccessToken struct {
	ID          string    `api:"id,id"`
	UserID      string    `api:"userId,id"`
	Description string    `api:"description"`
	CreatedAt   time.Time `api:"createdAt"`
	ExpiresAt   time.Time `api:"expiresAt"`
	LastUsed    time.Time `api:"lastUsed"`
	ReadOnly    bool      `api:"readOnly"`
	Unknown     Unknown
	Raw         json.RawMessage
}

// Inventory is everything that the complete listings of one organization contain. SCIM, SSO and
// Domains are sorted by id and hold each id once.
type Inventory struct {
	Organization Organization
	SCIM         []SCIMConfiguration
	SSO          []SSOConfiguration
	// SSONotAssessed says why the SSO configurations could not be read (the token's rights, an
	// older server); empty if SSO is complete. If it is set, SSO is empty and means nothing.
	SSONotAssessed string
	// Policies is nil if they could not be read; PoliciesNotAssessed then says why.
	Policies            *OrganizationPolicies
	PoliciesNotAssessed string
	Domains             []DomainVerification
	// DomainsNotAssessed says why the domain verifications could not be read; empty if Domains is
	// complete. If it is set, Domains is empty and means nothing.
	DomainsNotAssessed string
	// Members is sorted by user id and holds each user once. MembersNotAssessed says why the
	// members could not be read, or that the settings do not ask for them; empty if Members is
	// complete. If it is set, Members is empty and means nothing.
	Members            []OrganizationMember
	MembersNotAssessed string
	// MembersSalt is the SaltID of the redaction of Members; empty if they are not redacted.
	// Members with different salts cannot be compared.
	MembersSalt string
	// MemberTokens are the personal access tokens of Members, sorted by id. MemberTokensNotAssessed
	// says why they could not be read; if it is set, MemberTokens is empty and means nothing.
	MemberTokens            []PersonalAccessToken
	MemberTokensNotAssessed string
}

// MembersNotRequested is the MembersNotAssessed and the MemberTokensNotAssessed of an inventory
// whose settings do not ask for members: nothing about them was requested, which is no gap.
const MembersNotRequested = "the settings do not ask for members"

// MembersRequested reports whether the settings ask for members.
func (v *Inventory) MembersRequested() bool { return v.MembersNotAssessed != MembersNotRequested }

// Subject types of the audit-log entries that concern what is audited.
const (
	ResourceTypeSCIMConfiguration  = "RESOURCE_TYPE_SCIM_CONFIGURATION"
	ResourceTypeSSOConfiguration   = "RESOURCE_TYPE_SSO_CONFIG"
	ResourceTypeOrganizationPolicy = "RESOURCE_TYPE_ORGANIZATION_POLICY"
)

// Subject types of the audit-log entries that concern who gets in by other ways; AccessTypes has
// them all.
const (
	ResourceTypeOrganization        = "RESOURCE_TYPE_ORGANIZATION"
	ResourceTypeDomainVerification  = "RESOURCE_TYPE_DOMAIN_VERIFICATION"
	ResourceTypeRoleAssignment      = "RESOURCE_TYPE_ROLE_ASSIGNMENT"
	ResourceTypePersonalAccessToken = "RESOURCE_TYPE_PERSONAL_ACCESS_TOKEN" //nolint:gosec // no credential
	ResourceTypeServiceAccount      = "RESOURCE_TYPE_SERVICE_ACCOUNT"
)

// ResourceTypeUser is the subject type of the audit-log entries that concern a member.
const ResourceTypeUser = "RESOURCE_TYPE_USER"

// AccessTypes are the subject types whose entries a report shows without comparing them.
var AccessTypes = []string{
	ResourceTypeOrganization, ResourceTypeDomainVerification, ResourceTypeRoleAssignment,
	ResourceTypePersonalAccessToken, ResourceTypeServiceAccount,
}

// AuditLogEntry is one line of an organization's audit log (EventService/ListAuditLogs).
type AuditLogEntry struct {
	ID string `api:"id,id"`
	// ActorID is who acted, ActorPrincipal the kind of actor, such as PRINCIPAL_USER; both may be
	// empty.
	ActorID string `api:"actorId,id"`
	// ActorName is what the organization called the actor when the entry was read, from its
	// members; the API does not report it with the entry. Empty if members were not read.
	ActorName      string
	ActorPrincipal string `api:"actorPrincipal"`
	// SubjectID is what was acted on, SubjectType its kind, such as ResourceTypeSCIMConfiguration.
	SubjectID   string `api:"subjectId,id"`
	SubjectType string `api:"subjectType"`
	// Kind is the family of the entry, such as AUDIT_LOG_ENTRY_KIND_RESOURCE_CHANGE; empty on
	// servers that do not report it.
	Kind string `api:"kind"`
	// Action is free text: quote it, never parse it.
	Action    string    `api:"action"`
	CreatedAt time.Time `api:"createdAt"`
	Unknown   Unknown
	Raw       json.RawMessage
}

// ServicePrefix begins the name of every method; messages leave it out.
const ServicePrefix = "gitpod.v1."

// Methods of the API, as they follow the base URL.
const (
	GetAuthenticatedIdentity = ServicePrefix + "IdentityService/GetAuthenticatedIdentity"
	GetOrganization          = ServicePrefix + "OrganizationService/GetOrganization"
	GetOrganizationPolicies  = ServicePrefix + "OrganizationService/GetOrganizationPolicies"
	ListSCIMConfigurations   = ServicePrefix + "OrganizationService/ListSCIMConfigurations"
	GetSCIMConfiguration     = ServicePrefix + "OrganizationService/GetSCIMConfiguration"
	ListSSOConfigurations    = ServicePrefix + "OrganizationService/ListSSOConfigurations"
	GetSSOConfiguration      = ServicePrefix + "OrganizationService/GetSSOConfiguration"
	ListDomainVerifications  = ServicePrefix + "OrganizationService/ListDomainVerifications"
	ListMembers              = ServicePrefix + "OrganizationService/ListMembers"
	ListPersonalAccessTokens = ServicePrefix + "UserService/ListPersonalAccessTokens"
	ListAuditLogs            = ServicePrefix + "EventService/ListAuditLogs"
)

// Listing is how one list was read, as the collector counted. A list may be read several times; the
// last listing is the one that is stored.
type Listing struct {
	Pages int // of the last listing
	// RowsPerPage is the number of rows of each page in order, equal neighbours together, such as
	// "99 x 100, 37".
	RowsPerPage string
	// FinalTokenEmpty is true if the last page said itself that it is the last.
	FinalTokenEmpty bool
	// Listings is how often the list was read; 0 if it was not read.
	Listings int
	// Agreeing is how many listings have the ids and the content of the last: 2, or 1 if the last
	// is one page and nothing needed a second.
	Agreeing int
}

// PrincipalUser is the Identity.Principal of a user's own token.
const PrincipalUser = "PRINCIPAL_USER"

// OwnToken is what the API says about the end of the token that reads the organization
// (UserService/ListPersonalAccessTokens). The API does not say which token that is.
type OwnToken struct {
	// Ends is the earliest end of the user's tokens that have not ended yet, UTC; the zero time if
	// it is not known.
	Ends time.Time
	// Tokens is how many tokens of the user have not ended. If it is 1, Ends is the end of the
	// token itself.
	Tokens int
	// NotAssessed says why the tokens could not be read; empty if they were.
	NotAssessed string
}

// String says in words when the token ends, after "the token ".
func (t OwnToken) String() string {
	switch {
	case t.NotAssessed != "":
		return "ends at a time that was not assessed: " + t.NotAssessed
	case t.Tokens == 0:
		return "is not among the tokens that the API lists"
	case t.Tokens == 1 && t.Ends.IsZero():
		return "has an end that the API does not report"
	case t.Tokens == 1:
		return "ends on " + t.Ends.Format(DisplayTime)
	case t.Ends.IsZero():
		return fmt.Sprintf("is one of %d tokens of its user, whose ends the API does not report", t.Tokens)
	}
	return fmt.Sprintf("is one of %d tokens of its user; the earliest ends on %s", t.Tokens, t.Ends.Format(DisplayTime))
}

// Exchange is one call of the API and the answer to its last try.
type Exchange struct {
	Number         int           // 1 for the first of a snapshot
	Method         string        // such as gitpod.v1.OrganizationService/ListSCIMConfigurations
	Request        string        // the body sent; never a token
	Status         int           // HTTP status; 0 if no answer came or it must not be kept
	SentAt         time.Time     // when the last try was sent, UTC; stored in whole milliseconds
	Duration       time.Duration // of the last try, to the last byte
	ServerDate     time.Time     // the answer's Date, UTC; zero if it had none
	Records        int           // configurations in the answer
	Retries        []string      // why each earlier try was not accepted and how long the wait was, in order
	ResponseSHA256 string        // of the bytes of the body, in hex
	ResponseSize   int64         // bytes
	// ResponseWithheld is set if the body is not stored, because it says who the members are.
	ResponseWithheld bool
}

// Removal is what the API says about a configuration that is missing from a listing. If it is
// neither Confirmed nor StillThere, the API could not be asked: the token may not read the
// configuration, or the server has no method that reads a single one.
type Removal struct {
	// Confirmed is set if the API says that the configuration does not exist.
	Confirmed bool
	// StillThere is set if the API returns the configuration: the listing was not complete.
	StillThere bool
	// Reason is what the API said; empty if StillThere.
	Reason string
}

// AuditLog is what was read from an organization's audit log. Its instants are on the server's
// clock.
type AuditLog struct {
	// Since is how far back the log was to be read, Until the instant of the snapshot.
	Since, Until time.Time
	// Pages is the number of pages read, Received the number of entries in them.
	Pages, Received int
	// Entries has each id once. Package job sorts them newest first; they may be later than Until.
	Entries []AuditLogEntry
	// NotAssessed says why the log could not be read; Entries is then empty and means nothing.
	NotAssessed string
	// Lacking says why Entries may be incomplete since Since; empty if it is complete. If Lacking
	// is set, Entries is complete from CompleteFrom on; zero if unknown.
	Lacking      string
	CompleteFrom time.Time
}
