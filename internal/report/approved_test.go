package report

import (
	"strings"
	"testing"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// approvedModel returns a quiet run with an approved baseline, from which so many subjects differ.
func approvedModel(differing int) *Model {
	m := quiet()
	o := m.Organizations[0]
	o.Approval = &snapshot.Approval{
		Review:   snapshot.Review{ID: 1, RunID: 5, Reviewer: "jane|", ReviewedAt: lastNight, Ticket: "SEC-1", Approved: true},
		Snapshot: snapshot.Snapshot{ID: 8, RunID: 5, TakenAt: lastNight.AddDate(0, 0, -1)},
	}
	for n := range differing {
		f := failing(approvedRule, diff.Medium, n, "Okta", "Differs from the baseline of run 5: disabled.")
		o.Findings = append(o.Findings, f)
	}
	return m
}

func TestReportNamesTheApprovedBaselineAndWhatDiffersFromIt(t *testing.T) {
	for differing, says := range map[int]string{0: "0 subjects differ", 1: "1 subject differs", 12: "12 subjects differ"} {
		r := newReport(approvedModel(differing), Options{})
		says += " from the approved baseline: the snapshot taken at 2026-11-21 02:00:00 UTC in run 5, which jane| approved at " +
			"2026-11-22 02:00:00 UTC (SEC-1)"
		if len(r.approved.Rows) != differing || r.approved.Remarks[0].Text != "Acme: "+says {
			t.Errorf("%d rows, %q instead of %q", len(r.approved.Rows), r.approved.Remarks[0].Text, says)
		}
		if shown := r.pageApprovedTable(); differing > pageNames &&
			(len(shown.Rows) != pageNames || len(shown.Remarks) != 2) {
			t.Errorf("the first page has %d rows and %d remarks", len(shown.Rows), len(shown.Remarks))
		}
		text := string(file(t, r, MarkdownFile))
		if !strings.Contains(text, "## Compared with the approved baseline") || strings.Contains(text, "jane| approved") {
			t.Error("the Markdown does not have it, or does not escape the name")
		}
	}
}

func TestReportSaysWhyTheApprovedBaselineWasNotCompared(t *testing.T) {
	m := approvedModel(0)
	f := failing(approvedRule, diff.Medium, 1, "Acme", "turned off: not needed")
	f.Status = finding.NotAssessed
	m.Organizations[0].Findings = append(m.Organizations[0].Findings, f)
	r := newReport(m, Options{})
	if !strings.HasPrefix(r.approved.Remarks[0].Text, "Acme: not everything was compared with the approved baseline") {
		t.Error(r.approved.Remarks[0].Text)
	}
	if len(r.approved.Rows) != 1 || !strings.Contains(string(file(t, r, MarkdownFile)), "turned off: not needed") {
		t.Errorf("%+v", r.approved.Rows)
	}
}
