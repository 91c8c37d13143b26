package finding_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// night is the same organization on its nth night: nothing but time has changed, and the local
// clock drifts. On the first night there is no baseline.
func night(n int) finding.Input {
	in := inOrder()
	in.Inventory = failing()
	in.TakenAt = after(time.Duration(n-1) * day)
	in.ServerClockOffset = time.Duration(n) * time.Second
	in.Gaps = []finding.Gap{gap(-9, 1)}
	in.LaterRuns = []finding.LaterRun{{ID: 3, StartedAt: after(3650 * day)}}
	in.UnknownFields = []string{"SCIMConfiguration.groups"}
	in.ExpirySince = func(c *ona.SCIMConfiguration) finding.ExpirySince {
		if strings.HasPrefix(c.Name, "rotated") {
			return rotated(after(-380 * day))
		}
		return seen(takenAt)
	}
	for kind := range in.AuditLog.Compared {
		in.AuditLog.Compared[kind] = in.TakenAt.Add(-day)
	}
	in.AuditLog.Until, in.AuditLog.Lacking = in.TakenAt, "reading stopped at the limit of 2 pages"
	if n == 1 {
		in.Baseline, in.AuditLog = nil, nil
	}
	return in
}

// failing has a configuration for each outcome of a rule that lasts, none of them near a threshold.
func failing() ona.Inventory {
	in := inOrder()
	for name, change := range map[string]func(*ona.SCIMConfiguration){
		"expired":             func(c *ona.SCIMConfiguration) { c.TokenExpiresAt = after(-day) },
		"disabled":            func(c *ona.SCIMConfiguration) { c.Enabled, c.TokenExpiresAt = false, after(-day) },
		"expires soon":        func(c *ona.SCIMConfiguration) { c.TokenExpiresAt = after(60 * day) },
		"unknown expiry":      func(c *ona.SCIMConfiguration) { c.TokenExpiresAt = unknown },
		"old, unknown expiry": func(c *ona.SCIMConfiguration) { c.TokenExpiresAt, c.CreatedAt = unknown, after(-900*day) },
		"lives long":          func(c *ona.SCIMConfiguration) { c.TokenExpiresAt = after(500 * day) },
		"estimated":           func(c *ona.SCIMConfiguration) { c.CreatedAt = after(-300 * day) },
		"longer than any":     func(c *ona.SCIMConfiguration) { c.CreatedAt = after(-700*day - time.Hour) },
		"whole days":          func(c *ona.SCIMConfiguration) { c.CreatedAt = after(-400 * day) },
		"unknown creation":    func(c *ona.SCIMConfiguration) { c.CreatedAt = unknown },
		"rotated long ago":    func(c *ona.SCIMConfiguration) { c.CreatedAt = after(-900 * day) },
		"in the future":       func(c *ona.SCIMConfiguration) { c.UpdatedAt = after(90 * day) },
		"updated too early":   func(c *ona.SCIMConfiguration) { c.UpdatedAt = c.CreatedAt.Add(-time.Hour) },
		"unlinked":            func(c *ona.SCIMConfiguration) { c.SSOConfigurationID = "" },
		"dangling":            func(c *ona.SCIMConfiguration) { c.SSOConfigurationID = "sso-9" },
		"foreign":             func(c *ona.SCIMConfiguration) { c.OrganizationID = "org-2" },
		"linking unknown":     func(c *ona.SCIMConfiguration) { c.AllowUnverifiedEmailAccountLinking = nil },
	} {
		c := scim("scim-"+name, name, "sso-1")
		change(&c)
		addSCIM(&in, c)
	}
	addSCIM(&in, scim("scim-nameless", "", "sso-1"))
	slices.SortFunc(in.Inventory.SCIM, func(a, b ona.SCIMConfiguration) int { return strings.Compare(a.ID, b.ID) })
	addSSO(&in, sso("sso-2", "nobody's"))
	return in.Inventory
}

// Only what needs a baseline may read otherwise on the second night than on the first; from then on
// nothing changes but what crosses a threshold.
func TestAFindingThatStaysTheSameReadsTheSameEveryNight(t *testing.T) {
	needBaseline := []string{"SCIM-017", "SCIM-018", "SCIM-019", "SCIM-023", "RUN-003", "RUN-005", "RUN-006"}
	first := finding.Evaluate(night(1), finding.DefaultThresholds())
	for _, n := range []int{2, 3, 10} {
		in := night(n)
		findings := finding.Evaluate(in, finding.DefaultThresholds())
		if len(findings) != len(first) {
			t.Fatalf("night %d has %d findings, the first %d", n, len(findings), len(first))
		}
		for i, f := range findings {
			if f != first[i] && (n > 2 || !slices.Contains(needBaseline, f.RuleID)) {
				t.Errorf("night %d:\n%+v\nwas\n%+v", n, f, first[i])
			}
			for _, instant := range []time.Time{in.TakenAt, in.TakenAt.Add(-day)} {
				if n > 2 && strings.Contains(f.Observed, instant.Format(time.DateOnly)) {
					t.Errorf("night %d: %s quotes the night or its baseline: %s", n, f.RuleID, f.Observed)
				}
			}
		}
		first = findings
	}
}

// The same over every case: an hour later a finding with the same outcome has the same text.
func TestNoCaseQuotesTheInstantOfTheNight(t *testing.T) {
	for _, c := range ruleCases {
		observed := make(map[string]string)
		for _, later := range []time.Duration{0, time.Hour} {
			in := inOrder()
			c.change(&in)
			in.TakenAt = in.TakenAt.Add(later)
			if in.ExpirySince == nil {
				in.ExpirySince = func(*ona.SCIMConfiguration) finding.ExpirySince { return seen(takenAt) }
			}
			for _, f := range ofRule(finding.Evaluate(in, finding.DefaultThresholds()), c.rule) {
				key := short(f)
				if was, known := observed[key]; known && was != f.Observed {
					t.Errorf("%s %s: %q was %q", c.rule, c.name, f.Observed, was)
				}
				observed[key] = f.Observed
			}
		}
	}
}
