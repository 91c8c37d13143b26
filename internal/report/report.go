package report

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// The files of a report folder. Each table has a CSV file too.
const (
	WorkbookFile = fileName + ".xlsx"
	MarkdownFile = fileName + ".md"
	HTMLFile     = fileName + ".html"
	fileName     = "audit"
)

const reportTitle = "SCIM and SSO configuration audit"

// report has the tables of a model, which are made once, and the counts over them.
type report struct {
	*Model
	Options
	names Names
	// databaseIDs has the id of the database of each organization and DatabaseLevel, if there are
	// several.
	databaseIDs map[int]string
	evaluated   []*evaluation        // by organization
	failing     map[subject][]string // rules that fail for a configuration
	controls    map[string][]any     // cells with the controls of each rule, by rule id
	members     [][]memberRow        // by organization

	changes, approved, inventory, sso, domains, people, findings, passes, exceptions, outcomes, timeline, runs,
	exchanges *table.Table
	// These tables are only in JSON, and accepted only in the summary.
	snapshots, rules, auditLog, trend, accepted, overview *table.Table

	ties     TieOuts
	headline Headline
	parts    []Part // of the first page
	book     *xlsx.Book
	cells    table.Counts
	facts    []Fact // of the sheet Evidence
}

func newReport(m *Model, opts Options) *report {
	r := &report{
		Model: m, Options: opts, failing: make(map[subject][]string), controls: make(map[string][]any),
	}
	for _, o := range m.Organizations {
		r.members = append(r.members, o.memberRows())
	}
	r.evaluateAll()
	r.setNames()
	r.changes = r.changeTable()
	r.timeline, r.approved = r.timelineTable(), r.approvedTable()
	r.inventory, r.sso, r.domains, r.people = r.inventoryTable(), r.ssoTable(), r.domainTable(), r.memberTable()
	r.findings, r.passes = r.findingTables()
	r.exceptions, r.accepted = r.exceptionTables()
	r.outcomes, r.rules = r.outcomeTable(), r.ruleTable()
	r.runs, r.exchanges, r.trend = r.runTable(), r.exchangeTable(), r.trendTable()
	r.snapshots, r.auditLog = r.snapshotTable(), r.auditLogTable()
	r.ties = r.tieOuts()
	if r.isFleet() {
		r.ties = r.ties.summed(r.levelOf)
		for _, t := range slices.Concat(r.csvTables(), []*table.Table{r.approved}) {
			r.sumRemarks(t)
		}
	}
	for _, t := range append(r.csvTables(), r.approved, r.passes, r.snapshots, r.auditLog, r.trend, r.accepted) {
		r.withDatabase(t)
	}
	r.headline = r.Headline(len(r.ties.Different()))
	r.overview = r.overviewTable()
	r.facts = r.evidence()
	r.parts = r.firstPage()
	r.makeWorkbook()
	return r
}

// table returns a table without rows. Its CSV file and its array in JSON are named like the
// table.
func (r *report) table(name string) *table.Table {
	t := table.New(name, r.Zone(), columnsOf[name]...)
	t.Key = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	t.File = t.Key + ".csv"
	return t
}

func (r *report) label(organization int) string { return r.names.Organizations[organization] }

// writer returns the version that writes the report.
func (r *report) writer() string { return cmp.Or(r.ToolVersion, r.Run.ToolVersion) }

// withMembers returns the tables, without that of members if the settings do not ask for them.
func (r *report) withMembers(tables ...*table.Table) []*table.Table {
	if r.ofMembers() {
		return tables
	}
	return slices.DeleteFunc(tables, func(t *table.Table) bool { return t == r.people })
}

func (r *report) csvTables() []*table.Table {
	return r.withMembers(r.changes, r.inventory, r.sso, r.people, r.domains, r.findings, r.exceptions, r.outcomes,
		r.timeline, r.runs, r.exchanges)
}

// jsonTables returns the tables in JSON, which has each value once even if sheets repeat it.
func (r *report) jsonTables() []*table.Table {
	return r.withMembers(r.snapshots, r.coverageTable(), r.changes, r.approved, r.inventory, r.sso, r.people, r.domains,
		r.findings, r.passes, r.exceptions, r.outcomes, r.rules, r.timeline, r.runs, r.exchanges, r.auditLog,
		r.tieTable(), r.trend)
}

