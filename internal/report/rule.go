package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
)

// FrameworkColumns returns the columns with the controls that a rule supports.
func FrameworkColumns() []table.Column { return columnsOf["Frameworks"] }

// FrameworkCells returns the controls that a rule supports, a cell for each framework. The cells
// are empty for a rule that this version does not know.
func FrameworkCells(rules []finding.Rule, id string) []any {
	cells := make([]any, len(finding.Frameworks))
	i := slices.IndexFunc(rules, func(rule finding.Rule) bool { return rule.ID == id })
	for k, framework := range finding.Frameworks {
		var controls table.List
		if i >= 0 {
			controls.Items = rules[i].Controls(framework)
		}
		cells[k] = controls
	}
	return cells
}

// outcomeTable counts the findings of every rule in every organization by status.
func (r *report) outcomeTable() *table.Table {
	t := table.New("Rules", nil, columnsOf["Rules"]...)
	t.Key, t.File = "rule_outcomes", "rules.csv"
	t.Remark(table.RunLevel, "A rule supports the controls that it is mapped to. No rule alone satisfies a control.")
	for i := range r.evaluated {
		for _, o := range r.evaluated[i].outcomes {
			var severity any = string(o.rule.Severity) // without a colour if nothing fails
			if o.counts[finding.Fail] > 0 {
				severity = Word(o.rule.Severity)
			}
			t.Add(i, slices.Concat([]any{
				o.rule.ID, o.rule.Title, r.label(i), Word(o.status()), severity, o.counts[finding.Fail],
				o.counts[finding.NotAssessed], o.counts[finding.Excepted], o.counts[finding.Pass], o.rule.Why, o.rule.Remedy,
			}, r.controls(o.rule.ID))...)
		}
	}
	return t
}

// ruleTable lists the wording of each rule, for JSON.
func (r *report) ruleTable() *table.Table {
	t := table.New("", nil, columnsOf["Rule wordings"]...)
	t.Key = "rules"
	rules := slices.Clone(r.Rules)
	expected := make(map[string]string)
	for i := range r.evaluated {
		for j, o := range r.evaluated[i].outcomes {
			if _, seen := expected[o.rule.ID]; !seen && j >= len(r.Rules) {
				rules = append(rules, o.rule)
			}
			expected[o.rule.ID] = cmp.Or(expected[o.rule.ID], o.expected)
		}
	}
	for _, rule := range rules {
		t.Add(table.RunLevel, slices.Concat([]any{
			rule.ID, rule.Title, string(rule.Severity), cmp.Or(expected[rule.ID], rule.Expected), rule.Why, rule.Remedy,
		}, r.controls(rule.ID))...)
	}
	return t
}

// controls returns FrameworkCells, which it caches by rule.
func (r *report) controls(id string) []any {
	cells, made := r.frameworks[id]
	if !made {
		cells = FrameworkCells(r.Rules, id)
		r.frameworks[id] = cells
	}
	return cells
}

// SeverityText lists the counts above 0 with their severities, the most serious first. counts are
// in the order of diff.Severities.
func SeverityText(counts []int) string {
	var texts []string
	for i, n := range counts {
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, diff.Severities[i]))
		}
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}
