package finding

import (
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// day is 24 hours: every threshold counts elapsed time between instants, not calendar days.
const day = 24 * time.Hour

// Thresholds are the numbers that the rules compare with. Each is a setting, and Finding.Expected
// names each that the rule uses.
type Thresholds struct {
	// A token that expires within ExpiryHigh of the snapshot, or exactly then, fails SCIM-002 with
	// severity high; likewise ExpiryMedium and ExpiryInfo.
	ExpiryHigh, ExpiryMedium, ExpiryInfo time.Duration
	// MaxLifetime is the longest that a token may live; exactly that long is in order.
	MaxLifetime time.Duration
	// MaxAge is the age at which a token counts as not rotated; exactly that age is not in order.
	MaxAge time.Duration
	// ClockSkew is how far clocks may be apart; exactly that far is in order.
	ClockSkew time.Duration
}

// DefaultThresholds returns the thresholds of settings that name none.
func DefaultThresholds() Thresholds {
	return Thresholds{
		ExpiryHigh:   7 * day,
		ExpiryMedium: 30 * day,
		ExpiryInfo:   90 * day,
		MaxLifetime:  365 * day,
		MaxAge:       365 * day,
		ClockSkew:    5 * time.Minute,
	}
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

// names puts the thresholds into Rule.Limits.
func (t Thresholds) names() *strings.Replacer {
	return strings.NewReplacer(
		"{high}", span(t.ExpiryHigh), "{medium}", span(t.ExpiryMedium), "{info}", span(t.ExpiryInfo),
		"{lifetime}", span(t.MaxLifetime), "{age}", span(t.MaxAge), "{skew}", span(t.ClockSkew))
}