// makeWorkbook makes the sheets, and adds the numbers of altered cells to the evidence.
func (r *report) makeWorkbook() {
	run, identifier := fmt.Sprintf("Run %d of %s", r.Run.ID, UTC(r.Run.StartedAt)), strconv.FormatInt(r.Run.ID, 10)
	if r.Databases != nil {
		identifier = r.Night.Format(time.DateOnly)
		run = fmt.Sprintf("Night of %s, %s", identifier, r.databasesText())
	}
	evidence := &xlsx.Sheet{Name: "Evidence", Table: r.exchanges, Widths: []float64{0, 0, xlsx.HashWidth}}
	evidence.Add(xlsx.Title, "Evidence for "+r.names.All)
	evidence.AddRows(r.factTable())
	r.book = &xlsx.Book{
		Title: reportTitle, Subject: run + ": " + r.status(), Identifier: identifier,
		Creator: "auditor " + r.writer(), Footer: run, At: r.Run.StartedAt,
		Sheets: []*xlsx.Sheet{r.summary()},
	}
	for _, t := range r.withMembers(
		r.changes, r.inventory, r.sso, r.people, r.domains, r.findings, r.outcomes, r.timeline, r.runs,
	) {
		r.book.Sheets = append(r.book.Sheets, &xlsx.Sheet{Name: t.Name, Table: t})
	}
	if len(r.Organizations) > 1 {
		r.book.Sheets = slices.Insert(r.book.Sheets, 1, &xlsx.Sheet{Name: organizationsSheet, Table: r.overview})
	}
	if r.isFleet() {
		rest := &xlsx.Sheet{Name: "Exceptions and charts", Fixed: SummaryGrid}
		r.addRest(rest)
		r.book.Sheets = append(r.book.Sheets, &xlsx.Sheet{Name: snapshotsSheet, Table: r.snapshots})
		if len(rest.Lines) > 0 {
			r.book.Sheets = append(r.book.Sheets, rest)
		}
	}
	glossary := &xlsx.Sheet{Name: "Glossary", Table: GlossaryTable(glossaryText, r.ofMembers())}
	r.book.Sheets = append(r.book.Sheets, &xlsx.Sheet{Name: r.trend.Name, Table: r.trend}, evidence, glossary)

	cells, facts := r.CellFacts(r.book, r.csvTables(), fileName, r.isFleet())
	for _, f := range facts {
		evidence.Add(xlsx.Plain, r.names.All, f.Item, f.Value)
	}
	r.cells, r.facts = cells, append(r.facts, facts...)
	evidence.AddBlock("Tie-outs: each count from two sources", r.tieTable())
	evidence.AddHeading("Exchanges with the API")
}

// Write writes the files into <dir>/<start>-run-<id>, all of them or none, and returns the path of
// the folder, see folder.Find, and the headline of the report. <start> has the form
// 2026-11-23T020000Z. The report of a night over several databases is in <dir>/<day>-fleet. Write
// then makes <dir>/latest point to the folder, unless that points to a newer run or the
// clock of this one was wrong.
func Write(dir string, m *Model, opts Options) (path string, h Headline, err error) {
	r, name, database := newReport(m, opts), folder.RunName(m.Run.StartedAt, m.Run.ID), m.Head.DatabaseID
	owner := database
	if m.Databases != nil {
		name, database, owner = folder.NightName(m.Night), "", m.fleetID()
	}
	path, err = folder.Write(dir, name, owner, r.files(), r.manifest, r.Sign)
	if err != nil {
		return "", r.headline, err
	}
	if m.Run.ClockWrong {
		return path, r.headline, nil
	}
	return path, r.headline, folder.SetLatest(dir, filepath.Base(path), database, m.Run.UnknownReport != "")
}

// Files returns the files of a report, which Write writes.
func Files(m *Model, opts Options) []folder.File { return newReport(m, opts).files() }

func (r *report) files() []folder.File {
	document, rows := r.frames()
	files := r.Files(&Document{
		Kind: "report", Name: fileName, Book: r.book, Data: r.templateData, Head: r.head(), Frame: document, RowFrame: rows,
		JSON: r.jsonTables(), CSV: r.csvTables(), Packed: r.isFleet(), Heads: r.Heads(),
	})
	if r.Has(FormatOCSF) {
		files = append(files, folder.File{Name: findingEventsFile, Write: r.writeFindingEvents},
			folder.File{Name: changeEventsFile, Write: r.writeChangeEvents})
	}
	return files
}

// frames returns the columns that identify the organization of a row: those in the JSON document,
// and those in CSV and JSON lines.
func (r *report) frames() (document, rows *table.Frame) {
	values := make(map[int]map[string]any)
	add := func(at int, run int64, id, name, outcome string) {
		values[at] = map[string]any{
			"database_id": r.databaseIDs[at], "run_id": int(run), "organization_id": id,
			"organization": name, "snapshot_outcome": outcome,
		}
	}
	add(table.RunLevel, r.Run.ID, "", "", "")
	for n, d := range r.withRun() {
		add(r.level(n), d.Run.ID, "", "", "")
	}
	for i, o := range r.Organizations {
		add(i, o.Snapshot.RunID, o.id(), r.label(i), string(o.Snapshot.Outcome))
	}
	document = &table.Frame{Before: []string{"organization_id", "organization"}, Values: values}
	rows = &table.Frame{
		Before: []string{"run_id", "organization_id", "organization"}, After: []string{"snapshot_outcome"}, Values: values,
	}
	if r.Databases != nil {
		document.Before = slices.Insert(document.Before, 0, "database_id")
		rows.Before = slices.Insert(rows.Before, 0, "database_id")
	}
	return document, rows
}
