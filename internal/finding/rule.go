package finding

import (
	"slices"

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
