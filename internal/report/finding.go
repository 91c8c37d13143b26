package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

var statuses = []finding.Status{finding.Fail, finding.NotAssessed, finding.Excepted, finding.Pass}

type subject struct {
	organization int
	kind         diff.SubjectType
	id           string
}

// evaluation counts the findings of an organization.
type evaluation struct {
	outcomes []outcome              // by rule, in the order of the rules
	failed   []int                  // failed findings, in the order of diff.Severities
	counts   map[finding.Status]int // of all findings
	findings int
}

type outcome struct {
	rule     *finding.Rule
	expected string // with the thresholds in use; empty if no finding is stored
	counts   tally  // of subjects
	subjects int    // that the rule judged or could not assess
	reason   string // the first reason of a finding that is not assessed
}

// tally has a number for each of statuses. A status that this version does not know has none.
type tally [4]int

func (t *tally) of(status finding.Status) int {
	if i := slices.Index(statuses, status); i >= 0 {
		return t[i]
	}
	return 0
}

func (t *tally) set(status finding.Status, n int) {
	if i := slices.Index(statuses, status); i >= 0 {
		t[i] = n
	}
}

// nothingToJudge is the outcome of a rule without a subject. It is not a pass.
const nothingToJudge finding.Status = "nothing_to_judge"

// countSubjects counts the subjects of a rule. The store has one pass for all subjects that pass.
func (o *outcome) countSubjects(organization *Organization, wholeNotAssessed bool) {
	if o.rule.Judges == "" || wholeNotAssessed || o.expected == "" {
		for _, n := range o.counts {
			o.subjects += n
		}
		return
	}
	o.subjects = organization.population(o.rule.Judges)
	rest := o.subjects - o.counts.of(finding.Fail) - o.counts.of(finding.NotAssessed) - o.counts.of(finding.Excepted)
	o.counts.set(finding.Pass, max(rest, 0))
}

// population counts the configurations or members that a rule judges.
func (o *Organization) population(p finding.Population) int {
	switch p {
	case finding.AllSCIM:
		return len(o.SCIM)
	case finding.EnabledSCIM:
		return o.enabled()
	case finding.DisabledSCIM:
		return len(o.SCIM) - o.enabled()
	case finding.LinkedSCIM:
		return CountOf(o.SCIM, func(c snapshot.SCIMConfiguration) bool { return c.SSOConfigurationID != "" })
	case finding.AllSSO:
		return len(o.SSO)
	case finding.MembersWithAccess:
		return CountOf(o.Members, finding.HasAccess)
	case finding.OtherMembers:
		return CountOf(o.Members, func(m ona.OrganizationMember) bool { return m.Status != ona.UserStatusActive })
	}
	return 0
}

// status returns the gravest status of the rule's findings. If there is none, the rule had nothing
// to judge, or no finding of it is stored.
func (o *outcome) status() finding.Status {
	for i, n := range o.counts {
		if n > 0 {
			return statuses[i]
		}
	}
	if o.rule.Judges != "" && o.expected != "" && o.subjects == 0 {
		return nothingToJudge
	}
	return finding.NotAssessed
}

// evaluate counts the findings of an organization. Rules that this version does not know come
// last.
func evaluate(o *Organization, rules []finding.Rule) *evaluation {
	j := &evaluation{
		outcomes: make([]outcome, 0, len(rules)), failed: make([]int, len(diff.Severities)),
		counts: make(map[finding.Status]int), findings: len(o.Findings),
	}
	at, whole := make(map[string]int), make(map[string]bool) // whole has the rules that were not assessed at all
	add := func(rule *finding.Rule) {
		at[rule.ID] = len(j.outcomes)
		j.outcomes = append(j.outcomes, outcome{rule: rule})
	}
	for i := range rules {
		if !rules[i].OfMembers() || asksForMembers(&o.Snapshot) {
			add(&rules[i])
		}
	}
	for i := range o.Findings {
		f := &o.Findings[i]
		if _, known := at[f.RuleID]; !known {
			add(&finding.Rule{ID: f.RuleID, Title: f.Title, Severity: f.Severity})
		}
		rule := &j.outcomes[at[f.RuleID]]
		rule.expected = cmp.Or(rule.expected, f.Expected)
		rule.counts.set(f.Status, rule.counts.of(f.Status)+1)
		j.counts[f.Status]++
		if f.Status == finding.NotAssessed {
			rule.reason = cmp.Or(rule.reason, f.Observed)
			whole[f.RuleID] = whole[f.RuleID] || f.SubjectType == diff.Organization
		}
		if f.Status == finding.Fail {
			if severity := slices.Index(diff.Severities, f.Severity); severity >= 0 { // else a tie-out fails
				j.failed[severity]++
			}
		}
	}
	for i := range j.outcomes {
		j.outcomes[i].countSubjects(o, whole[j.outcomes[i].rule.ID])
	}
	return j
}

