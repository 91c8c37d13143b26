package finding

import (
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// The frameworks that a Control can belong to, by the names under which auditors cite them.
const (
	FrameworkSOC2 = "SOC 2 TSC 2017"
	FrameworkISO  = "ISO/IEC 27001:2022 Annex A"
	FrameworkNIST = "NIST SP 800-53 Rev. 5"
	FrameworkPCI  = "PCI DSS 4.0.1"
)

// Frameworks is every framework, in the order of reports.
var Frameworks = []string{FrameworkSOC2, FrameworkISO, FrameworkNIST, FrameworkPCI}

// Controls are the ids of the controls of one framework that the rule supports.
func (r Rule) Controls(framework string) []string {
	var ids []string
	for _, c := range r.Supports {
		if c.Framework == framework {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Control is one control of a framework. A rule supports a control; no rule alone satisfies one.
type Control struct {
	Framework, ID string
}

// ByRule stands in Rule.Severity for a severity that depends on the subject. No Finding has it.
const ByRule diff.Severity = "by rule"

// Rule is an entry of the rule register: what is checked, why it matters and what to do about a failure.
type Rule struct {
	ID    string
	Title string // at most 60 characters
	// Severity is that of a failure as the register shows it, or ByRule.
	Severity diff.Severity
	// Why says what a failure can lead to, Remedy what ends it, Expected what would be in order.
	Why, Remedy, Expected string
	Supports              []Control

	// limits, where it is not nil, says the thresholds that the check uses, as a sentence that follows Expected.
	limits func(Thresholds) string
	check  check
}

// check begins to judge one organization by one rule; what it finds goes into the result.
type check func(*evaluation, *result) judging

// judging is a rule at work: it is shown each SCIM configuration and then, when all are counted, has the last word. A listing may be longer
// than memory, so that all rules share one look at it. Either is nil where there is nothing to do.
type judging struct {
	each func(*ona.SCIMConfiguration)
	end  func()
}

// whole is a check that looks at no single SCIM configuration.
func whole(judge func(*evaluation, *result)) check {
	return func(e *evaluation, r *result) judging {
		return judging{end: func() { judge(e, r) }}
	}
}

// Rules is the rule register in its fixed order; the caller may change the copy.
func Rules() []Rule {
	rules := slices.Clone(register)
	for i := range rules {
		rules[i].Supports = slices.Clone(rules[i].Supports)
	}
	return rules
}

// CanBeTurnedOff says whether the settings may turn a rule off. Whether the listing is whole and of the right organization is always judged.
func CanBeTurnedOff(ruleID string) bool {
	return ruleID != runNotComplete && ruleID != foreignConfiguration
}

// ExpectedBy is what would be in order by these thresholds.
func (r Rule) ExpectedBy(t Thresholds) string {
	if r.limits == nil {
		return r.Expected
	}
	return r.Expected + " " + r.limits(t)
}

// defaultSeverity is the severity of a finding whose check names none: the highest possible where it depends on the subject.
func (r Rule) defaultSeverity() diff.Severity {
	if r.Severity == ByRule {
		return diff.High
	}
	return r.Severity
}

func soc2(ids ...string) []Control { return controls(FrameworkSOC2, ids) }
func iso(ids ...string) []Control  { return controls(FrameworkISO, ids) }
func nist(ids ...string) []Control { return controls(FrameworkNIST, ids) }
func pci(ids ...string) []Control  { return controls(FrameworkPCI, ids) }

func controls(framework string, ids []string) []Control {
	all := make([]Control, len(ids))
	for i, id := range ids {
		all[i] = Control{Framework: framework, ID: id}
	}
	return all
}
