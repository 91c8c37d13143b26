package finding

import (
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// longestLifetime is the longest that the API lets a token live: 2 years, at most one of them a leap year. An estimate above it proves
// that the token was rotated since the configuration was created.
const longestLifetime = (365 + 366) * day

const expiryNotReported = "The API did not report when the token expires."

// expired says whether a token had expired at the snapshot; one that expires at that very instant has. Only for a known expiry.
func (e *evaluation) expired(c *ona.SCIMConfiguration) bool {
	return !c.TokenExpiresAt.After(e.TakenAt)
}

// checkExpired judges the configurations that are enabled, or those that are not.
func checkExpired(enabled bool) check {
	return func(e *evaluation, r *result) judging {
		word, concerned := enabledWord(enabled), 0
		return judging{func(c *ona.SCIMConfiguration) {
			if c.Enabled != enabled {
				return
			}
			concerned++
			switch {
			case c.TokenExpiresAt.IsZero():
				r.notAssessed(scimSubject(c), "The configuration is %s. %s", word, expiryNotReported)
			case e.expired(c):
				r.fail(scimSubject(c), "The configuration is %s and its token expired at %s (snapshot of %s).", word, utc(c.TokenExpiresAt), utc(e.TakenAt))
			}
		}, func() {
			r.passes("SCIM configurations that are %s: %d of %d. No token of these had expired at %s.", word, concerned, e.count, utc(e.TakenAt))
		}}
	}
}

func checkExpiresSoon(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		if c.TokenExpiresAt.IsZero() {
			r.notAssessed(scimSubject(c), expiryNotReported)
			return
		}
		left := c.TokenExpiresAt.Sub(e.TakenAt)
		if severity := e.limits.expirySeverity(left); severity != "" && !e.expired(c) {
			r.failAs(severity, scimSubject(c), "The configuration is %s and its token expires at %s, %s after the snapshot.",
				enabledWord(c.Enabled), utc(c.TokenExpiresAt), span(left))
		}
	}, func() {
		r.passes("SCIM configurations checked: %d. Every token that had not expired at %s lasts longer than %s from then.",
			e.count, utc(e.TakenAt), span(e.limits.ExpiryInfo))
	}}
}

// expirySeverity grades the time left until an expiry; empty when that is long enough.
func (t Thresholds) expirySeverity(left time.Duration) diff.Severity {
	switch {
	case left <= t.ExpiryHigh:
		return diff.High
	case left <= t.ExpiryMedium:
		return diff.Medium
	case left <= t.ExpiryInfo:
		return diff.Info
	}
	return ""
}

func expiryLimits(t Thresholds) string {
	return fmt.Sprintf("The limits are %s (high), %s (medium) and %s (info).", span(t.ExpiryHigh), span(t.ExpiryMedium), span(t.ExpiryInfo))
}

func checkExpiryReported(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) {
		if c.TokenExpiresAt.IsZero() {
			r.fail(scimSubject(c), expiryNotReported)
		}
	}, func() {
		r.passes("SCIM configurations checked: %d. The API reported the expiry of every token.", e.count)
	}}
}

func checkLifetime(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) { e.lifetime(r, c) }, func() {
		r.passes("SCIM configurations checked: %d. No token is known to live longer than %s, counted from the snapshot that first showed its "+
			"rotation or else from createdAt.", e.count, span(e.limits.MaxLifetime))
	}}
}

