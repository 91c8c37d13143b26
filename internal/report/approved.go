package report

import (
	"fmt"
	"slices"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
)

// approvedRule is the rule whose findings are the subjects that differ from the approved baseline.
const approvedRule = "RUN-008"

// approvedTable lists what differs from the approved baselines. It has no rows and no remarks if no
// organization of the run has one.
func (r *report) approvedTable() *table.Table {
	t := table.New("Approved", r.Zone(), columnsOf["Approved"]...)
	t.Key = "approved"
	for i, o := range r.Organizations {
		if o.Approval == nil {
			continue
		}
		counts := make(map[finding.Status]int)
		for j := range o.Findings {
			f := &o.Findings[j]
			if f.RuleID != approvedRule || f.Status == finding.Pass {
				continue
			}
			counts[f.Status]++
			t.Add(i, Word(f.Severity), r.label(i), f.SubjectName, f.SubjectID, string(f.SubjectType), f.Observed,
				Word(f.Status), table.Instant(f.FirstSeen, ""))
		}
		differing := counts[finding.Fail] + counts[finding.Excepted]
		t.Remark(i, fmt.Sprintf("%s: %s", r.label(i), o.approvedInWords(differing, counts[finding.NotAssessed] > 0)))
	}
	return t
}

// topApproved returns the first differences from the approved baselines.
func (r *report) topApproved() *table.Table {
	shown := *r.approved
	if rest := len(shown.Rows) - TopRows; rest > 0 {
		shown.Rows, shown.Remarks = shown.Rows[:TopRows], slices.Clone(shown.Remarks)
		shown.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet %s", rest, r.findings.Name))
	}
	return &shown
}

// approvedInWords says how many subjects differ from the approved baseline, and which one it is.
// partly is true if something was not compared.
func (o *Organization) approvedInWords(differing int, partly bool) string {
	result := Count(differing, "subject") + " differ from"
	switch {
	case partly && differing == 0:
		result = "not everything was compared with"
	case partly:
		result = "at least " + result
	case differing == 1:
		result = "1 subject differs from"
	}
	review := &o.Approval.Review
	text := fmt.Sprintf("%s the approved baseline: the snapshot taken at %s in run %d, which %s approved at %s", result,
		UTC(o.Approval.Snapshot.TakenAt), review.RunID, review.Reviewer, UTC(review.ReviewedAt))
	if review.Ticket != "" {
		text += " (" + review.Ticket + ")"
	}
	return text
}

// organizationsWithApproval counts the organizations that have an approved baseline.
func (m *Model) organizationsWithApproval() int {
	n := 0
	for _, o := range m.Organizations {
		if o.Approval != nil {
			n++
		}
	}
	return n
}
