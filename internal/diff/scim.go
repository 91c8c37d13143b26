package diff

import (
	"time"

	"scim-auditor/internal/ona"
)

var scimConfigurations = configurations[ona.SCIMConfiguration]{
	subject: SCIMConfiguration,
	plural:  "SCIM configurations",
	id:      func(c *ona.SCIMConfiguration) string { return c.ID },
	name:    func(c *ona.SCIMConfiguration) string { return c.Name },
	unknown: func(c *ona.SCIMConfiguration) unknownFields { return c.Unknown },
	fields: compared([]field[ona.SCIMConfiguration]{
		{name: "organizationId", kind: OrganizationChanged, refine: refineOrganization, optional: true},
		{name: "createdAt", kind: CreatedAtChanged, refine: refineCreatedAt},
		{name: "enabled", refine: refineBoolean(Enabled, Disabled)},
		{name: "ssoConfigurationId", kind: SSORelinked, refine: refineLink},
		{name: unverifiedField, refine: refineUnverifiedLinking, absent: "false"},
		{name: expiryField, kind: TokenRotated, refine: refineTokenExpiry, optional: true},
		{name: "name", kind: Renamed},
		{name: updatedAtField, kind: OnlyUpdatedAtChanged, refine: refineUpdatedAt},
	}),
}

const (
	expiryField     = "tokenExpiresAt"
	unverifiedField = "allowUnverifiedEmailAccountLinking"
	updatedAtField  = "updatedAt"
)

// refineOrganization keeps OrganizationChanged only if both organizations are reported.
func refineOrganization(row *Change, before, after value) {
	switch {
	case !before.reported():
		row.Kind = OrganizationStated
	case !after.reported():
		row.Kind = OrganizationNotStated
	}
}

// refineCreatedAt keeps CreatedAtChanged only if both instants are reported: if a server starts or
// stops reporting the field, the instant of creation did not change.
func refineCreatedAt(row *Change, before, after value) {
	if !before.reported() || !after.reported() {
		row.Kind = FieldChanged
		row.noteIfUnreported()
	}
}

func refineLink(row *Change, before, after value) {
	switch {
	case !before.reported():
		row.Kind = SSOLinked
	case !after.reported():
		row.Kind = SSOUnlinked
	}
}

// refineUnverifiedLinking notes a value that the API left out: a server that knows the field leaves
// false out, and an older one leaves out both values.
func refineUnverifiedLinking(row *Change, before, after value) {
	refineBoolean(UnverifiedLinkingAllowed, UnverifiedLinkingDisallowed)(row, before, after)
	if !before.reported() || !after.reported() {
		row.AddNote("the API left the field out where it stands as false; a server from before July 2026 always does")
	}
}

// refineTokenExpiry keeps TokenRotated for a different expiry: the API changes an expiry only by
// issuing another token.
func refineTokenExpiry(row *Change, before, after value) {
	switch {
	case !before.reported():
		row.Kind = TokenExpiryReported
	case !after.reported():
		row.Kind = TokenExpiryLost
	case after.instant.After(before.instant):
		row.AddNote("expires " + wholeDays(before.instant, after.instant) + " later than before")
	default:
		row.AddNote("expires " + wholeDays(after.instant, before.instant) + " earlier than before")
	}
}

// wholeDays counts in seconds since the epoch: a time.Duration ends at 292 years, and an expiry
// that means "never" lies beyond.
func wholeDays(from, to time.Time) string {
	const secondsADay = 24 * 60 * 60
	days := int((to.Unix() - from.Unix()) / secondsADay)
	if from.UTC().AddDate(0, 0, days).After(to) {
		days-- // Unix drops fractions of a second
	}
	return ona.Days(days)
}

func refineUpdatedAt(row *Change, before, after value) {
	switch {
	case !before.reported() || !after.reported():
		row.Kind = FieldChanged
		row.noteIfUnreported()
	case after.instant.Before(before.instant):
		row.Kind = UpdatedAtRegressed
	default:
		row.AddNote("only updatedAt moved: possibly set and set back")
	}
}
