package finding

import (
	"strings"
	"testing"
)

func TestEveryRuleOfTheFileHasItsFunction(t *testing.T) {
	for _, rule := range register {
		if (rule.each == nil) == (rule.all == nil) {
			t.Errorf("%s needs one function that judges it, in judgements", rule.ID)
		}
		if rule.Passed == "" {
			t.Errorf("%s does not say what was observed when everything is in order", rule.ID)
		}
	}
	if len(judgements) != len(register) {
		t.Errorf("%d functions for %d rules of rules.json", len(judgements), len(register))
	}
}

// A misspelled name in braces would stand in the report as it is.
func TestEveryNameInBracesIsFilledIn(t *testing.T) {
	e := newEvaluation(Input{}, DefaultThresholds())
	for _, rule := range register {
		for _, text := range []string{rule.ExpectedBy(e.limits), e.numbers.Replace(rule.Passed), rule.Title, rule.Why,
			rule.Remedy} {
			if strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %q", rule.ID, text)
			}
		}
	}
}