// lifetime judges one token's lifetime. The snapshot that first shows an expiry is never before the token's creation, so what is counted
// from it is a lower bound; createdAt is never after it, so what is counted from that is an upper bound, and exact without a rotation.
func (e *evaluation) lifetime(r *result, c *ona.SCIMConfiguration) {
	s, since, expires := scimSubject(c), e.since, utc(c.TokenExpiresAt)
	estimate := c.TokenExpiresAt.Sub(c.CreatedAt)
	switch atLeast := c.TokenExpiresAt.Sub(since.At); {
	case c.TokenExpiresAt.IsZero():
		r.notAssessed(s, expiryNotReported)
	case atLeast > e.limits.MaxLifetime && since.Rotated:
		r.fail(s, "The token lives at least %s: its rotation was first seen at %s and it expires at %s.", span(atLeast), utc(since.At), expires)
	case atLeast > e.limits.MaxLifetime:
		r.fail(s, "The token lives at least %s: it was first seen at %s and expires at %s.", span(atLeast), utc(since.At), expires)
	case since.Rotated:
	case c.CreatedAt.IsZero():
		r.notAssessed(s, "No rotation was seen and the API did not report createdAt, so the lifetime of the token that expires at %s is not known.", expires)
	case estimate <= 0:
		r.notAssessed(s, "The token expires at %s, not after createdAt %s, so its lifetime is not known.", expires, utc(c.CreatedAt))
	case estimate > longestLifetime:
		r.notAssessed(s, "From createdAt %s to the expiry at %s is longer than any token can live: it was rotated before the first snapshot "+
			"with this expiry (%s), and when is not known.", utc(c.CreatedAt), expires, utc(since.At))
	case estimate > e.limits.MaxLifetime:
		r.fail(s, "The token lives an estimated %s, from createdAt %s to its expiry at %s, unless it was rotated before the first snapshot with "+
			"this expiry (%s); no rotation was seen.", span(estimate), utc(c.CreatedAt), expires, utc(since.At))
	}
}

func lifetimeLimit(t Thresholds) string {
	return "The limit is " + span(t.MaxLifetime) + "."
}

func checkRotation(e *evaluation, r *result) judging {
	return judging{func(c *ona.SCIMConfiguration) { e.rotation(r, c) }, func() {
		r.passes("SCIM configurations checked: %d. Each was created, or a rotation of its token first seen, less than %s before %s.",
			e.count, span(e.limits.MaxAge), utc(e.TakenAt))
	}}
}

// rotation judges one token's age. It is at least the time since the first snapshot with its expiry, at most that since createdAt.
func (e *evaluation) rotation(r *result, c *ona.SCIMConfiguration) {
	s, since := scimSubject(c), e.since
	switch atLeast := e.TakenAt.Sub(since.At); {
	case !c.CreatedAt.IsZero() && e.TakenAt.Sub(c.CreatedAt) < e.limits.MaxAge:
	case c.TokenExpiresAt.IsZero():
		r.notAssessed(s, "%s A rotation shows as another expiry, so when the token was last rotated is not known.", expiryNotReported)
	case atLeast >= e.limits.MaxAge:
		r.fail(s, "The token has not been rotated since at least %s, the first snapshot with its expiry: %s before this one.", utc(since.At), span(atLeast))
	case since.Rotated:
	case issuedAtCreation(c):
		r.fail(s, "The token expires exactly %s after the configuration was created at %s, so it is taken for the one issued then: it has not been "+
			"rotated for %s.", span(c.TokenExpiresAt.Sub(c.CreatedAt)), utc(c.CreatedAt), span(e.TakenAt.Sub(c.CreatedAt)))
	case c.CreatedAt.IsZero():
		r.notAssessed(s, "The token's expiry has been seen since %s and the API did not report createdAt: when it was last rotated is not known.", utc(since.At))
	default:
		r.notAssessed(s, "The configuration was created at %s and its token's expiry has been seen only since %s: whether the token was rotated "+
			"between the two is not known.", utc(c.CreatedAt), utc(since.At))
	}
}

// issuedAtCreation infers that a token is the one that its configuration was created with: lifetimes are whole days, and a token that was
// regenerated later would have to be so at the very same time of the day to expire a whole number of days after createdAt.
func issuedAtCreation(c *ona.SCIMConfiguration) bool {
	lifetime := c.TokenExpiresAt.Sub(c.CreatedAt)
	return !c.CreatedAt.IsZero() && lifetime > 0 && lifetime <= longestLifetime && lifetime%day == 0
}

func ageLimit(t Thresholds) string {
	return "The limit is " + span(t.MaxAge) + "."
}
