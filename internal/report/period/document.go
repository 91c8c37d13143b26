package period

import (
	_ "embed" // columns and glossary
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
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
	tables         []*table.Table
	counts         map[item]any // of the sheet Population; nil if not known
	ties, evidence *table.Table
	book           *xlsx.Book

	tied report.TieOuts // the rows of ties
	// databases are those of a report over several, databaseFacts the facts of each.
	databases     []*database
	lacking       []string // files of databases that do not exist
	databaseGaps  []string // which databases or shards are missing, or are there twice
	databaseFacts []report.Fact

	status        string   // the first sentence of the report
	gaps          []string // why the report is NOT COMPLETE; empty if it is COMPLETE
	failedTieOuts int
	alarms        []string // the first lines of the report: every gap and every failed tie-out
	notes         []string
}

func newDocument(p *Period, opts report.Options) *document {
	p.isFleet = len(p.organizations) > report.FleetSize
	d := tables(p, opts)
	d.finish()
	return d
}

// tables makes the tables of a database, its gaps and its notes.
func tables(p *Period, opts report.Options) *document {
	d := &document{Period: p, Options: opts, notes: p.findNotes()}
	d.countPopulations()
	d.addNights()
	d.addSample()
	d.addNetChanges()
	d.addChanges()
	d.addFindings()
	d.addExceptions()
	d.addSnapshots()
	d.addRuns()
	d.addReviews()
	d.tied = d.tieOuts()
	d.gaps = d.allGaps()
	return d
}

// finish makes what shows the tables: the status, the alarms and the workbook.
func (d *document) finish() {
	d.ties = d.withDatabase(d.tied.Table(&d.names))
	for _, gap := range d.gaps {
		d.alarms = append(d.alarms, report.NotComplete+": "+gap+".")
	}
	different := d.tied.Different()
	d.failedTieOuts = len(different)
	for _, t := range different {
		d.alarms = append(d.alarms, t.Alarm(&d.names))
	}
	d.status = d.statusText()
	d.makeBook()
}

// table adds a table with a CSV file and an array in JSON. The columns follow those in
// columns.tsv.
func (d *document) table(name string, columns ...table.Column) *table.Table {
	t := table.New(name, d.Zone(), slices.Concat(columnsOf[name], columns)...)
	t.Key = strings.ReplaceAll(strings.ToLower(name), " ", "_")
	t.File = t.Key + ".csv"
	d.tables = append(d.tables, t)
	return t
}

// sheet returns the table with a name.
func (d *document) sheet(name string) *table.Table {
	return d.tables[slices.IndexFunc(d.tables, func(t *table.Table) bool { return t.Name == name })]
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
	glossary := report.GlossaryTable(glossaryText, d.ofMembers())
	d.book = &xlsx.Book{
		Title: title, Subject: d.String() + ": " + d.status, Identifier: folder.Period(d.From, d.To),
		Creator: "auditor " + d.ToolVersion, At: d.knownUntil,
		Footer: "Period " + d.From.UTC().Format(time.DateOnly) + " to " + d.To.UTC().Format(time.DateOnly) +
			d.databasesText(),
		Sheets: append(sheets, evidence, &xlsx.Sheet{Name: "Glossary", Table: glossary}),
	}
	_, cells := d.CellFacts(d.book, d.tables, fileName, false)
	d.evidence = d.withDatabase(report.FactTable(append(d.facts(), cells...), &d.names))
	d.evidence.Key = "evidence"
	evidence.Table = d.evidence
}

// glossaryText is in the form that report.GlossaryTable reads.
//
//go:embed glossary.tsv
var glossaryText string

// templateData returns the data for the built-in templates of the report on a period.
func (d *document) templateData(v *report.View) map[string]any {
	tables := make(map[string]*table.Table)
	for _, t := range append(d.jsonTables(), report.GlossaryTable(glossaryText, d.ofMembers())) {
		tables[t.Key] = t
	}
	return map[string]any{
		"Title": title, "Whose": v.Text(d.whose()), "Period": v.Text(d.String() + d.databasesText()),
		"Status": v.Text(d.status),
		"State":  d.state(), "FirstAlarms": v.Texts(d.pageAlarms()),
		"FirstPage": v.Parts(d.firstPage()), "Sections": v.Parts(report.Sections(templatesText, tables)),
		"Chart": report.Chart(d.points()),
	}
}

// templatesText is in the form that report.Sections reads, with the keys of the tables as names.
//
//go:embed templates.tsv
var templatesText string

// fileName is the name of the files of the report on a period, without the ending. Each table has a
// CSV file too.
const fileName = "period"

// Write writes the files into the folder <dir>/<from>--<to>-period, all of them or none. It
// returns the path of the folder, and a sentence that begins with COMPLETE or NOT COMPLETE.
func Write(dir string, p *Period, opts report.Options) (path, status string, err error) {
	d := newDocument(p, opts)
	path, err = folder.Write(dir, folder.PeriodName(p.From, p.To), d.lastHead.DatabaseID, d.files(), d.manifest, d.Sign)
	return path, d.status, err
}