// evaluateAll counts the findings of all organizations.
func (r *report) evaluateAll() {
	addControls := func(outcomes []outcome) {
		for _, one := range outcomes {
			if r.controls[one.rule.ID] == nil {
				r.controls[one.rule.ID] = FrameworkCells(*one.rule)
			}
		}
	}
	addControls(r.sums.outcomes)
	for i, o := range r.Organizations {
		e := o.evaluated
		if e == nil {
			e = evaluate(o, r.Rules)
		}
		r.evaluated = append(r.evaluated, e)
		addControls(e.outcomes)
		for j := range o.Findings {
			if f := &o.Findings[j]; f.Status == finding.Fail {
				key := subject{i, f.SubjectType, f.SubjectID}
				r.failing[key] = append(r.failing[key], f.RuleID)
			}
		}
	}
}

func (r *report) failedBySeverity() []int {
	counts := make([]int, len(diff.Severities))
	for i := range r.evaluated {
		for severity, n := range r.evaluated[i].failed {
			counts[severity] += n
		}
	}
	return counts
}

// findingTables returns a table of all findings except passes, the failed and most serious ones
// of each organization first, and a table of the passes, which the sheets only count.
func (r *report) findingTables() (findings, passes *table.Table) {
	findings, passes = r.table("Findings"), table.New("", nil, columnsOf["Findings"]...)
	passes.Key = "passes"
	findings.Links = map[string]string{"subject_name": "subject_id", "rule_id": "rule_id"}
	r.alarm(findings)
	r.fleetRemark(passes, "has no passes: "+outcomesKey+" counts them")
	common := r.commonReasons(findings)
	for i, o := range r.Organizations {
		for _, f := range o.sortedFindings() {
			t := findings
			switch {
			case common[reasonOf(f)]:
				continue
			case f.Status == finding.Pass:
				t = passes
			}
			r.add(t, i, func() []any { return r.findingCells(i, f) })
		}
		switch {
		case !o.complete():
		case r.evaluated[i].findings == 0:
			findings.Missing(i, r.label(i)+": not assessed: no findings are stored")
		case r.evaluated[i].findings == r.evaluated[i].counts[finding.Pass]:
			findings.Remark(i, r.label(i)+": none: every rule passed")
		}
	}
	return findings, passes
}

func (r *report) findingCells(organization int, f *snapshot.Finding) []any {
	var days any
	if !f.FirstSeen.IsZero() {
		days = f.DaysOpen
	}
	return slices.Concat([]any{
		f.SubjectName, Word(f.Severity), Word(f.Status), f.RuleID, f.Observed, f.Remedy, ControlsText(r.controls[f.RuleID]),
		r.label(organization), f.Title, days, AcceptedText(f), f.Expected, Word(f.OriginalStatus),
		table.Instant(f.FirstSeen, ""), table.Instant(f.LastSeen, ""),
	}, r.controls[f.RuleID], []any{string(f.SubjectType), f.SubjectID, f.Fingerprint})
}

// sortedFindings returns the findings by status, then by severity, then in the order of the
// rules.
func (o *Organization) sortedFindings() []*snapshot.Finding {
	all := make([]*snapshot.Finding, len(o.Findings))
	for i := range o.Findings {
		all[i] = &o.Findings[i]
	}
	slices.SortStableFunc(all, func(a, b *snapshot.Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(statuses, a.Status), slices.Index(statuses, b.Status)),
			cmp.Compare(slices.Index(diff.Severities, a.Severity), slices.Index(diff.Severities, b.Severity)))
	})
	return all
}

