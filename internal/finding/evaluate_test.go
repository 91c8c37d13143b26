package finding_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// What a reader reads, in full.
func TestWording(t *testing.T) {
	var got strings.Builder
	write := func(heading string, findings []finding.Finding) {
		fmt.Fprintf(&got, "== %s ==\n", heading)
		for _, f := range findings {
			fmt.Fprintf(&got, "%s %s %s, %s %s %q\n  %s\n  %s\n", f.RuleID, f.Status, f.Severity,
				f.SubjectType, f.SubjectID, f.SubjectName, f.Observed, ruleOf(f.RuleID).ExpectedBy(finding.DefaultThresholds()))
		}
	}
	for _, c := range ruleCases {
		in := inOrder()
		c.change(&in)
		write(c.rule+" "+c.name, ofRule(finding.Evaluate(in, finding.DefaultThresholds()), c.rule))
	}
	write("in order", finding.Evaluate(inOrder(), finding.DefaultThresholds()))
	write("failed", finding.EvaluateFailed("org-1", "Acme", "unavailable", "fetching page 3: the server answered 503",
		false))
	compareGolden(t, "wording.txt", got.String())
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

func TestSameInputSameFindings(t *testing.T) {
	want := finding.Evaluate(troubled(), finding.DefaultThresholds())
	for range 5 {
		if d := cmp.Diff(want, finding.Evaluate(troubled(), finding.DefaultThresholds())); d != "" {
			t.Fatalf("second evaluation (-first +second):\n%s", d)
		}
	}
	reversed := troubled()
	slices.Reverse(reversed.Changes)
	slices.Reverse(reversed.Gaps)
	if d := cmp.Diff(want, finding.Evaluate(reversed, finding.DefaultThresholds())); d != "" {
		t.Errorf("other order of changes (-want +got):\n%s", d)
	}
}

// troubled is an organization with 64 configurations of every kind, several changes and several
// missed nights.
func troubled() finding.Input {
	data := make([]byte, 256)
	for i := range data {
		data[i] = byte(i * 37)
	}
	in := fromBytes(data)
	in.Gaps = []finding.Gap{gap(-3, 2), gap(-6, 1)}
	for _, c := range in.Inventory.SCIM[:10] {
		enabled, updated := change(diff.Enabled, "enabled", "false", "true"), change(diff.OnlyUpdatedAtChanged, "updatedAt",
			"", "")
		enabled.SubjectID, updated.SubjectID = c.ID, c.ID
		in.Changes = append(in.Changes, enabled, updated)
	}
	return in
}

func TestThresholdsAreUsedAndNamed(t *testing.T) {
	strict := finding.Thresholds{ExpiryHigh: 200 * day, ExpiryMedium: 300 * day, ExpiryInfo: 400 * day,
		MaxLifetime: 250 * day, MaxAge: 50 * day, ClockSkew: time.Minute, MissedNights: 20 * day}
	in := inOrder()
	in.ServerClockOffset = 2 * time.Minute
	in.Gaps = []finding.Gap{gap(-3, 2)}
	findings := finding.Evaluate(in, strict)
	for rule, limit := range map[string]string{
		"SCIM-002": "200 days (high), 300 days (medium) and 400 days (info)",
		"SCIM-005": "The limit is 250 days.",
		"SCIM-006": "The limit is 50 days.",
		"SCIM-021": "The limit is 1 min.",
		"RUN-002":  "A gap is reported until 20 days after its last night.",
	} {
		expected := ruleOf(rule).ExpectedBy(strict)
		if f := ofRule(findings, rule)[0]; f.Status != finding.Fail || !strings.Contains(expected, limit) {
			t.Errorf("%s: %s, expected %q, want a failure that names %q", rule, short(f), expected, limit)
		}
	}
}

func TestFingerprint(t *testing.T) {
	// printf 'SCIM-001\norg-1\nscim_configuration\nscim-1' | sha256sum
	const want = "f6ae40c304154502ecf1299b6336f5bbcb9adf5854fad9c54e2d6a74094ba1c1"
	in := inOrder()
	expiresAt(after(-day))(&in)
	before := ofRule(finding.Evaluate(in, finding.DefaultThresholds()), "SCIM-001")[0]
	in.Inventory.SCIM[0].Name = "Okta, renamed"
	in.Inventory.Organization.Name = "Acme, renamed"
	renamed := ofRule(finding.Evaluate(in, finding.DefaultThresholds()), "SCIM-001")[0]
	if before.Fingerprint != want || renamed.Fingerprint != want {
		t.Errorf("fingerprint %s, renamed %s, want %s", before.Fingerprint, renamed.Fingerprint, want)
	}
	if renamed.SubjectName != "Okta, renamed" {
		t.Errorf("subject name %q is not the present one", renamed.SubjectName)
	}
}

func TestFingerprintsDifferByTypeOfSubject(t *testing.T) {
	scim := finding.Fingerprint("SCIM-023", "org-1", diff.SCIMConfiguration, "same-id")
	if sso := finding.Fingerprint("SCIM-023", "org-1", diff.SSOConfiguration, "same-id"); sso == scim {
		t.Errorf("a SCIM and an SSO configuration with the same id share the fingerprint %s", scim)
	}
}

func TestFailedCollectionAssessesNothingElse(t *testing.T) {
	findings := finding.EvaluateFailed("org-1", "Acme", "unavailable", "fetching page 3: the server answered 503", true)
	rules := finding.Rules()
	if len(findings) != len(rules) {
		t.Fatalf("%d findings for %d rules", len(findings), len(rules))
	}
	for i, rule := range rules {
		want := finding.Finding{
			RuleID: rule.ID, Severity: rule.Severity, Status: finding.NotAssessed,
			SubjectType: diff.Organization, SubjectID: "org-1", SubjectName: "Acme",
			Observed:    "The collection was not complete.",
			Fingerprint: finding.Fingerprint(rule.ID, "org-1", diff.Organization, "org-1"),
		}
		switch rule.ID {
		case "SCIM-002":
			want.Severity = diff.High
		case "RUN-001":
			want.Status = finding.Fail
			want.Observed = "The collection was not complete (unavailable): fetching page 3: the server answered 503"
		}
		if d := cmp.Diff(want, findings[i]); d != "" {
			t.Errorf("%s (-want +got):\n%s", rule.ID, d)
		}
	}
}

func TestAForeignObjectFailsItsRule(t *testing.T) {
	const cause = "page 1, configuration x: it belongs to organization y"
	for _, f := range finding.EvaluateFailed("org-1", "Acme", finding.ForeignOrganization, cause, false) {
		want := finding.NotAssessed
		if f.RuleID == "RUN-001" || f.RuleID == "SCIM-020" {
			want = finding.Fail
		}
		if f.Status != want {
			t.Errorf("%s: %s, want %s", f.RuleID, f.Status, want)
		}
		if f.RuleID == "SCIM-020" && (f.Severity != diff.Critical || !strings.HasSuffix(f.Observed, cause)) {
			t.Errorf("SCIM-020 is %s and says %q", f.Severity, f.Observed)
		}
	}
}

func TestFailedCollectionWithoutCode(t *testing.T) {
	f := ofRule(finding.EvaluateFailed("", "acme", "", "reading the token: no such file", false), "RUN-001")[0]
	want := "The collection was not complete: reading the token: no such file"
	if f.Observed != want || f.SubjectID != "" || f.SubjectName != "acme" {
		t.Errorf("got %+v", f)
	}
}

// The quiet night is what most nights are; in the other one every configuration has two changes and
// the log as many entries.
func BenchmarkEvaluate(b *testing.B) {
	for name, changed := range map[string]int{"quiet": 10, "everything changed": 10_000} {
		b.Run(name, func(b *testing.B) {
			in := large(changed)
			b.ReportAllocs()
			for b.Loop() {
				finding.Evaluate(in, finding.DefaultThresholds())
			}
		})
	}
}

// large is an organization with 10,000 configurations, so many of them changed: one change with an
// entry, one of another subject without, and an entry without a change.
func large(changed int) finding.Input {
	in := inOrder()
	in.Inventory.SCIM, in.Inventory.SSO = nil, nil
	in.ExpirySince = func(*ona.SCIMConfiguration) finding.ExpirySince { return seen(after(-30 * day)) }
	for i := range 10_000 {
		c := scim(fmt.Sprintf("scim-%05d", i), fmt.Sprintf("Configuration %05d", i), fmt.Sprintf("sso-%05d", i))
		c.TokenExpiresAt = after(time.Duration(i%400) * day)
		addSCIM(&in, c)
		addSSO(&in, sso(c.SSOConfigurationID, c.Name))
		if i >= changed {
			continue
		}
		unlogged, logged := renamed(), change(diff.Disabled, "enabled", "true", "false")
		unlogged.SubjectID, logged.SubjectID = fmt.Sprintf("scim-x%05d", i), c.ID
		in.Changes = append(in.Changes, unlogged, logged)
		in.AuditLog.Entries = append(in.AuditLog.Entries, entry(after(-time.Hour), c.ID, "disabled"),
			entry(after(-time.Hour), fmt.Sprintf("scim-y%05d", i), "updated"))
	}
	return in
}
