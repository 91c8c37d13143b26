package finding_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// FuzzEvaluate builds an organization from bytes, four a configuration, and holds the promises of
// Evaluate against it.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x80})
	f.Add([]byte("a few configurations of every kind, some readable and some not\x01\x02\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 400 {
			t.Skip("an organization of this size says nothing new")
		}
		in := fromBytes(data)
		findings := finding.Evaluate(in, finding.DefaultThresholds())
		checkPromises(t, findings)
		checkNothingFromUnreadable(t, in, findings)
	})
}

func fromBytes(data []byte) finding.Input {
	in := inOrder()
	in.Inventory.SCIM = nil
	for i := 0; i+4 <= len(data); i += 4 {
		addSCIM(&in, scimFromBytes(&in, i/4, data[i:i+4]))
	}
	flags := byte(len(data) % 4)
	if len(data) > 0 {
		flags |= data[len(data)-1] << 2
	}
	for bit, change := range []func(*finding.Input){hideSSO, hidePolicies, firstSnapshot,
		func(in *finding.Input) { in.ServerClockKnown = false },
		hideLog, state(ona.SSOStateUnspecified), hideDomains} {
		if flags>>bit&1 == 1 && (bit != 5 || len(in.Inventory.SSO) > 0) {
			change(&in)
		}
	}
	return in
}

func scimFromBytes(in *finding.Input, i int, b []byte) ona.SCIMConfiguration {
	c := scim(fmt.Sprintf("scim-%03d", i), strings.Repeat("n", int(b[0]>>2&3)), []string{"", "sso-1", "sso-2",
		"sso-3"}[b[0]>>4&3])
	c.Enabled = b[0]&1 == 1
	c.AllowUnverifiedEmailAccountLinking = []*bool{nil, new(true), new(false), new(false)}[b[0]>>6]
	c.TokenExpiresAt = instant(b[1])
	c.CreatedAt = instant(b[2])
	if b[3]&1 == 1 {
		seenSince(in, c.ID, finding.ExpirySince{At: after(-time.Duration(b[3]) * 2 * day), Rotated: b[3]&2 == 2})
	}
	return c
}

// instant spreads a byte over some years around the snapshot; 0 is unknown and 128 the snapshot
// itself.
func instant(b byte) time.Time {
	if b == 0 {
		return time.Time{}
	}
	return after(time.Duration(int(b)-128) * 10 * day)
}

// checkPromises holds findings against what Evaluate promises of their order and number.
func checkPromises(t *testing.T, findings []finding.Finding) {
	t.Helper()
	var order []string
	seenFingerprint := make(map[string]bool)
	for i, f := range findings {
		if i == 0 || findings[i-1].RuleID != f.RuleID {
			order = append(order, f.RuleID)
		} else if previous := findings[i-1]; previous.SubjectType > f.SubjectType ||
			previous.SubjectType == f.SubjectType && previous.SubjectID >= f.SubjectID {
			t.Errorf("%s: subject %s comes before %s", f.RuleID, previous.SubjectID, f.SubjectID)
		}
		if f.Status == finding.Pass && (f.SubjectType != diff.Organization || len(ofRule(findings, f.RuleID)) != 1) {
			t.Errorf("%s passes beside other findings", f.RuleID)
		}
		if seenFingerprint[f.Fingerprint] || !slices.Contains(diff.Severities, f.Severity) || f.Observed == "" {
			t.Errorf("not a finding of its own: %+v", f)
		}
		seenFingerprint[f.Fingerprint] = true
	}
	var want []string
	for _, rule := range finding.Rules() {
		want = append(want, rule.ID)
	}
	if d := cmp.Diff(want, order); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
}

// checkNothingFromUnreadable looks for a verdict on what could not be read.
func checkNothingFromUnreadable(t *testing.T, in finding.Input, findings []finding.Finding) {
	t.Helper()
	var unreadable []string
	if in.AuditLog == nil || in.AuditLog.NotAssessed != "" || in.Baseline == nil {
		unreadable = append(unreadable, "SCIM-018", "SCIM-023")
	}
	if in.Inventory.SSONotAssessed != "" {
		unreadable = append(unreadable, "SCIM-010", "SCIM-011", "SCIM-013", "SCIM-027")
	}
	if in.Inventory.DomainsNotAssessed != "" {
		unreadable = append(unreadable, "SCIM-027")
	}
	if in.Inventory.Policies == nil {
		unreadable = append(unreadable, "SCIM-025")
	}
	if in.Baseline == nil {
		unreadable = append(unreadable, "SCIM-017", "SCIM-019", "RUN-003", "RUN-006")
	}
	if !in.ServerClockKnown {
		unreadable = append(unreadable, "SCIM-021")
	}
	for i := range in.Inventory.SCIM {
		c := &in.Inventory.SCIM[i]
		unreadable = append(unreadable, unreported(*c)...)
	}
	for _, id := range unreadable {
		for _, f := range ofRule(findings, id) {
			if f.Status == finding.Pass {
				t.Errorf("%s passes without its source: %s", id, f.Observed)
			}
		}
	}
}

// unreported is the rules that cannot pass because of a field that a configuration lacks.
func unreported(c ona.SCIMConfiguration) []string {
	var rules []string
	if c.TokenExpiresAt.IsZero() {
		byState := map[bool]string{true: "SCIM-001", false: "SCIM-003"}
		rules = append(rules, "SCIM-002", "SCIM-004", "SCIM-005", byState[c.Enabled])
	}
	if c.CreatedAt.IsZero() {
		rules = append(rules, "SCIM-021")
	}
	return rules
}
