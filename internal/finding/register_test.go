package finding_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/finding"
)

// The register as auditors know it: id, severity, controls.
const knownRegister = `
SCIM-001 critical CC6.2 CC6.3 5.18 AC-2 8.2.5
SCIM-002 by rule CC6.1 5.17 IA-5 8.6.3
SCIM-003 low CM-8
SCIM-004 info IA-5
SCIM-005 medium 5.17 IA-5 8.6.3
SCIM-006 medium IA-5 8.6.3
SCIM-007 medium CC6.2 AC-2(1)
SCIM-008 high CC6.2 5.16
SCIM-009 high CC6.1 5.16
SCIM-010 high CM-6
SCIM-011 high CC6.1 8.5
SCIM-012 high CC6.3 CM-8
SCIM-013 medium CC6.2 8.2.5
SCIM-014 low CM-8
SCIM-015 low CM-8
SCIM-016 high CC6.1 5.16 IA-4
SCIM-017 medium CC8.1 8.32
SCIM-018 high CC7.2 AC-2(4)
SCIM-019 low CM-3
SCIM-020 critical
SCIM-021 medium 8.17 AU-8
SCIM-023 medium CC7.2 10.2.1.5
SCIM-025 high CC6.2 AC-2
SCIM-026 medium CC6.2 AC-2
SCIM-027 medium CC6.1 IA-4
MEM-001 medium CC6.2 CC6.3 5.16 5.18 AC-2 8.2.5
MEM-002 high CC6.3 AC-2(3) IA-5
MEM-003 critical CC6.2 CC6.3 5.18 AC-2(3) 8.2.5
RUN-001 high CA-7
RUN-002 medium CA-7
RUN-003 high CM-3
RUN-004 info
RUN-005 high CA-7 AU-6
RUN-006 medium CA-7
RUN-007 high 8.17 AU-8
RUN-008 medium CC8.1 8.9 CM-2 CM-3`

func TestRegister(t *testing.T) {
	var got strings.Builder
	for _, rule := range finding.Rules() {
		got.WriteString("\n" + rule.ID + " " + string(rule.Severity))
		for _, control := range rule.Supports {
			got.WriteString(" " + control.ID)
		}
	}
	if d := cmp.Diff(knownRegister, got.String()); d != "" {
		t.Errorf("register (-want +got):\n%s", d)
	}
}

// A control's number has the form that its framework uses.
func TestControlsBelongToTheirFramework(t *testing.T) {
	forms := map[string]*regexp.Regexp{
		"SOC 2 TSC 2017":             regexp.MustCompile(`^CC\d\.\d$`),
		"ISO/IEC 27001:2022 Annex A": regexp.MustCompile(`^[58]\.\d{1,2}$`),
		"NIST SP 800-53 Rev. 5":      regexp.MustCompile(`^(AC|AU|CA|CM|IA)-\d(\(\d\))?$`),
		"PCI DSS 4.0.1":              regexp.MustCompile(`^(8\.\d\.\d|10\.2\.1\.5)$`),
	}
	for _, rule := range finding.Rules() {
		for _, control := range rule.Supports {
			if form := forms[control.Framework]; form == nil || !form.MatchString(control.ID) {
				t.Errorf("%s supports %q of %q", rule.ID, control.ID, control.Framework)
			}
		}
	}
}

func TestRegisterSaysEverything(t *testing.T) {
	for _, rule := range finding.Rules() {
		if n := utf8.RuneCountInString(rule.Title); n == 0 || n > 60 {
			t.Errorf("%s: title of %d characters", rule.ID, n)
		}
		for _, text := range []string{rule.Why, rule.Remedy, rule.Expected} {
			if !strings.HasSuffix(text, ".") || strings.Contains(strings.ToLower(text), "satisf") {
				t.Errorf("%s: %q", rule.ID, text)
			}
		}
	}
}

func TestRulesIsACopy(t *testing.T) {
	rules := finding.Rules()
	rules[0].ID = "changed"
	rules[0].Supports[0].ID = "changed"
	if again := finding.Rules()[0]; again.ID != "SCIM-001" || again.Supports[0].ID != "CC6.2" {
		t.Errorf("the register changed with its copy: %+v", again)
	}
}

func TestTheWordingOfARuleNamesTheThresholdsInUse(t *testing.T) {
	strict := finding.DefaultThresholds()
	strict.MaxAge = 10 * day
	if got := ruleOf("SCIM-006").ExpectedBy(strict); !strings.HasSuffix(got, "The limit is 10 days.") {
		t.Errorf("SCIM-006 expects %q", got)
	}
}

func ruleOf(id string) finding.Rule {
	rules := finding.Rules()
	return rules[slices.IndexFunc(rules, func(r finding.Rule) bool { return r.ID == id })]
}
