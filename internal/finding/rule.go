package finding

import (
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// ByRule stands in Rule.Severity for a severity that depends on the subject. No Finding has it.
const ByRule diff.Severity = "by rule"

// Frameworks are the frameworks that a Control can belong to, by the names under which auditors
// cite them, in the order of reports.
var Frameworks = []string{"SOC 2 TSC 2017", "ISO/IEC 27001:2022 Annex A", "NIST SP 800-53 Rev. 5", "PCI DSS 4.0.1"}

// Control is one control of a framework. A rule supports a control; no rule alone satisfies one.
type Control struct {
	Framework, ID string
}

// Rule is an entry of the rule register: what is checked, why it matters, and the remedy.
type Rule struct {
	ID    string
	Title string // at most 60 characters
	// Severity is that of a failure as the register shows it, or ByRule.
	Severity diff.Severity
	// Why is what a failure can lead to, Remedy what ends it, Expected what would be in order.
	Why, Remedy, Expected string
	// Limits follows Expected and names the thresholds that the rule uses. Passed is what was observed
	// when every subject is in order. In both, names in braces stand for numbers.
	Limits, Passed string
	Supports       []Control

	judgement
}

// Rules returns the rule register in its fixed order; the caller may change the copy.
func Rules() []Rule {
	rules := slices.Clone(register)
	for i := range rules {
		rules[i].Supports = slices.Clone(rules[i].Supports)
	}
	return rules
}

// Controls returns the ids of the controls of one framework that the rule supports.
func (r Rule) Controls(framework string) []string {
	var ids []string
	for _, c := range r.Supports {
		if c.Framework == framework {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// ExpectedBy returns what would be in order by these thresholds.
func (r Rule) ExpectedBy(t Thresholds) string {
	if r.Limits == "" {
		return r.Expected
	}
	return r.Expected + " " + t.names().Replace(r.Limits)
}

// CanBeTurnedOff reports whether the settings may turn a rule off. Whether the listing is complete
// and of the right organization is always judged.
func CanBeTurnedOff(ruleID string) bool {
	return ruleID != runNotComplete && ruleID != foreignConfiguration
}

// day is 24 hours: every threshold counts elapsed time between instants, not calendar days.
const day = 24 * time.Hour

// Thresholds are the numbers that the rules compare with. Each is a setting, and Rule.ExpectedBy
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
