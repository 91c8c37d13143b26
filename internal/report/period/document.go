package period

import (
	_ "embed" // the glossary
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// document is a period with its tables, each of which is made once and rendered into every format.
type document struct {
	*Period
	report.Options
	every  []organizationNight // see everyNight
	sheets struct {
		population, nights, sample, net, changes, findings, exceptions, snapshots, runs *table.Table
	}
	ties, evidence *table.Table
	book           *xlsx.Book

	status string   // the sentence that the report opens with
	gaps   []string // why the period is not covered as a whole; none where it is
	alarms []string // what must stand at the very top: every gap, and every count that does not tie
	notes  []string
}

func newDocument(p *Period, opts report.Options) *document {
	d := &document{Period: p, Options: opts, every: p.everyNight(), notes: p.findNotes()}
	d.sheets.population = d.populationTable()
	d.sheets.nights = d.nightTable()
	d.sheets.sample = d.sampleTable()
	d.sheets.net = d.netTable()
	d.sheets.changes = d.changeTable()
	d.sheets.findings = d.findingTable()
	d.sheets.exceptions = d.exceptionTable()
	d.sheets.snapshots = d.snapshotTable()
	d.sheets.runs = d.runTable()
	ties := d.tieOuts()
	d.ties = ties.Table(&d.names)
	d.gaps = d.findGaps()
	for _, gap := range d.gaps {
		d.alarms = append(d.alarms, report.NotComplete+": "+gap+".")
	}
	for _, t := range ties.Different() {
		d.alarms = append(d.alarms, t.Alarm(&d.names))
	}
	d.status = d.statusText()
	d.makeBook()
	return d
}

// tables are those that have a sheet, a CSV file and an array in JSON, in their order.
func (d *document) tables() []*table.Table {
	s := &d.sheets
	return []*table.Table{
		s.population, s.nights, s.sample, s.net, s.changes, s.findings, s.exceptions, s.snapshots, s.runs,
	}
}

// inJSON are those that have an array in JSON.
func (d *document) inJSON() []*table.Table {
	return append([]*table.Table{d.ties, d.evidence}, d.tables()...)
}

// table makes a table with its CSV file and its array in JSON.
func (d *document) table(name string, columns ...table.Column) *table.Table {
	t := table.New(name, d.Zone(), columns...)
	t.Key = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	t.File = t.Key + ".csv"
	return t
}

// missing adds a remark that stands for rows of an organization which nobody knows, if there is one.
func (d *document) missing(t *table.Table, organization int, text string) {
	if text != "" {
		t.Missing(organization, report.NotComplete+": "+d.names.Of(organization)+": "+text)
	}
}

// makeBook makes the workbook. What becomes of its cells stands in the evidence.
func (d *document) makeBook() {
	evidence := &xlsx.Sheet{Name: "Evidence"}
	sheets := []*xlsx.Sheet{d.summarySheet()}
	for _, t := range d.tables() {
		sheets = append(sheets, &xlsx.Sheet{Name: t.Name, Table: t})
	}
	days := d.From.UTC().Format(time.DateOnly) + " to " + d.To.UTC().Format(time.DateOnly)
	d.book = &xlsx.Book{
		Title: title, Subject: d.String() + ": " + d.status, Identifier: folder.Period(d.From, d.To),
		Creator: "auditor " + d.ToolVersion, Footer: "Period " + days, At: d.known(),
		Sheets: append(sheets, evidence, &xlsx.Sheet{Name: "Glossary", Table: report.TermTable(glossary())}),
	}
	cells := d.CountCells(d.book, d.tables())
	d.evidence = report.FactTable(append(d.facts(), cells.Facts(&d.Options, jsonFile, jsonLinesFile)...), &d.names)
	d.evidence.Key = "evidence"
	evidence.Table = d.evidence
}

// markdown is what the template of the Markdown file uses. Its texts are escaped.
type markdown struct {
	Title, Period, Status string
	Alarms, Notes         []string
	Sections              []section
}

// section is a table below its heading.
type section struct {
	Heading string
	Table   table.Markdown
}

func (d *document) markdown() markdown {
	m := markdown{
		Title: title, Period: table.EscapeMarkdown(d.String()), Status: table.EscapeMarkdown(d.status),
		Alarms: escaped(d.alarms), Notes: escaped(d.notes),
	}
	add := func(heading string, t *table.Table, keys string) {
		m.Sections = append(m.Sections, section{heading, t.Markdown(d.Rest(t, workbookFile), strings.Fields(keys)...)})
	}
	s := &d.sheets
	add("Population", s.population, "")
	add("Tie-outs", d.ties, "")
	add("Nights without a complete snapshot", d.lackingTable(), "night organization status reason run_id")
	add("Sample", s.sample, "draw night status run_id complete_for not_complete_for report_folder")
	add("Net change", readable(s.net), "severity kind organization subject_name subject_id field before after note")
	add("Changes", readable(s.changes), "taken_at severity kind organization subject_name subject_id field before "+
		"after actor_id comparison note")
	add("Findings", s.findings, "state status severity rule_id organization subject_name opened first_seen closed_by "+
		"days_open observed")
	add("Exceptions", s.exceptions, "rule_id state organization subject_id owner expires reason ticket in_force applied")
	add("Nights", s.nights, "night organization status sampled draw run_id snapshot_id changes failed_findings")
	add("Snapshots", s.snapshots, "snapshot_id organization outcome taken_at role run_id pruned_at chain_sha256")
	add("Evidence", d.evidence, "")
	return m
}

func escaped(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = table.EscapeMarkdown(text)
	}
	return all
}

// glossaryText has the words of the report in the form of that of a run's report.
//
//go:embed glossary.tsv
var glossaryText string

// glossary explains the words of the report. The kinds of change are those of a run's report.
func glossary() []report.Term {
	kinds := slices.DeleteFunc(slices.Clone(report.Glossary), func(t report.Term) bool { return t.Subject == "" })
	return append(report.ParseTerms(glossaryText), kinds...)
}
