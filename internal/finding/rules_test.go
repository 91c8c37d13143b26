package finding_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/finding"
)

// ruleCase is one change to an organization in order and what a rule then says.
type ruleCase struct {
	rule, name string
	change     func(*finding.Input)
	want       []string // as short writes them
	observed   string   // part of the first finding's Observed
}

var ruleCases = slices.Concat(tokenCases, configurationCases, accessCases, linkCases, changeCases, loggedCases,
	memberCases, runCases)

func TestRules(t *testing.T) {
	for _, c := range ruleCases {
		t.Run(c.rule+" "+c.name, func(t *testing.T) {
			in := inOrder()
			c.change(&in)
			found := ofRule(finding.Evaluate(in, finding.DefaultThresholds()), c.rule)
			var got []string
			for _, f := range found {
				got = append(got, short(f))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Fatalf("findings (-want +got):\n%s", d)
			}
			if !strings.Contains(found[0].Observed, c.observed) {
				t.Errorf("observed %q does not say %q", found[0].Observed, c.observed)
			}
		})
	}
}

func TestOrganizationInOrderPassesEveryRuleThatCanBeAssessed(t *testing.T) {
	for _, f := range finding.Evaluate(inOrder(), finding.DefaultThresholds()) {
		if got := short(f); got != "pass org-1" {
			t.Errorf("%s: %s, want a pass (%s)", f.RuleID, got, f.Observed)
		}
	}
}

// A rule whose failure no case shows could be one that never fails.
func TestEveryRuleHasCases(t *testing.T) {
	fails, open := make(map[string]bool), make(map[string]bool)
	for _, c := range ruleCases {
		for _, line := range c.want {
			fails[c.rule] = fails[c.rule] || strings.HasPrefix(line, "fail ")
			open[c.rule] = open[c.rule] || strings.HasPrefix(line, "not_assessed ")
		}
	}
	neverFails := []string{"RUN-001"}
	neverOpen := []string{"SCIM-004", "SCIM-007", "SCIM-008", "SCIM-009", "SCIM-012", "SCIM-014", "SCIM-015", "SCIM-016",
		"SCIM-020",
		"RUN-001", "RUN-004"}
	for _, rule := range finding.Rules() {
		if want := !slices.Contains(neverFails, rule.ID); fails[rule.ID] != want {
			t.Errorf("%s: a case that fails: %v, want %v", rule.ID, fails[rule.ID], want)
		}
		if want := !slices.Contains(neverOpen, rule.ID); open[rule.ID] != want {
			t.Errorf("%s: a case that is not assessed: %v, want %v", rule.ID, open[rule.ID], want)
		}
	}
}