// AcceptedText returns the text of the exception that covers a finding, "" if there is none.
// Observed names an expired exception.
func AcceptedText(f *snapshot.Finding) string {
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

// FrameworkColumns returns the columns with the controls that a rule supports.
func FrameworkColumns() []table.Column { return columnsOf["Frameworks"] }

// FrameworkCells returns the controls that a rule supports, a cell for each framework. The
// cells are empty for a rule without controls, such as one that this version does not know.
func FrameworkCells(rule finding.Rule) []any {
	cells := make([]any, len(finding.Frameworks))
	for i, framework := range finding.Frameworks {
		cells[i] = table.List{Items: rule.Controls(framework)}
	}
	return cells
}

// frameworkNames has short names of finding.Frameworks, as auditors say them.
var frameworkNames = []string{"SOC 2", "ISO", "NIST", "PCI"}

// ControlsText returns the controls of a rule as one text, without frameworks that have none.
func ControlsText(cells []any) string {
	var texts []string
	for i, cell := range cells {
		if text := table.Shown(cell); text != "" {
			texts = append(texts, frameworkNames[i]+" "+text)
		}
	}
	return strings.Join(texts, "; ")
}

// outcomesKey names the array of outcomeTable in JSON.
const outcomesKey = "rule_outcomes"

// outcomeTable counts the findings of every rule by status: in every organization, in a fleet over
// all of them.
func (r *report) outcomeTable() *table.Table {
	t := table.New("Rules", nil, columnsOf["Rules"]...)
	t.Key, t.File, t.Anchor = outcomesKey, "rules.csv", "rule_id"
	t.Remark(table.RunLevel, "A rule supports the controls that it is mapped to. No rule alone satisfies a control.")
	r.fleetRemark(t, "counts each rule over all of them")
	if r.isFleet() {
		r.addOutcomes(t, table.RunLevel, r.sums.outcomes)
		return t
	}
	for i := range r.evaluated {
		r.addOutcomes(t, i, r.evaluated[i].outcomes)
	}
	return t
}

func (r *report) addOutcomes(t *table.Table, organization int, outcomes []outcome) {
	for _, o := range outcomes {
		var severity any = string(o.rule.Severity) // without a colour if nothing fails
		if o.counts.of(finding.Fail) > 0 {
			severity = Word(o.rule.Severity)
		}
		t.Add(organization, slices.Concat([]any{
			o.rule.Title, o.rule.ID, Word(o.status()), severity, o.subjects, o.counts.of(finding.Fail),
			o.counts.of(finding.NotAssessed), o.counts.of(finding.Excepted), o.counts.of(finding.Pass),
			r.names.Of(organization), o.rule.Remedy, o.rule.Why,
		}, r.controls[o.rule.ID])...)
	}
}

// ruleTable lists the wording of each rule, for JSON.
func (r *report) ruleTable() *table.Table {
	t := table.New("", nil, columnsOf["Rule wordings"]...)
	t.Key = "rules"
	rules := slices.Clone(r.Rules)
	expected := make(map[string]string)
	outcomes := [][]outcome{r.sums.outcomes}
	for i := range r.evaluated {
		outcomes = append(outcomes, r.evaluated[i].outcomes)
	}
	for _, one := range slices.Concat(outcomes...) {
		if !slices.ContainsFunc(rules, func(rule finding.Rule) bool { return rule.ID == one.rule.ID }) {
			rules = append(rules, *one.rule)
		}
		expected[one.rule.ID] = cmp.Or(expected[one.rule.ID], one.expected)
	}
	for _, rule := range rules {
		t.Add(table.RunLevel, slices.Concat([]any{
			rule.ID, rule.Title, string(rule.Severity), cmp.Or(expected[rule.ID], rule.Expected), rule.Why, rule.Remedy,
		}, FrameworkCells(rule))...)
	}
	return t
}

// SeverityText lists the counts above 0 with their severities, the most serious first. counts
// are in the order of diff.Severities.
func SeverityText(counts []int) string {
	var texts []string
	for i, n := range counts {
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, diff.Severities[i]))
		}
	}
	return cmp.Or(strings.Join(texts, ", "), "none")
}
