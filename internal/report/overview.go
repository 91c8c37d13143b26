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

// TopRows is how much of a long list a summary shows.
const TopRows = 10

// overviewTable has how each organization stands, those that are not complete first.
func (r *report) overviewTable() *table.Table {
	t := table.New("", nil, append([]table.Column{
		table.Text("Organization", "organization"), table.Text("Compared with", "compared"),
		table.Text("To know beside the numbers", "beside"), table.Int("SCIM", "scim_configurations"),
		table.Int("SSO", "sso_configurations"), table.Int("Changes", "changes"),
	}, SeverityColumns()...)...)
	for i := range r.Organizations {
		if o := &r.Organizations[i]; !o.complete() {
			label := table.Word{Value: r.label(i), Text: r.label(i), Tone: table.Bad}
			t.Add(i, label, "nothing", NotComplete+": "+o.reason())
		}
	}
	for i := range r.Organizations {
		o := &r.Organizations[i]
		if !o.complete() {
			continue
		}
		compared := baselineText
		var sso, changes any
		if o.Snapshot.SSONotAssessed == "" {
			sso = len(o.SSO)
		}
		if o.Baseline != nil {
			compared, changes = "the snapshot of "+UTC(o.Baseline.TakenAt), len(o.Changes)
		}
		cells := []any{r.label(i), compared, r.besideText(i), len(o.SCIM), sso, changes}
		for _, n := range r.judged[i].failed {
			cells = append(cells, n)
		}
		t.Add(i, cells...)
	}
	return t
}

// besideText says what the numbers of an organization do not.
func (r *report) besideText(organization int) string {
	o, counts := &r.Organizations[organization], r.judged[organization].counts
	texts := append(o.notAssessed(), o.comparedOtherwise()...)
	if why := o.Snapshot.SSONotAssessed; why != "" && o.first() { // else its changes are not assessed
		texts = append(texts, "SSO configurations not assessed: "+why)
	}
	if why := o.Snapshot.PoliciesNotAssessed; why != "" && o.first() {
		texts = append(texts, "organization policies not assessed: "+why)
	}
	if n := counts[finding.NotAssessed]; n > 0 {
		texts = append(texts, Count(n, "outcome")+" not assessed")
	}
	if n := counts[finding.Excepted]; n > 0 {
		texts = append(texts, Count(n, "finding")+" accepted")
	}
	return strings.Join(texts, "; ")
}

// mostSerious are the first rows of a table by severity, and how many more there are; of findings
// those that fail.
func mostSerious(t *table.Table) (rows []table.Row, rest int) {
	severity := t.Column("severity")
	status := slices.IndexFunc(t.Columns, func(c table.Column) bool { return c.Key == "status" })
	for _, s := range diff.Severities {
		for _, row := range t.Rows {
			switch {
			case row.Cells[severity] != Word(s), status >= 0 && row.Cells[status] != Word(finding.Fail):
			case len(rows) == TopRows:
				rest++
			default:
				rows = append(rows, row)
			}
		}
	}
	return rows, rest
}

// topChangeTable has the most serious changes of all organizations. What was added or removed as a
// whole stands in the sheet Changes.
func (r *report) topChangeTable() *table.Table {
	t := table.New("", nil, table.Text("Organization", "organization"), table.Text("Change", "kind"),
		table.Text("Before, after, and who may have made it", "values"), table.Text("Severity", "severity"))
	rows, rest := mostSerious(r.reading)
	for _, row := range rows {
		cell := func(key string) string { return table.Shown(row.Cells[r.reading.Column(key)]) }
		text := cell("actor")
		if field := cell("field"); field != "" {
			before, after := cmp.Or(cell("before"), "nothing"), cmp.Or(cell("after"), "nothing")
			text = fmt.Sprintf("%s: %s → %s. %s", field, before, after, text)
		}
		t.Add(row.Organization, cell("organization"), cell("kind")+": "+cmp.Or(cell("subject"), cell("subject_id")), text,
			row.Cells[r.reading.Column("severity")])
	}
	if rest > 0 {
		t.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet Changes", rest))
	}
	for i := range r.Organizations {
		if !r.Organizations[i].complete() {
			t.Missing(i, NotComplete+": "+r.label(i)+": nothing is known of its changes")
		}
	}
	return t
}

// topFindingTable has the most serious failed findings of all organizations.
func (r *report) topFindingTable() *table.Table {
	t := table.New("", nil, table.Text("Organization", "organization"), table.Text("Finding", "title"),
		table.Text("Subject and observation", "observed"), table.Text("Severity", "severity"), table.Text("Rule", "rule_id"),
		table.Int("Days open", "days_open"))
	rows, rest := mostSerious(r.findings)
	for _, row := range rows {
		cell := func(key string) any { return row.Cells[r.findings.Column(key)] }
		subject := cmp.Or(table.Shown(cell("subject_name")), table.Shown(cell("subject_id")))
		t.Add(row.Organization, cell("organization"), cell("title"), subject+": "+table.Shown(cell("observed")),
			cell("severity"), cell("rule_id"), cell("days_open"))
	}
	if rest > 0 {
		t.Remark(table.RunLevel, fmt.Sprintf("%d more in the sheet Findings", rest))
	}
	return t
}

// notAssessedTable has a row for each rule that could not be evaluated for some subject, and one for
// all that is unknown of a failed snapshot.
func (r *report) notAssessedTable() *table.Table {
	t := table.New("", nil, table.Text("Organization", "organization"), table.Text("Not assessed", "title"),
		table.Text("Why", "observed"), table.Int("Outcomes", "outcomes"), table.Text("Rule", "rule_id"))
	for i := range r.Organizations {
		if !r.Organizations[i].complete() {
			t.Add(i, r.label(i), "everything", NotComplete)
			continue
		}
		for _, o := range r.judged[i].outcomes {
			n, why := o.counts[finding.NotAssessed], o.why
			if len(o.counts) == 0 {
				n, why = 1, "no outcome of this rule is stored"
			}
			if n > 0 {
				t.Add(i, r.label(i), o.rule.Title, why, n, o.rule.ID)
			}
		}
	}
	return t
}
