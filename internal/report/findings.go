package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	{"First seen (UTC)", "first_seen"},
	{"Days open", "days_open"},
	{"Fingerprint", "fingerprint"},
}

// findingTable has every outcome but a pass, of each organization the failed and most serious first; the passes are counted in the rules.
func (v *view) findingTable() *table {
	return &table{
		name:    "Findings",
		file:    fileFindings,
		columns: findingColumns,
		rows:    rowsOf(v, (*Organization).notPassed, func(i int, _ *Organization, f *snapshot.Finding) []any { return v.findingCells(i, f) }),
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
	return []any{
		f.RuleID, f.Status, f.Severity, v.label(organization), f.Title, f.SubjectName, f.SubjectID, string(f.SubjectType),
		f.Observed, f.Expected, original, instant(f.FirstSeen, ""), days, f.Fingerprint,
	}
}

// notPassed sorts by status and severity and else keeps the stored order, which is that of the rules.
func (o *Organization) notPassed() []snapshot.Finding {
	var all []snapshot.Finding
	for i := range o.Findings {
		if o.Findings[i].Status != finding.Pass {
			all = append(all, o.Findings[i])
		}
	}
	slices.SortStableFunc(all, func(a, b snapshot.Finding) int {
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
	{"Supports", "supports"},
}

// ruleTable has every rule for every organization with how often it had which outcome.
func (v *view) ruleTable() *table {
	return &table{
		name:    "Rules",
		file:    fileRules,
		columns: ruleColumns,
		rows: rowsOf(v, v.rulesOf, func(i int, o *Organization, r *finding.Rule) []any {
			counts := o.outcomes(r.ID)
			return []any{
				r.ID, r.Title, v.label(i), outcome(counts), r.Severity, counts[finding.Fail], counts[finding.NotAssessed], counts[finding.Excepted],
				counts[finding.Pass], r.Why, r.Remedy, supports(r.Supports),
			}
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

// supports lists controls by framework, in the order of the rule.
func supports(controls []finding.Control) string {
	var frameworks, texts []string
	for _, c := range controls {
		if i := slices.Index(frameworks, c.Framework); i >= 0 {
			texts[i] += ", " + c.ID
			continue
		}
		frameworks = append(frameworks, c.Framework)
		texts = append(texts, c.Framework+": "+c.ID)
	}
	return strings.Join(texts, "; ")
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
