package finding

import (
	"fmt"
)

// longestLifetime is the longest that the API lets a token live: 2 years, at most one of them a leap
// year. An estimate above it proves that the token was rotated since the configuration was created.
const longestLifetime = (365 + 366) * day

const expiryNotReported = "The API did not report when the token expires."

// expired reports whether a token had expired at the snapshot; one that expires at that very instant
// has. Only for a known expiry.
func (e *evaluation) expired(c configuration) bool {
	return !c.TokenExpiresAt.After(e.TakenAt)
}

func checkEnabledExpired(e *evaluation) ([]row, string) { return e.checkExpired(true) }

func checkDisabledExpired(e *evaluation) ([]row, string) { return e.checkExpired(false) }

// checkExpired judges the configurations that are enabled, or those that are not.
func (e *evaluation) checkExpired(enabled bool) (rows []row, pass string) {
	word, concerned := enabledWord(enabled), 0
	for _, c := range e.scim {
		if c.Enabled != enabled {
			continue
		}
		concerned++
		switch {
		case c.TokenExpiresAt.IsZero():
			rows = append(rows, notAssessed(c.subject(), "The configuration is %s. %s", word, expiryNotReported))
		case e.expired(c):
			rows = append(rows, fail(c.subject(), "The configuration is %s and its token expired at %s.",
				word, utc(c.TokenExpiresAt)))
		}
	}
	return rows, fmt.Sprintf("SCIM configurations that are %s: %d of %d. No token of these has expired.",
		word, concerned, len(e.scim))
}

func checkExpiresSoon(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if c.TokenExpiresAt.IsZero() {
			rows = append(rows, notAssessed(c.subject(), expiryNotReported))
			continue
		}
		severity := e.limits.expirySeverity(c.TokenExpiresAt.Sub(e.TakenAt))
		if severity != "" && !e.expired(c) {
			rows = append(rows, fail(c.subject(), "The configuration is %s and its token expires at %s.",
				enabledWord(c.Enabled), utc(c.TokenExpiresAt)).as(severity))
		}
	}
	return rows, e.checked("Every token that has not expired lasts longer than %s.", span(e.limits.ExpiryInfo))
}

func checkExpiryReported(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if c.TokenExpiresAt.IsZero() {
			rows = append(rows, fail(c.subject(), expiryNotReported))
		}
	}
	return rows, e.checked("The API reported the expiry of every token.")
}

func checkLifetime(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if r := e.lifetime(c); r.status != Pass {
			rows = append(rows, r)
		}
	}
	return rows, e.checked("No token is known to live longer than %s, counted from the snapshot that first "+
		"showed its rotation or else from createdAt.", span(e.limits.MaxLifetime))
}

// lifetime judges one token's lifetime. The first snapshot with an expiry is never before the token's
// creation, so what is counted from it is a lower bound; createdAt is never after it, so what is
// counted from that is an upper bound, and exact without a rotation.
func (e *evaluation) lifetime(c configuration) row {
	s, since, expires := c.subject(), utc(c.since.At), utc(c.TokenExpiresAt)
	atLeast, estimate := c.TokenExpiresAt.Sub(c.since.At), c.TokenExpiresAt.Sub(c.CreatedAt)
	switch {
	case c.TokenExpiresAt.IsZero():
		return notAssessed(s, expiryNotReported)
	case atLeast > e.limits.MaxLifetime && c.since.Rotated:
		return fail(s, "The token lives at least %s: its rotation was first seen at %s and it expires at %s.",
			span(atLeast), since, expires)
	case atLeast > e.limits.MaxLifetime:
		return fail(s, "The token lives at least %s: it was first seen at %s and expires at %s.",
			span(atLeast), since, expires)
	case c.since.Rotated:
	case c.CreatedAt.IsZero():
		return notAssessed(s, "No rotation was seen and the API did not report createdAt, so the lifetime of the "+
			"token that expires at %s is not known.", expires)
	case estimate <= 0:
		return notAssessed(s, "The token expires at %s, not after createdAt %s, so its lifetime is not known.",
			expires, utc(c.CreatedAt))
	case estimate > longestLifetime:
		return notAssessed(s, "From createdAt %s to the expiry at %s is longer than any token can live: it was "+
			"rotated before the first snapshot with this expiry (%s), and when is not known.",
			utc(c.CreatedAt), expires, since)
	case estimate > e.limits.MaxLifetime:
		return fail(s, "The token lives an estimated %s, from createdAt %s to its expiry at %s, unless it was "+
			"rotated before the first snapshot with this expiry (%s); no rotation was seen.",
			span(estimate), utc(c.CreatedAt), expires, since)
	}
	return row{status: Pass}
}

func checkRotation(e *evaluation) (rows []row, pass string) {
	for _, c := range e.scim {
		if r := e.rotation(c); r.status != Pass {
			rows = append(rows, r)
		}
	}
	return rows, e.checked("Each was created, or a rotation of its token first seen, less than %s ago.",
		span(e.limits.MaxAge))
}

// rotation judges one token's age. It is at least the time since the first snapshot with its expiry,
// at most that since createdAt.
func (e *evaluation) rotation(c configuration) row {
	s, since := c.subject(), utc(c.since.At)
	switch {
	case !c.CreatedAt.IsZero() && e.TakenAt.Sub(c.CreatedAt) < e.limits.MaxAge:
	case c.TokenExpiresAt.IsZero():
		return notAssessed(s, "%s A rotation shows as another expiry, so when the token was last rotated is "+
			"not known.", expiryNotReported)
	case e.TakenAt.Sub(c.since.At) >= e.limits.MaxAge:
		return fail(s, "The token has not been rotated since at least %s, the first snapshot with its expiry.", since)
	case c.since.Rotated:
	case issuedAtCreation(c):
		return fail(s, "The token expires exactly %s after the configuration was created at %s, so it is taken "+
			"for the one issued then: it has not been rotated since.",
			span(c.TokenExpiresAt.Sub(c.CreatedAt)), utc(c.CreatedAt))
	case c.CreatedAt.IsZero():
		return notAssessed(s, "The token's expiry has been seen since %s and the API did not report createdAt: "+
			"when it was last rotated is not known.", since)
	default:
		return notAssessed(s, "The configuration was created at %s and its token's expiry has been seen only "+
			"since %s: whether the token was rotated between the two is not known.", utc(c.CreatedAt), since)
	}
	return row{status: Pass}
}

// issuedAtCreation infers that a token is the one that its configuration was created with: lifetimes
// are whole days, and a token that was regenerated later would have to be so at the very same time
// of the day to expire a whole number of days after createdAt.
func issuedAtCreation(c configuration) bool {
	lifetime := c.TokenExpiresAt.Sub(c.CreatedAt)
	return !c.CreatedAt.IsZero() && lifetime > 0 && lifetime <= longestLifetime && lifetime%day == 0
}
