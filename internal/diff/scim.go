package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/ona"
)

var scimConfigurations = configurations[ona.SCIMConfiguration]{
	subject:   SCIMConfiguration,
	plural:    "SCIM configurations",
	id:        scimID,
	name:      func(c *ona.SCIMConfiguration) string { return c.Name },
	canonical: (*ona.SCIMConfiguration).Canonical,
	schema: schema[ona.SCIMConfiguration]{
		fields:  scimFields,
		unknown: func(c *ona.SCIMConfiguration) map[string]json.RawMessage { return c.Unknown },
	},
}

var scimFields = []field[ona.SCIMConfiguration]{
	{
		name:     "organizationId",
		kind:     OrganizationChanged,
		text:     func(c *ona.SCIMConfiguration) string { return c.OrganizationID },
		refine:   unreported[ona.SCIMConfiguration],
		optional: true,
	},
	{
		name:    "createdAt",
		kind:    CreatedAtChanged,
		instant: func(c *ona.SCIMConfiguration) time.Time { return c.CreatedAt },
		refine:  refineCreatedAt,
	},
	{
		name:   "enabled",
		kind:   Enabled,
		text:   func(c *ona.SCIMConfiguration) string { return strconv.FormatBool(c.Enabled) },
		refine: refineEnabled,
	},
	{
		name:   "ssoConfigurationId",
		kind:   SSORelinked,
		text:   func(c *ona.SCIMConfiguration) string { return c.SSOConfigurationID },
		refine: refineLink,
	},
	{
		name:     unverifiedField,
		kind:     FieldChanged,
		text:     unverifiedLinking,
		refine:   refineUnverifiedLinking,
		optional: true,
	},
	{
		name:     expiryField,
		kind:     TokenRotated,
		instant:  func(c *ona.SCIMConfiguration) time.Time { return c.TokenExpiresAt },
		refine:   refineTokenExpiry,
		optional: true,
	},
	{
		name: "name",
		kind: Renamed,
		text: func(c *ona.SCIMConfiguration) string { return c.Name },
	},
	{
		name:    updatedAtField,
		kind:    UpdatedOnly,
		instant: func(c *ona.SCIMConfiguration) time.Time { return c.UpdatedAt },
		refine:  refineUpdatedAt,
	},
}

const (
	expiryField     = "tokenExpiresAt"
	unverifiedField = "allowUnverifiedEmailAccountLinking"
	updatedAtField  = "updatedAt"
)

func scimID(c *ona.SCIMConfiguration) string { return c.ID }

func unverifiedLinking(c *ona.SCIMConfiguration) string {
	if c.AllowUnverifiedEmailAccountLinking == nil {
		return ""
	}
	return strconv.FormatBool(*c.AllowUnverifiedEmailAccountLinking)
}

// refineCreatedAt keeps the impossible edit for two reported instants: a server that begins or ceases to report the field edits nothing.
func refineCreatedAt(row *Change, _, _ *ona.SCIMConfiguration) {
	if row.Before == "" || row.After == "" {
		row.Kind = FieldChanged
		row.noteUnreported()
	}
}

func refineEnabled(row *Change, _, after *ona.SCIMConfiguration) {
	if !after.Enabled {
		row.Kind = Disabled
	}
}

func refineLink(row *Change, _, _ *ona.SCIMConfiguration) {
	switch {
	case row.Before == "":
		row.Kind = SSOLinked
	case row.After == "":
		row.Kind = SSOUnlinked
	}
}

func refineUnverifiedLinking(row *Change, _, _ *ona.SCIMConfiguration) {
	switch {
	case row.After == "true":
		row.Kind = UnverifiedAllowed
	case row.Before == "true" && row.After == "false":
		row.Kind = UnverifiedForbidden
	}
	row.noteUnreported()
}

// refineTokenExpiry: the API has no way to move an expiry but to issue another token.
func refineTokenExpiry(row *Change, before, after *ona.SCIMConfiguration) {
	switch {
	case row.Before == "":
		row.Kind = TokenExpiryReported
	case row.After == "":
		row.Kind = TokenExpiryLost
	case after.TokenExpiresAt.After(before.TokenExpiresAt):
		row.AddNote("expires " + wholeDays(before.TokenExpiresAt, after.TokenExpiresAt) + " later than before")
	default:
		row.AddNote("expires " + wholeDays(after.TokenExpiresAt, before.TokenExpiresAt) + " earlier than before")
	}
}

// wholeDays counts in seconds since the epoch: a time.Duration ends at 292 years, and an expiry that means "never" lies beyond.
func wholeDays(from, to time.Time) string {
	const secondsADay = 24 * 60 * 60
	days := int((to.Unix() - from.Unix()) / secondsADay)
	if from.UTC().AddDate(0, 0, days).After(to) {
		days-- // the fractions of the seconds
	}
	switch days {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}

func refineUpdatedAt(row *Change, before, after *ona.SCIMConfiguration) {
	switch {
	case row.Before == "" || row.After == "":
		row.Kind = FieldChanged
		row.noteUnreported()
	case after.UpdatedAt.Before(before.UpdatedAt):
		row.Kind = UpdatedAtRegressed
	default:
		row.AddNote("only updatedAt moved: possibly set and set back")
	}
}

// withoutIdleUpdatedAt drops the change of updatedAt beside other changes of a SCIM configuration, which explain it, unless it moved back.
func withoutIdleUpdatedAt(rows []Change) []Change {
	if len(rows) == 1 {
		return rows
	}
	return slices.DeleteFunc(rows, func(c Change) bool {
		return c.SubjectType == SCIMConfiguration && c.Field == updatedAtField && c.Kind != UpdatedAtRegressed
	})
}
