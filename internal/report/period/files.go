package period

import (
	"io"
	"path/filepath"
	"strconv"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
)

// The files of the report of a period, beside a CSV file for each table.
const (
	workbookFile  = "period.xlsx"
	markdownFile  = "period.md"
	jsonFile      = "period.json"
	jsonLinesFile = "period.jsonl"
)

// Write writes all files of a period into the folder <dir>/<from>--<to>-period, which appears whole or
// not at all. It returns the path of the folder, and a sentence that begins with COMPLETE or NOT
// COMPLETE.
func Write(dir string, p *Period, opts report.Options) (path, status string, err error) {
	d := newDocument(p, opts)
	path = filepath.Join(dir, folder.PeriodName(p.From, p.To))
	return path, d.status, folder.Write(path, d.files(), d.manifest)
}

// files are those of the formats that the options name. The Markdown file has the built-in template:
// a user's own is for the report of a run.
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
		return table.WriteJSON(w, head, d.frame(), d.inJSON())
	})
	add(report.FormatJSONL, jsonLinesFile, func(w io.Writer) error {
		return table.WriteJSONLines(w, "period", head, rows, d.inJSON())
	})
	for _, t := range d.tables {
		add(report.FormatCSV, t.File, func(w io.Writer) error { return t.WriteCSV(w, rows) })
	}
	return all
}

// inJSON are the tables that have an array in JSON.
func (d *document) inJSON() []*table.Table {
	return append([]*table.Table{d.ties, d.evidence}, d.tables...)
}

// frame has the ends of the period, where they are asked for, and the organization before the cells
// of each row.
func (d *document) frame(ends ...string) *table.Frame {
	f := &table.Frame{Before: append(ends, "organization_id", "organization")}
	for _, o := range append([]*organization{{}}, d.organizations...) {
		around := []any{d.From, d.To, o.id, o.name}
		f.Values = append(f.Values, table.FrameValues{Before: around[len(around)-len(f.Before):]})
	}
	return f
}

// about is what period.json and manifest.json both begin with.
type about struct {
	Schema      string    `json:"schema"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	KnownUntil  time.Time `json:"known_until"`
	Complete    bool      `json:"complete"`
	ToolVersion string    `json:"report_tool_version"`
	Sample      int       `json:"sample_size"`
	Seed        string    `json:"seed"` // a text: a number of JavaScript has fewer digits
}

func (d *document) about(schema string) about {
	return about{
		schema, d.From, d.To, d.known(), len(d.gaps) == 0, d.ToolVersion, d.Sample, strconv.FormatInt(d.Seed, 10),
	}
}

// manifest says what the report folder of a period holds. It names every file but itself and
// SHA256SUMS, which names it.
type manifest struct {
	about
	// Chain has the last snapshot of each organization that the report rests on.
	Chain []chainLink      `json:"chain"`
	Files []folder.Written `json:"files"`
}

type chainLink struct {
	OrganizationID string `json:"organization_id"`
	SnapshotID     int64  `json:"snapshot_id"`
	ChainSHA256    string `json:"chain_sha256"`
}

func (d *document) manifest(files []folder.Written) any {
	m := manifest{d.about("auditor-period-manifest/2"), []chainLink{}, files}
	for _, o := range d.organizations {
		last := o.snapshots[len(o.snapshots)-1]
		m.Chain = append(m.Chain, chainLink{o.id, last.ID, last.ChainSHA256})
	}
	return m
}

// schema is the version of period.json.
const schema = "auditor-period/2"

// head is what period.json says beside the tables. Members may be added under the same version of the
// schema; none changes its meaning or goes away.
type head struct {
	about
	Status string   `json:"status"`
	Alarms []string `json:"alarms"`
	Notes  []string `json:"notes"`
}

func (d *document) head() head {
	return head{d.about(schema), d.status, append([]string{}, d.alarms...), append([]string{}, d.notes...)}
}
