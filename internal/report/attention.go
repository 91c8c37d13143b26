package report

import (
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
)

// attentionRows is the number of organizations that the first page of a fleet lists.
const attentionRows = 7

// attention is an organization with changes, failed findings or gaps, and why.
type attention struct {
	organization int
	complete     bool
	changes      []int // in the order of diff.Severities
	serious      []int // changes and failed findings
	gap          string
}

// attentionTable lists the organizations of a fleet that have changes, failed findings or gaps, the
// most serious first, and counts the others.
func (r *report) attentionTable() *table.Table {
	t := table.New("", nil, columnsOf["First page organizations"]...)
	common := r.commonGap()
	var all []attention
	first, compared := 0, 0 // of the organizations that are not listed
	for i, o := range r.Organizations {
		one := attention{organization: i, complete: o.complete(), changes: make([]int, len(diff.Severities))}
		for j := range o.Changes {
			if severity := slices.Index(diff.Severities, o.Changes[j].Severity); severity >= 0 {
				one.changes[severity]++
			}
		}
		for severity, n := range one.changes {
			one.serious = append(one.serious, n+r.evaluated[i].failed[severity])
		}
		if one.gap = NotAssessedInWords(o.Coverage()); one.gap == common {
			one.gap = ""
		}
		switch {
		case !one.complete, len(o.Changes) > 0, slices.Max(one.serious) > 0, one.gap != "":
			all = append(all, one)
		case o.first():
			first++
		default:
			compared++
		}
	}
	slices.SortStableFunc(all, moreSerious)
	for _, one := range all[:min(len(all), attentionRows)] {
		t.Add(one.organization, r.attentionCells(one)...)
	}
	t.More(len(all)-len(t.Rows), organizationsSheet)
	noun, changes := "organization", "no changes"
	if len(all) > 0 {
		noun = "other organization"
	}
	if common != "" {
		changes = "no changes of what was compared"
	}
	if compared > 0 {
		t.Remark(table.RunLevel, Count(compared, noun)+": complete, "+changes+", no failed findings.")
	}
	if first > 0 {
		t.Remark(table.RunLevel, Count(first, noun)+": complete, first snapshot, no failed findings.")
	}
	if common != "" {
		t.Remark(table.RunLevel, "In every complete organization: "+common+".")
	}
	return t
}

// moreSerious compares organizations: first those that are not complete, then by the worst of their
// changes and failed findings.
func moreSerious(a, b attention) int {
	switch {
	case a.complete == b.complete:
		return slices.Compare(b.serious, a.serious)
	case b.complete:
		return -1
	}
	return 1
}

func (r *report) attentionCells(one attention) []any {
	o := r.Organizations[one.organization]
	name := Brief(r.label(one.organization))
	if !one.complete {
		return []any{name, table.Word{Value: "failed", Text: "failed", Tone: table.Bad}, "not known", Brief(o.reason()), ""}
	}
	var changes any = "none"
	if o.first() {
		changes = "baseline"
	} else if len(o.Changes) > 0 {
		changes = fmt.Sprintf("%d: %s", len(o.Changes), SeverityText(one.changes))
	}
	return []any{name, table.Word{Value: "complete", Text: "complete", Tone: table.Good}, changes,
		SeverityText(r.evaluated[one.organization].failed), Brief(one.gap)}
}

// commonGap returns what was not read in full in every complete organization, "" if they differ.
func (r *report) commonGap() (common string) {
	seen := false
	for _, o := range r.Organizations {
		if !o.complete() {
			continue
		}
		gap := NotAssessedInWords(o.Coverage())
		if seen && gap != common {
			return ""
		}
		common, seen = gap, true
	}
	return common
}