// WriteTogether writes the report of one period over several databases, as Write does, into the
// folder <dir>/<from>--<to>-fleet-period. All periods have the same span. lacking are the files of
// databases that do not exist.
func WriteTogether(dir string, periods []*Period, lacking []string, opts report.Options,
) (w WrittenTogether, err error) {
	d := together(periods, lacking, opts)
	ids := make([]string, len(lacking)) // those that do not exist have no id
	for _, b := range d.databases {
		ids = append(ids, b.id)
	}
	w = WrittenTogether{Status: d.status, Heads: d.heads(), Whole: len(d.databaseGaps) == 0}
	name := folder.FleetPeriodName(d.From, d.To)
	w.Folder, err = folder.Write(dir, name, folder.FleetID(ids), d.files(), d.manifest, d.Sign)
	return w, err
}

// WrittenTogether is the report of a period over several databases. Whole is false if a database does
// not exist, or if a shard is in none of them or in two.
type WrittenTogether struct {
	Folder, Status string
	Heads          []evidence.Head // of each database
	Whole          bool
}

// Files returns the files of a report, which Write writes.
func Files(p *Period, opts report.Options) []folder.File { return newDocument(p, opts).files() }

func (d *document) files() []folder.File {
	options := d.Options
	options.Template = nil // a user's template is for the report of a run
	return options.Files(&report.Document{
		Kind: "period", Name: fileName, Book: d.book, Data: d.templateData, Head: d.head(), Frame: d.frame(),
		RowFrame: d.frame("period_from", "period_to"), JSON: d.jsonTables(), CSV: d.tables, Heads: d.heads(),
	})
}

// jsonTables returns the tables that have an array in JSON.
func (d *document) jsonTables() []*table.Table {
	return append([]*table.Table{d.ties, d.evidence}, d.tables...)
}

// frame returns the cells before those of each row: the organization, and before it the start
// and the end of the period if ends has their keys.
func (d *document) frame(ends ...string) *table.Frame {
	f := &table.Frame{Before: append(ends, "organization_id", "organization"), Values: make(map[int]map[string]any)}
	add := func(at int, id, name string) {
		f.Values[at] = map[string]any{
			"database_id": d.databaseOf(at), "period_from": d.From, "period_to": d.To,
			"organization_id": id, "organization": name,
		}
	}
	add(table.RunLevel, "", "")
	for n := range d.databases {
		add(table.DatabaseLevel(n), "", "")
	}
	for i, o := range d.organizations {
		add(i, o.id, o.name)
	}
	if d.databases != nil {
		f.Before = slices.Insert(f.Before, 0, "database_id")
	}
	return f
}

// about has the first members of both period.json and manifest.json.
type about struct {
	Schema      string    `json:"schema"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	KnownUntil  time.Time `json:"known_until"`
	Complete    bool      `json:"complete"`
	ToolVersion string    `json:"report_tool_version"`
	Sample      int       `json:"sample_size"`
	Seed        string    `json:"seed"` // text, because JavaScript numbers have fewer digits
}

func (d *document) about(schema string) about {
	return about{
		schema, d.From, d.To, d.knownUntil, len(d.gaps) == 0, d.ToolVersion, d.Sample, strconv.FormatInt(d.Seed, 10),
	}
}

// manifest lists the files of the report. SHA256SUMS lists the manifest.
type manifest struct {
	about
	Timezone   string        `json:"timezone"` // of the local times
	DatabaseID string        `json:"database_id"`
	Head       evidence.Head `json:"head"` // of the last run that began in the period or before
	// Databases are those of a report over several, which has no DatabaseID and no Head.
	Databases []report.DatabaseHead `json:"databases,omitempty"`
	Written   folder.Origin         `json:"written"`
	// LedgerNumber is the last link of the ledger that was read. verify reads up to it.
	LedgerNumber int64 `json:"ledger_number,omitempty"`
	// Chain has the last snapshot of each organization in the report.
	Chain []chainLink      `json:"chain"`
	Files []folder.Written `json:"files"`
}

type chainLink struct {
	OrganizationID string `json:"organization_id"`
	SnapshotID     int64  `json:"snapshot_id"`
	ChainSHA256    string `json:"chain_sha256"`
}

func (d *document) manifest(files []folder.Written) any {
	m := manifest{d.about("auditor-period-manifest/3"), d.Timezone(), d.lastHead.DatabaseID, d.lastHead, d.databaseHeads(),
		d.Origin, d.Link, []chainLink{}, files}
	for _, o := range d.organizations {
		last := o.snapshots[len(o.snapshots)-1]
		m.Chain = append(m.Chain, chainLink{o.id, last.ID, last.ChainSHA256})
	}
	return m
}

// schema is the version of the form of period.json.
const schema = "auditor-period/2"

// head has the members of period.json before the tables. Under one schema version, members may
// be added; none is removed or changes its meaning.
type head struct {
	about
	Status string   `json:"status"`
	Alarms []string `json:"alarms"`
	Notes  []string `json:"notes"`
}

func (d *document) head() head {
	return head{d.about(schema), d.status, append([]string{}, d.alarms...), append([]string{}, d.notes...)}
}
