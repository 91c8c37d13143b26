package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// SummaryGrid is the widths of a summary's columns, in characters: two texts, a long text, three
// numbers and five short ones. Its tables begin with texts and end with numbers.
var SummaryGrid = []float64{26, 42, 60, 13, 13, 13, 9, 9, 9, 9, 9}

// whereToLook is what a reader who has never seen the report needs to know.
var whereToLook = []string{
	"In full: Changes (since the last complete snapshot), Findings (what is wrong), Rules (all that was judged), " +
		"Inventory and SSO (what is configured), Timeline, Runs.",
	"How it was collected: Evidence. What the words mean: Glossary. To check the files: sha256sum -c SHA256SUMS in " +
		"their folder; to check the database: auditor verify.",
}

// summary is the sheet with the essence of the run: whether it is complete, what it is about, what
// changed, what is wrong, what was not looked at, and how to check all that.
func (r *report) summary() *xlsx.Sheet {
	s := &xlsx.Sheet{Name: "Summary", Fixed: SummaryGrid}
	s.Add(xlsx.Title, reportTitle+" of "+UTC(r.Run.StartedAt))
	standing := xlsx.Alarm
	if r.Complete() {
		standing = xlsx.AllWell
	}
	s.AddText(standing, r.status(), len(SummaryGrid))
	for _, alarm := range r.alarms() {
		s.AddText(xlsx.Alarm, alarm, len(SummaryGrid))
	}
	s.AddHeading("Run")
	facts := r.runFacts("id", "outcome", "started_at", "scheduled_for", "trigger", "tool_version")
	facts = append(facts, Fact{Item: "Failed findings", Value: SeverityText(r.failedBySeverity())},
		Fact{Item: "Tie-outs", Value: r.ties.String()})
	for _, f := range append(facts, r.writerFacts()...) {
		s.Add(xlsx.Plain, f.Item, f.Value)
	}
	for _, text := range whereToLook {
		s.Add(xlsx.Note, text)
	}
	s.AddBlock("Organizations, and their failed findings by severity", r.overviewTable())
	s.AddBlock("What changed: the most serious", r.topChangeTable())
	s.AddBlock("What is wrong: the most serious findings", r.topFindingTable())
	s.AddBlock("What was not assessed", r.notAssessedTable())
	s.AddBlock("Exceptions: findings that somebody has accepted", r.acceptedTable())
	r.addTrend(s)
	s.AddBlock("Tie-outs: each count from two sources", r.ties.Table(&r.names), TieOutKeys...)
	return s
}

// TopRows is how much of a long list a summary shows.
const TopRows = 10

// overviewTable has how each organization stands, those that are not complete first.
func (r *report) overviewTable() *table.Table {
	t := table.New("", nil, columnsOf["Overview"]...)
	for i, o := range r.Organizations {
		if !o.complete() {
			label := table.Word{Value: r.label(i), Text: r.label(i), Tone: table.Bad}
			t.Add(i, label, "nothing", NotComplete+": "+o.reason())
		}
	}
	for i, o := range r.Organizations {
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
	o, counts := r.Organizations[organization], r.judged[organization].counts
	notAssessed, otherwise := o.compared()
	texts := append(notAssessed, otherwise...)
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
	t := table.New("", nil, columnsOf["Top changes"]...)
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
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Missing(i, NotComplete+": "+r.label(i)+": nothing is known of its changes")
		}
	}
	return t
}

// topFindingTable has the most serious failed findings of all organizations.
func (r *report) topFindingTable() *table.Table {
	t := table.New("", nil, columnsOf["Top findings"]...)
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
	t := table.New("", nil, columnsOf["Not assessed"]...)
	for i, organization := range r.Organizations {
		if !organization.complete() {
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
