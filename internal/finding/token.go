package finding

import "scim-auditor/internal/ona"

// longestLifetime is the longest lifetime that the API allows: 2 years, at most one of them a leap
// year. A longer time from createdAt to the expiry proves that the token was rotated in between.
const longestLifetime = (365 + 366) * day

const expiryNotReported = "The API did not report when the token expires."

// expired reports whether a token had expired at the snapshot, which includes that very instant.
// The expiry must be known.
func (e *evaluation) expired(c configuration) bool {
	return !c.TokenExpiresAt.After(e.TakenAt)
}

// expiredWhile returns the check for enabled or for disabled configurations.
func expiredWhile(enabled bool) func(*evaluation, configuration) row {
	return func(e *evaluation, c configuration) row {
		switch {
		case c.Enabled != enabled:
		case c.TokenExpiresAt.IsZero():
			return notAssessed("The configuration is %s. %s", enabledWord(enabled), expiryNotReported)
		case e.expired(c):
			return fail("The configuration is %s and its token expired at %s.",
				enabledWord(enabled), utc(c.TokenExpiresAt))
		}
		return inOrder
	}
}

func expiresSoon(e *evaluation, c configuration) row {
	severity := e.limits.expirySeverity(c.TokenExpiresAt.Sub(e.TakenAt))
	switch {
	case c.TokenExpiresAt.IsZero():
		return notAssessed(expiryNotReported)
	case severity == "" || e.expired(c):
		return inOrder
	}
	return fail("The configuration is %s and its token expires at %s.",
		enabledWord(c.Enabled), utc(c.TokenExpiresAt)).as(severity)
}

func expiryReported(_ *evaluation, c configuration) row {
	return failIf(c.TokenExpiresAt.IsZero(), expiryNotReported)
}

// lifetime judges a token's lifetime, which is only known within bounds. The first snapshot with
// the expiry is not before the token's creation, so the time from it to the expiry is a lower
// bound. createdAt is not after the token's creation, so the time from it is an upper bound, and
// exact if the token was never rotated.
func lifetime(e *evaluation, c configuration) row {
	created, since, expires := utc(c.CreatedAt), utc(c.since.At), utc(c.TokenExpiresAt)
	atLeast, estimate := c.TokenExpiresAt.Sub(c.since.At), c.TokenExpiresAt.Sub(c.CreatedAt)
	switch {
	case c.TokenExpiresAt.IsZero():
		return notAssessed(expiryNotReported)
	case atLeast > e.limits.MaxLifetime && c.since.Rotated:
		return fail("The token lives at least %s: its rotation was first seen at %s and it expires at %s.",
			span(atLeast), since, expires)
	case atLeast > e.limits.MaxLifetime:
		return fail("The token lives at least %s: it was first seen at %s and expires at %s.",
			span(atLeast), since, expires)
	case c.since.Rotated:
		return inOrder
	case c.CreatedAt.IsZero():
		return notAssessed("No rotation was seen and the API did not report createdAt, so the lifetime of the token "+
			"that expires at %s is not known.", expires)
	case estimate <= 0:
		return notAssessed("The token expires at %s, not after createdAt %s, so its lifetime is not known.",
			expires, created)
	case estimate > longestLifetime:
		return notAssessed("From createdAt %s to the expiry at %s is longer than any token can live: it was rotated "+
			"before the first snapshot with this expiry (%s), and when is not known.", created, expires, since)
	case estimate > e.limits.MaxLifetime:
		return fail("The token lives an estimated %s, from createdAt %s to its expiry at %s, unless it was rotated "+
			"before the first snapshot with this expiry (%s); no rotation was seen.",
			span(estimate), created, expires, since)
	}
	return inOrder
}

// rotation judges a token's age: at least the time since the first snapshot with its expiry, at
// most the time since createdAt.
func rotation(e *evaluation, c configuration) row {
	created, since := utc(c.CreatedAt), utc(c.since.At)
	switch {
	case !c.CreatedAt.IsZero() && e.TakenAt.Sub(c.CreatedAt) < e.limits.MaxAge:
		return inOrder
	case c.TokenExpiresAt.IsZero():
		return notAssessed("%s A rotation shows as another expiry, so when the token was last rotated is not known.",
			expiryNotReported)
	case e.TakenAt.Sub(c.since.At) >= e.limits.MaxAge:
		return fail("The token has not been rotated since at least %s, the first snapshot with its expiry.", since)
	case c.since.Rotated:
		return inOrder
	case issuedAtCreation(c.SCIMConfiguration):
		return fail("The token expires exactly %s after the configuration was created at %s, so it is taken for the "+
			"one issued then: it has not been rotated since.", span(c.TokenExpiresAt.Sub(c.CreatedAt)), created)
	case c.CreatedAt.IsZero():
		return notAssessed("The token's expiry has been seen since %s and the API did not report createdAt: when it "+
			"was last rotated is not known.", since)
	}
	return notAssessed("The configuration was created at %s and its token's expiry has been seen only since %s: "+
		"whether the token was rotated between the two is not known.", created, since)
}

// issuedAtCreation reports whether a token was probably issued when its configuration was created:
// it expires a whole number of days after createdAt. Lifetimes are whole days, so a regenerated
// token expires like this only if it was regenerated at exactly the same time of day.
func issuedAtCreation(c *ona.SCIMConfiguration) bool {
	lifetime := c.TokenExpiresAt.Sub(c.CreatedAt)
	return !c.CreatedAt.IsZero() && lifetime > 0 && lifetime <= longestLifetime && lifetime%day == 0
}
