package report

import (
	"fmt"
	"iter"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// topRows is how much of a long list the summary shows.
const topRows = 10

// overviewTable has how each organization stands, those that are not complete first.
func (v *view) overviewTable() *table {
	t := &table{columns: append([]column{
		{"Organization", "organization"}, {"Compared with", "compared"}, {"To know beside the numbers", "beside"}, {"SCIM", "scim_configurations"},
		{"SSO", "sso_configurations"}, {"Changes", "changes"},
	}, severityColumns()...)}
	var failed, rows []row
	for i, o := range v.each() {
		if !o.complete() {
			failed = append(failed, row{i, []any{looked{lookBad, v.label(i)}, "nothing", wordNotComplete + ": " + o.reason()}})
			continue
		}
		cells := []any{v.label(i), o.comparedText(), v.besideText(i), len(o.SCIM), unlessKnown(o.Snapshot.SSONotAssessed, len(o.SSO)), unlessKnown(o.noChanges(), len(o.Changes))}
		for _, severity := range diff.Severities {
			cells = append(cells, o.failedAs(severity))
		}
		rows = append(rows, row{i, cells})
	}
	t.rows = rowList(append(failed, rows...))
	return t
}

// unlessKnown is a number, or nothing where there is none.
func unlessKnown(why string, n int) any {
	if why != "" {
		return nil
	}
	return n
}

func (o *Organization) noChanges() string {
	if o.first() {
		return baselineText
	}
	return ""
}

func (o *Organization) comparedText() string {
	if o.Baseline == nil {
		return baselineText
	}
	return fmt.Sprintf("the snapshot of %s", utc(o.Baseline.TakenAt))
}

// besideText says what the numbers of an organization do not.
func (v *view) besideText(organization int) string {
	o := &v.Organizations[organization]
	var texts []string
	if why := o.Snapshot.SSONotAssessed; why != "" && o.first() { // else its changes are not assessed, below
		texts = append(texts, "SSO configurations not assessed: "+why)
	}
	if why := o.Snapshot.PoliciesNotAssessed; why != "" && o.first() {
		texts = append(texts, "organization policies not assessed: "+why)
	}
	for _, r := range v.notCompared(organization) {
		texts = append(texts, strings.TrimPrefix(r.text, v.label(organization)+": "))
	}
	if n := o.findings(finding.NotAssessed); n > 0 {
		texts = append(texts, count(n, "outcome")+" not assessed")
	}
	if n := o.findings(finding.Excepted); n > 0 {
		texts = append(texts, count(n, "finding")+" accepted")
	}
	return strings.Join(texts, "; ")
}

// topChangeTable has the most serious changes of all organizations.
func (v *view) topChangeTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Change", "kind"}, {"Before, after, and who may have made it", "values"}, {"Severity", "severity"},
	}}
	t.rows, t.remarks = mostSerious(v, func(o *Organization) []snapshot.Change { return o.Changes },
		func(c *snapshot.Change) diff.Severity { return c.Severity },
		func(i int, o *Organization, c *snapshot.Change) []any {
			return []any{v.label(i), string(c.Kind) + ": " + orText(c.SubjectName, c.SubjectID), o.changeText(c), c.Severity}
		}, "Changes")
	for i, o := range v.each() {
		if !o.complete() {
			t.remarks = append(t.remarks, remark{i, wordNotComplete + ": " + v.label(i) + ": nothing is known of its changes", true})
		}
	}
	return t
}

// changeText tells a change in a line. What was added or removed as a whole stands in the sheet Changes.
func (o *Organization) changeText(c *snapshot.Change) string {
	var text string
	if c.Field != "" {
		text = fmt.Sprintf("%s: %s → %s. ", c.Field, orText(readable(c.Before, c.BeforeLabel), "nothing"), orText(readable(c.After, c.AfterLabel), "nothing"))
	}
	who := strings.TrimSpace(c.ActorAction + " " + c.ActorID)
	return text + orText(who, whyNoActor(o.AuditLog))
}

// topFindingTable has the most serious failed findings of all organizations.
func (v *view) topFindingTable() *table {
	t := &table{columns: []column{
		{"Organization", "organization"}, {"Finding", "title"}, {"Subject and observation", "observed"}, {"Severity", "severity"}, {"Rule", "rule_id"},
		{"Days open", "days_open"},
	}}
	t.rows, t.remarks = mostSerious(v, func(o *Organization) []snapshot.Finding { return o.Findings }, failedSeverity,
		func(i int, _ *Organization, f *snapshot.Finding) []any {
			return []any{v.label(i), f.Title, orText(f.SubjectName, f.SubjectID) + ": " + f.Observed, f.Severity, f.RuleID, f.DaysOpen}
		}, "Findings")
	return t
}

// mostSerious is the first rows of what all organizations have, and a remark on how many more the sheet has; what has no severity is left out.
func mostSerious[T any](v *view, items func(*Organization) []T, severity func(*T) diff.Severity, cells func(int, *Organization, *T) []any,
	sheet string) (iter.Seq[row], []remark) {
	var rows []row
	rest := 0
	for _, s := range diff.Severities {
		for i, o := range v.each() {
			list := items(o)
			for j := range list {
				switch {
				case severity(&list[j]) != s:
				case len(rows) == topRows:
					rest++
				default:
					rows = append(rows, row{i, cells(i, o, &list[j])})
				}
			}
		}
	}
	if rest == 0 {
		return rowList(rows), nil
	}
	return rowList(rows), []remark{{runLevel, fmt.Sprintf("%d more in the sheet %s", rest, sheet), false}}
}
