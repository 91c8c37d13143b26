package report

import (
	"cmp"
	"fmt"

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
	t.Links = map[string]string{"subject_name": "subject_id"}
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
			t.Add(i, f.SubjectName, Word(f.Severity), Word(f.Status), f.Observed, table.Instant(f.FirstSeen, ""), r.label(i),
				string(f.SubjectType), f.SubjectID)
		}
		differing := counts[finding.Fail] + counts[finding.Excepted]
		t.Remark(i, fmt.Sprintf("%s: %s", r.label(i), o.approvedInWords(differing, counts[finding.NotAssessed] > 0)))
	}
	return t
}

// pageApprovedTable lists the first differences from the approved baselines for the first page.
func (r *report) pageApprovedTable() *table.Table {
	t := r.pageTable("First page approved")
	for _, row := range r.approved.Rows[:min(len(r.approved.Rows), pageNames)] {
		cell := func(key string) any { return row.Cells[r.approved.Column(key)] }
		subject := cmp.Or(table.Shown(cell("subject_name")), table.Shown(cell("subject_id")))
		t.Add(row.Organization, r.pageCells(row.Organization, []any{
			Brief(subject), cell("severity"), cell("first_seen"), cell("observed"), cell("status"),
		})...)
	}
	t.More(len(r.approved.Rows)-len(t.Rows), r.findings.Name)
	t.Remarks = append(t.Remarks, r.approved.Remarks[:min(len(r.approved.Remarks), pageNames)]...)
	return t
}

// approvedInWords says how many subjects differ from the approved baseline, and which one it is.
// partly is true if something was not compared.
func (o *Organization) approvedInWords(differing int, partly bool) string {
	result := Count(differing, "subject") + " differ from"
	if differing == 1 {
		result = "1 subject differs from"
	}
	switch {
	case partly && differing == 0:
		result = "not everything was compared with"
	case partly:
		result = "at least " + result
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
	return CountOf(m.Organizations, func(o *Organization) bool { return o.Approval != nil })
}
