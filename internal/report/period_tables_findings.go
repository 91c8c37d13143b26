package report

import (
	"fmt"

	"scim-auditor/internal/snapshot"
)

var periodFindingColumns = []column{
	{"Rule", "rule_id"},
	{"State", "state"},
	{"Status", "status"},
	{"Severity", "severity"},
	{"Organization", "organization"},
	{"Title", "title"},
	{"Subject name", "subject_name"},
	{"Subject ID", "subject_id"},
	{"Subject type", "subject_type"},
	{"Opened", "opened"},
	{"First seen (UTC)", "first_seen"},
	{"Last seen (UTC)", "last_seen"},
	{"Closed by the snapshot of (UTC)", "closed_by"},
	{"Days open", "days_open"},
	{"Accepted at the end by, until when, why", "accepted"},
	{"Observed", "observed"},
	{"Expected", "expected"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
	{"Fingerprint", "fingerprint"},
}

// The states of a finding at the end of the period.
var episodeStates = map[episodeState]string{episodeOpen: "open at the end", episodeNotKnown: "not known: removed by retention", episodeClosed: "closed in the period"}

// findingTable has every finding that was open at some time in the period.
func (v *periodView) findingTable() *table {
	t := &table{
		name: "Findings", file: fileFindings, columns: periodFindingColumns,
		rows: rowsOfPeriod(v, func(o *periodOrganization) []episode { return o.episodes }, func(label string, o *periodOrganization, e *episode) []any {
			var closed any
			if e.closedBy != nil {
				closed = e.closedBy.TakenAt
			}
			cells := []any{
				e.RuleID, episodeStates[e.state()], e.Status, e.Severity, label, v.title(e), e.SubjectName, e.SubjectID, string(e.SubjectType),
				v.opened(o, e), e.FirstSeen, e.LastSeen, closed, o.daysOpen(e), o.accepted(e), e.Observed, e.Expected,
			}
			return append(append(cells, frameworkCells(findRule(v.Rules, e.RuleID))...), e.Fingerprint)
		}),
	}
	for i, o := range v.each() {
		if n := len(o.pruned()); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: retention removed the findings of %s: what was open in these alone is not here",
				wordNotComplete, v.labels[i], count(n, "snapshot")), true})
		}
	}
	return t
}

// accepted tells the exception that covers a finding at the end.
func (o *periodOrganization) accepted(e *episode) string {
	if e.state() != episodeOpen {
		return ""
	}
	return o.endsWith.accepted[e.Fingerprint]
}

// opened says when a finding was opened, seen from the period.
func (v *periodView) opened(o *periodOrganization, e *episode) string {
	switch {
	case o.before(e):
		return "before the period"
	case e.FirstSeen.Before(v.From) && o.opening != nil:
		return "before the period, after the opening snapshot"
	case e.FirstSeen.Before(v.From):
		return "before the period"
	case o.opening == nil && o.isFirst(e):
		return "with the first complete snapshot"
	}
	return "in the period"
}

// isFirst says whether a finding was first seen in the organization's first complete snapshot: since when it had been there nobody knows.
func (o *periodOrganization) isFirst(e *episode) bool {
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete {
			return e.FirstSeen.Equal(s.TakenAt)
		}
	}
	return false
}
