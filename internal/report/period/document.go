package period

import (
	_ "embed" // columns and glossary
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// document is a period and its tables. Each table is made once and rendered in every format.
type document struct {
	*Period
	report.Options
	// tables have a sheet, a CSV file and an array in JSON each, in this order.
	tables []*table.Table
	sheets struct { // the same tables by name
		population, nights, sample, net, changes, findings, exceptions, snapshots, runs *table.Table
	}
	counts         map[item]any // of the sheet Population; nil if not known
	ties, evidence *table.Table
	book           *xlsx.Book

	status        string   // the first sentence of the report
	gaps          []string // why the report is NOT COMPLETE; empty if it is COMPLETE
	failedTieOuts int
	alarms        []string // the first lines of the report: every gap and every failed tie-out
	notes         []string
}

func newDocument(p *Period, opts report.Options) *document {
	d := &document{Period: p, Options: opts, notes: p.findNotes()}
	d.countPopulations()
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
	d.gaps = d.allGaps()
	for _, gap := range d.gaps {
		d.alarms = append(d.alarms, report.NotComplete+": "+gap+".")
	}
	different := ties.Different()
	d.failedTieOuts = len(different)
	for _, t := range different {
		d.alarms = append(d.alarms, t.Alarm(&d.names))
	}
	d.status = d.statusText()
	d.makeBook()
	return d
}

// table adds a table with a CSV file and an array in JSON. The columns follow those in columns.tsv.
func (d *document) table(name string, columns ...table.Column) *table.Table {
	t := table.New(name, d.Zone(), slices.Concat(columnsOf[name], columns)...)
	t.Key = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	t.File = t.Key + ".csv"
	d.tables = append(d.tables, t)
	return t
}

// columnsOf has the columns of each table by its name.
var columnsOf = table.ParseColumns(columnsText)

// columnsText is in the form that table.ParseColumns reads.
//
//go:embed columns.tsv
var columnsText string

// missing adds the remark that rows of an organization are not known, unless the text is empty.
func (d *document) missing(t *table.Table, organization int, text string) {
	if text != "" {
		t.Missing(organization, report.NotComplete+": "+d.names.Of(organization)+": "+text)
	}
}

// makeBook makes the workbook, and adds the numbers of altered cells to the evidence.
func (d *document) makeBook() {
	evidence := &xlsx.Sheet{Name: "Evidence"}
	sheets := []*xlsx.Sheet{d.summarySheet()}
	for _, t := range d.tables {
		sheets = append(sheets, &xlsx.Sheet{Name: t.Name, Table: t})
	}
	// The glossary explains the kinds of change as the report of a run does.
	glossary := report.GlossaryTable(glossaryText + report.KindsOfChange)
	d.book = &xlsx.Book{
		Title: title, Subject: d.String() + ": " + d.status, Identifier: folder.Period(d.From, d.To),
		Creator: "auditor " + d.ToolVersion, At: d.knownUntil(),
		Footer: "Period " + d.From.UTC().Format(time.DateOnly) + " to " + d.To.UTC().Format(time.DateOnly),
		Sheets: append(sheets, evidence, &xlsx.Sheet{Name: "Glossary", Table: glossary}),
	}
	_, cells := d.CellFacts(d.book, d.tables, jsonFile, jsonLinesFile)
	d.evidence = report.FactTable(append(d.facts(), cells...), &d.names)
	d.evidence.Key = "evidence"
	evidence.Table = d.evidence
}

// glossaryText is in the form that report.GlossaryTable reads.
//
//go:embed glossary.tsv
var glossaryText string

// markdown returns the data for the template of the Markdown file. Every text is escaped.
func (d *document) markdown() map[string]any {
	s := &d.sheets
	return map[string]any{
		"Title": title, "Period": table.EscapeMarkdown(d.String()), "Status": table.EscapeMarkdown(d.status),
		"Alarms": escapeAll(d.alarms), "Notes": escapeAll(d.notes),
		"Population": d.show(s.population, ""),
		"TieOuts":    d.show(d.ties, ""),
		"Uncovered":  d.show(d.uncoveredNights(), "night organization status reason run_id"),
		"Sample":     d.show(s.sample, "draw night status run_id complete_for not_complete_for report_folder"),
		"NetChange": d.show(readableChanges(s.net), "severity kind organization subject_name subject_id field before after "+
			"note"),
		"Changes": d.show(readableChanges(s.changes), "taken_at severity kind organization subject_name subject_id field "+
			"before after actor_id comparison note"),
		"Findings": d.show(s.findings, "state status severity rule_id organization subject_name opened first_seen "+
			"closed_by days_open observed"),
		"Exceptions": d.show(s.exceptions, "rule_id state organization subject_id owner expires reason ticket "+
			"in_force applied"),
		"Nights": d.show(s.nights, "night organization status sampled draw run_id snapshot_id changes "+
			"failed_findings"),
		"Snapshots": d.show(s.snapshots, "snapshot_id organization outcome taken_at role run_id pruned_at "+
			"chain_sha256"),
		"Evidence": d.show(d.evidence, ""),
	}
}

func (d *document) show(t *table.Table, keys string) table.Markdown {
	return t.Markdown(d.Rest(t, workbookFile), strings.Fields(keys)...)
}

func escapeAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = table.EscapeMarkdown(text)
	}
	return all
}
