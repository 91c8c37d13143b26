package finding

import "time"

// day is 24 hours: every threshold counts elapsed time between instants, not calendar days.
const day = 24 * time.Hour

// Thresholds are the numbers that the rules compare with. Each is a setting, and each that a rule used is told in Finding.Expected.
type Thresholds struct {
	// A token that expires within ExpiryHigh of the snapshot, or exactly then, fails SCIM-002 with severity high; likewise ExpiryMedium and
	// ExpiryInfo.
	ExpiryHigh, ExpiryMedium, ExpiryInfo time.Duration
	// MaxLifetime is the longest that a token may live; exactly that long is in order.
	MaxLifetime time.Duration
	// MaxAge is the age at which a token counts as not rotated; exactly that age is not in order.
	MaxAge time.Duration
	// ClockSkew is how far clocks may be apart; exactly that far is in order.
	ClockSkew time.Duration
}

// DefaultThresholds is what is used where the settings say nothing else.
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
