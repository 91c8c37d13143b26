package finding

import (
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// ByRule is the Rule.Severity of a rule whose severity depends on the subject. No Finding has it.
const ByRule diff.Severity = "by rule"

// Frameworks has the frameworks that a Control can belong to, as auditors cite them, in the order
// of reports.
var Frameworks = []string{"SOC 2 TSC 2017", "ISO/IEC 27001:2022 Annex A", "NIST SP 800-53 Rev. 5", "PCI DSS 4.0.1"}

// Control is one control in a framework. A rule supports a control; no rule alone satisfies a
// control.
type Control struct {
	Framework, ID string
}

// Rule is an entry of the rule register: what is checked, why it matters, and the remedy.
type Rule struct {
	ID    string
	Title string // at most 60 characters
	// Severity is the severity of a failure, or ByRule.
	Severity diff.Severity
	// Why says what a failure can lead to, Remedy how to end it, Expected what would be in order.
	Why, Remedy, Expected string
	// Limits is a sentence after Expected that names the thresholds. Passed is what was observed if
	// every subject is in order. In both, names in braces are replaced by numbers.
	Limits, Passed string
	// Judges says which configurations or members the rule judges. Empty means that it judges the
	// organization or the run as a whole.
	Judges   Population
	Supports []Control

	judgement
}

// OfMembers reports whether the rule judges members. Such a rule has findings only where the
// settings ask for members.
func (r Rule) OfMembers() bool { return r.Judges == MembersWithAccess || r.Judges == OtherMembers }

// Population is a set of configurations or members that a rule judges one by one.
type Population string

// The populations: SCIM configurations, all or those that are enabled, disabled or linked to an SSO
// configuration; SSO configurations; members who have access (see HasAccess), and those who are not
// active.
const (
	AllSCIM      Population = "scim"
	EnabledSCIM  Population = "enabled"
	DisabledSCIM Population = "disabled"
	LinkedSCIM   Population = "linked"
	AllSSO       Population = "sso"

	MembersWithAccess Population = "members_with_access"
	OtherMembers      Population = "other_members"
)

// Rules returns the rule register in its fixed order; the caller may change the copy.
func Rules() []Rule {
	rules := slices.Clone(register)
	for i := range rules {
		rules[i].Supports = slices.Clone(rules[i].Supports)
	}
	return rules
}

// Controls returns the ids of the controls in one framework that the rule supports.
func (r Rule) Controls(framework string) []string {
	var ids []string
	for _, c := range r.Supports {
		if c.Framework == framework {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// ExpectedBy returns what would be in order with these thresholds.
func (r Rule) ExpectedBy(t Thresholds) string {
	if r.Limits == "" {
		return r.Expected
	}
	return r.Expected + " " + t.names().Replace(r.Limits)
}

// CanBeTurnedOff reports whether the settings may turn a rule off. The rules that check that the
// listing is complete and from the right organization cannot be turned off.
func CanBeTurnedOff(ruleID string) bool {
	return ruleID != runNotComplete && ruleID != foreignConfiguration
}

// day is 24 hours: every threshold counts elapsed time between instants, not calendar days.
const day = 24 * time.Hour

// Thresholds has the limits that the rules use. Each is a setting; Rule.ExpectedBy names those of a
// rule.
type Thresholds struct {
	// A token that expires within ExpiryHigh of the snapshot, or exactly then, fails SCIM-002 with
	// severity high; likewise ExpiryMedium and ExpiryInfo.
	ExpiryHigh, ExpiryMedium, ExpiryInfo time.Duration
	// MaxLifetime is the longest lifetime that a token may have.
	MaxLifetime time.Duration
	// MaxAge is the age from which on a token counts as not rotated.
	MaxAge time.Duration
	// ClockSkew is the largest difference that two clocks may have.
	ClockSkew time.Duration
	// MissedNights is how long RUN-002 reports a gap after its last night.
	MissedNights time.Duration
}

// DefaultThresholds returns the thresholds that apply without settings.
func DefaultThresholds() Thresholds {
	return Thresholds{
		ExpiryHigh:   7 * day,
		ExpiryMedium: 30 * day,
		ExpiryInfo:   90 * day,
		MaxLifetime:  365 * day,
		MaxAge:       365 * day,
		ClockSkew:    5 * time.Minute,
		MissedNights: 35 * day,
	}
}

// expirySeverity returns the severity for the time left until an expiry; empty if it is long
// enough.
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

// names returns a replacer that puts the thresholds into Rule.Limits.
func (t Thresholds) names() *strings.Replacer {
	return strings.NewReplacer(
		"{high}", span(t.ExpiryHigh), "{medium}", span(t.ExpiryMedium), "{info}", span(t.ExpiryInfo),
		"{lifetime}", span(t.MaxLifetime), "{age}", span(t.MaxAge), "{skew}", span(t.ClockSkew),
		"{missed}", span(t.MissedNights))
}
