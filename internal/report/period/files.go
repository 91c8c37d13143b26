package period

import (
	"io"
	"path/filepath"
	"strconv"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
)

// The files of the report on a period. Each table has a CSV file too.
const (
	workbookFile  = "period.xlsx"
	markdownFile  = "period.md"
	jsonFile      = "period.json"
	jsonLinesFile = "period.jsonl"
)

// Write writes the files into the folder <dir>/<from>--<to>-period, all of them or none. It returns
// the path of the folder, and a sentence that begins with COMPLETE or NOT COMPLETE.
func Write(dir string, p *Period, opts report.Options) (path, status string, err error) {
	d := newDocument(p, opts)
	path = filepath.Join(dir, folder.PeriodName(p.From, p.To))
	return path, d.status, folder.Write(path, d.files(), d.manifest, d.Sign)
}

// files returns the files in the formats that the options name. The Markdown file always uses the
// built-in template: a user's template is for the report of a run.
func (d *document) files() []folder.File {
	var all []folder.File
	add := func(format report.Format, name string, write func(io.Writer) error) {
		if d.Has(format) {
			all = append(all, folder.File{Name: name, Write: write})
		}
	}
	rows, head := d.frame("period_from", "period_to"), d.head()
	add(report.FormatXLSX, workbookFile, d.book.Write)
	add(report.FormatMD, markdownFile, func(w io.Writer) error {
		return report.WriteMarkdown(w, nil, "period.md.tmpl", d.markdown())
	})
	add(report.FormatJSON, jsonFile, func(w io.Writer) error {
		return table.WriteJSON(w, head, d.frame(), d.jsonTables())
	})
	add(report.FormatJSONL, jsonLinesFile, func(w io.Writer) error {
		return table.WriteJSONLines(w, "period", head, rows, d.jsonTables())
	})
	for _, t := range d.tables {
		add(report.FormatCSV, t.File, func(w io.Writer) error { return t.WriteCSV(w, rows) })
	}
	if d.lastHead.Number > 0 {
		all = append(all, folder.Head(d.lastHead))
	}
	return all
}

// jsonTables returns the tables that have an array in JSON.
func (d *document) jsonTables() []*table.Table {
	return append([]*table.Table{d.ties, d.evidence}, d.tables...)
}

// frame returns the cells before those of each row: the organization, and before it the start and
// the end of the period if ends has their keys.
func (d *document) frame(ends ...string) *table.Frame {
	f := &table.Frame{Before: append(ends, "organization_id", "organization")}
	for _, o := range append([]*organization{{}}, d.organizations...) {
		around := []any{d.From, d.To, o.id, o.name}
		f.Values = append(f.Values, table.FrameValues{Before: around[len(around)-len(f.Before):]})
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
		schema, d.From, d.To, d.knownUntil(), len(d.gaps) == 0, d.ToolVersion, d.Sample, strconv.FormatInt(d.Seed, 10),
	}
}

// manifest lists the files of the report. SHA256SUMS lists the manifest.
type manifest struct {
	about
	DatabaseID string        `json:"database_id"`
	Head       evidence.Head `json:"head"` // of the last run that began in the period or before
	Written    folder.Origin `json:"written"`
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
	m := manifest{d.about("auditor-period-manifest/3"), d.lastHead.DatabaseID, d.lastHead, d.Origin, []chainLink{}, files}
	for _, o := range d.organizations {
		last := o.snapshots[len(o.snapshots)-1]
		m.Chain = append(m.Chain, chainLink{o.id, last.ID, last.ChainSHA256})
	}
	return m
}

// schema is the version of the form of period.json.
const schema = "auditor-period/2"

// head has the members of period.json before the tables. Under one schema version, members may be
// added; none is removed or changes its meaning.
type head struct {
	about
	Status string   `json:"status"`
	Alarms []string `json:"alarms"`
	Notes  []string `json:"notes"`
}

func (d *document) head() head {
	return head{d.about(schema), d.status, append([]string{}, d.alarms...), append([]string{}, d.notes...)}
}
