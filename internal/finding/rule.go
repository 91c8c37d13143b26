package finding

import (
	"slices"

	"scim-auditor/internal/diff"
)

// ByRule stands in Rule.Severity for a severity that depends on the subject. No Finding has it.
const ByRule diff.Severity = "by rule"

// The ids of rules that the code treats apart.
const (
	runNotComplete       = "RUN-001"
	foreignConfiguration = "SCIM-020"
)

// Rule is an entry of the rule register: what is checked, why it matters, and the remedy.
type Rule struct {
	ID    string
	Title string // at most 60 characters
	// Severity is that of a failure as the register shows it, or ByRule.
	Severity diff.Severity
	// Why is what a failure can lead to, Remedy what ends it, Expected what would be in order.
	Why, Remedy, Expected string
	Supports              []Control

	// limits, where it is not nil, returns the thresholds that the rule uses, as a sentence that
	// follows Expected.
	limits func(Thresholds) string
	// needs, where it is not nil, returns why what the rule looks at is missing; empty when it is
	// there.
	needs func(*evaluation) string
	// each judges one SCIM configuration; all returns a row for each subject that is not in order, at
	// most one a subject. A rule has one of the two.
	each func(*evaluation, configuration) row
	all  func(*evaluation) []row
	// pass returns what was observed when every subject is in order.
	pass func(*evaluation) string
}

// register is every rule in the order in which reports show them: by id, those about the run last.
// The id of a removed rule is not used again.
var register = slices.Concat(tokenRules, configurationRules, changeRules, runRules)

// Rules returns the rule register in its fixed order; the caller may change the copy.
func Rules() []Rule {
	rules := slices.Clone(register)
	for i := range rules {
		rules[i].Supports = slices.Clone(rules[i].Supports)
	}
	return rules
}

// CanBeTurnedOff reports whether the settings may turn a rule off. Whether the listing is complete
// and of the right organization is always judged.
func CanBeTurnedOff(ruleID string) bool {
	return ruleID != runNotComplete && ruleID != foreignConfiguration
}

// RuleWording is what every finding of a rule has in common: a function of the rule, the thresholds
// and the settings that turn rules off.
type RuleWording struct {
	RuleID, Title string
	// Severity is that of a failure, or ByRule.
	Severity diff.Severity
	// Expected is what would be in order, with the thresholds in use.
	Expected, Why, Remedy string
	Controls              []Control
	// TurnedOff is the reason why the settings turn the rule off; empty while it is on.
	TurnedOff string
}

// Wording returns the wording of every rule, in the order of the register.
func Wording(t Thresholds, turnedOff map[string]string) []RuleWording {
	words := make([]RuleWording, 0, len(register))
	for _, r := range Rules() {
		w := RuleWording{
			RuleID: r.ID, Title: r.Title, Severity: r.Severity,
			Expected: r.ExpectedBy(t), Why: r.Why, Remedy: r.Remedy, Controls: r.Supports,
		}
		if CanBeTurnedOff(r.ID) {
			w.TurnedOff = turnedOff[r.ID]
		}
		words = append(words, w)
	}
	return words
}

// ExpectedBy returns what would be in order by these thresholds.
func (r Rule) ExpectedBy(t Thresholds) string {
	if r.limits == nil {
		return r.Expected
	}
	return r.Expected + " " + r.limits(t)
}
