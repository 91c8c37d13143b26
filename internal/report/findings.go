package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

var findingColumns = []column{
	{"Rule", "rule_id"},
	{"Status", "status"},
	{"Severity", "severity"},
	{"Organization", "organization"},
	{"Title", "title"},
	{"Subject name", "subject_name"},
	{"Subject ID", "subject_id"},
	{"Subject type", "subject_type"},
	{"Observed", "observed"},
	{"Expected", "expected"},
	{"Original status", "original_status"},
	{"Accepted by, until when, why", "accepted"},
	{"First seen (UTC)", "first_seen"},
	{"Last seen (UTC)", "last_seen"},
	{"Days open", "days_open"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
	{"Fingerprint", "fingerprint"},
}

// frameworkCells are the controls that a rule supports, a cell for each framework.
func frameworkCells(r *finding.Rule) []any {
	cells := make([]any, len(finding.Frameworks))
	for i, framework := range finding.Frameworks {
		cells[i] = strings.Join(r.Controls(framework), ", ")
	}
	return cells
}

// findingTable has every outcome but a pass, of each organization the failed and most serious first; the passes are counted in the rules.
func (v *view) findingTable() *table {
	return &table{
		name:    "Findings",
		file:    fileFindings,
		columns: findingColumns,
		rows: func(yield func(row) bool) {
			for i, o := range v.each() {
				for _, f := range o.notPassed() {
					if !yield(row{i, v.findingCells(i, f)}) {
						return
					}
				}
			}
		},
		remarks: v.findingRemarks(),
	}
}

func (v *view) findingCells(organization int, f *snapshot.Finding) []any {
	var days, original any
	if !f.FirstSeen.IsZero() {
		days = f.DaysOpen
	}
	if f.OriginalStatus != "" {
		original = f.OriginalStatus
	}
	cells := []any{
		f.RuleID, f.Status, f.Severity, v.label(organization), f.Title, f.SubjectName, f.SubjectID, string(f.SubjectType),
		f.Observed, f.Expected, original, acceptedText(f), instant(f.FirstSeen, ""), instant(f.LastSeen, ""), days,
	}
	return append(append(cells, frameworkCells(findRule(v.Rules, f.RuleID))...), f.Fingerprint)
}

// acceptedText tells the exception that covers a finding; one that expired is named in what was observed.
func acceptedText(f *snapshot.Finding) string {
	x := f.Exception
	if x == nil || f.Status != finding.Excepted {
		return ""
	}
	text := fmt.Sprintf("%s until %s: %s", x.Owner, x.Expires.Format(time.DateOnly), x.Reason)
	if x.Ticket != "" {
		text += " (" + x.Ticket + ")"
	}
	return text
}

// findRule finds a rule of this version; one that it does not have is empty.
func findRule(rules []finding.Rule, id string) *finding.Rule {
	for i := range rules {
		if rules[i].ID == id {
			return &rules[i]
		}
	}
	return &finding.Rule{}
}

// notPassed sorts by status and severity and else keeps the stored order, which is that of the rules.
func (o *Organization) notPassed() []*snapshot.Finding {
	var all []*snapshot.Finding
	for i := range o.Findings {
		if o.Findings[i].Status != finding.Pass {
			all = append(all, &o.Findings[i])
		}
	}
	slices.SortStableFunc(all, func(a, b *snapshot.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(statuses, a.Status), slices.Index(statuses, b.Status)),
			cmp.Compare(slices.Index(diff.Severities, a.Severity), slices.Index(diff.Severities, b.Severity)))
	})
	return all
}

// statuses is the order in which findings are told.
var statuses = []finding.Status{finding.Fail, finding.NotAssessed, finding.Excepted, finding.Pass}

func (v *view) findingRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		switch {
		case !o.complete():
		case len(o.Findings) == 0:
			all = append(all, remark{i, v.label(i) + ": not assessed: no outcome of any rule is stored", true})
		case len(o.Findings) == o.findings(finding.Pass):
			all = append(all, remark{i, v.label(i) + ": none: every rule passed", false})
		}
	}
	return all
}

var ruleColumns = []column{
	{"Rule", "rule_id"},
	{"Title", "title"},
	{"Organization", "organization"},
	{"Outcome", "outcome"},
	{"Severity", "severity"},
	{"Fail", "fail"},
	{"Not assessed", "not_assessed"},
	{"Excepted", "excepted"},
	{"Pass", "pass"},
	{"Why it matters", "why"},
	{"Remedy", "remedy"},
	{"SOC 2", "soc2"},
	{"ISO 27001", "iso_27001"},
	{"NIST 800-53", "nist_800_53"},
	{"PCI DSS", "pci_dss"},
}

// ruleTable has every rule for every organization with how often it had which outcome.
func (v *view) ruleTable() *table {
	return &table{
		name:    "Rules",
		file:    fileRules,
		columns: ruleColumns,
		rows: rowsOf(v, v.rulesOf, func(i int, o *Organization, r *finding.Rule) []any {
			counts := o.outcomes(r.ID)
			var severity any = r.Severity
			if counts[finding.Fail] == 0 {
				severity = string(r.Severity) // in no colour: nothing is wrong
			}
			return append([]any{
				r.ID, r.Title, v.label(i), outcome(counts), severity, counts[finding.Fail], counts[finding.NotAssessed], counts[finding.Excepted],
				counts[finding.Pass], r.Why, r.Remedy,
			}, frameworkCells(r)...)
		}),
		remarks: []remark{{runLevel, "A mapping to a control says what a rule supports; no rule alone satisfies a control.", false}},
	}
}

// rulesOf is every rule, and behind them those of stored findings that this version does not have.
func (v *view) rulesOf(o *Organization) []finding.Rule {
	rules := slices.Clone(v.Rules)
	for i := range o.Findings {
		f := &o.Findings[i]
		if !slices.ContainsFunc(rules, func(r finding.Rule) bool { return r.ID == f.RuleID }) {
			rules = append(rules, finding.Rule{ID: f.RuleID, Title: f.Title, Severity: f.Severity})
		}
	}
	return rules
}

func (o *Organization) outcomes(rule string) map[finding.Status]int {
	counts := make(map[finding.Status]int, len(statuses))
	for i := range o.Findings {
		if o.Findings[i].RuleID == rule {
			counts[o.Findings[i].Status]++
		}
	}
	return counts
}

// outcome is the gravest status of a rule; a rule without any stored outcome was not assessed.
func outcome(counts map[finding.Status]int) finding.Status {
	for _, status := range statuses {
		if counts[status] > 0 {
			return status
		}
	}
	return finding.NotAssessed
}

// severityCounts says how many changes or findings there are of each severity that occurs, the most serious first.
func severityCounts[T any](items []T, severity func(*T) diff.Severity) string {
	var texts []string
	for _, s := range diff.Severities {
		n := 0
		for i := range items {
			if severity(&items[i]) == s {
				n++
			}
		}
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return orText(strings.Join(texts, ", "), "none")
}
