package report

import (
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// The files of the report of a period, beside the tables.
const (
	PeriodWorkbookFile  = "period.xlsx"
	PeriodMarkdownFile  = "period.md"
	filePeriodJSON      = "period.json"
	filePeriodJSONLines = "period.jsonl"
)

// folderPeriod ends the name of the report folder of a period.
const folderPeriod = "-period"

// WritePeriod renders all files of a period into <dir>/<from>--<to>-period, as Write does those of a run, and returns the folder's path. The latest
// report of a run stays what it is.
func WritePeriod(dir string, p *Period, opts Options) (string, error) {
	path := filepath.Join(dir, p.name()+folderPeriod)
	if err := writeFolder(path, newPeriodView(p, opts), opts); err != nil {
		return "", fmt.Errorf("writing the report %s: %w", path, err)
	}
	return path, nil
}

// Status is one sentence that begins with COMPLETE or NOT COMPLETE.
func (p *Period) Status() string { return newPeriodView(p, Options{}).status() }

func (v *periodView) files() []file {
	all := []file{
		{PeriodWorkbookFile, FormatXLSX, v.writeWorkbook},
		{PeriodMarkdownFile, FormatMD, v.writeMarkdown},
		{filePeriodJSON, FormatJSON, v.writeJSON},
		{filePeriodJSONLines, FormatJSONL, v.writeJSONLines},
	}
	for _, t := range v.csvTables() {
		all = append(all, file{t.file, FormatCSV, func(w io.Writer) error { return v.frame().write(w, t) }})
	}
	return all
}

// frame puts the period and the organization before every row of a CSV file.
func (v *periodView) frame() frame {
	from, to := v.From.UTC().Format(time.RFC3339), v.To.UTC().Format(time.RFC3339)
	return frame{
		before: []string{"period_from", "period_to", "organization_id", "organization"},
		around: func(organization int) (before, behind []string) {
			id, label := "", ""
			if organization != runLevel {
				id, label = v.Organizations[organization].id, v.labels[organization]
			}
			return []string{from, to, csvCell(id), csvCell(label)}, nil
		},
	}
}

// periodManifest says what the report folder of a period holds. It names every file but itself and SHA256SUMS, which names it.
type periodManifest struct {
	Schema      string    `json:"schema"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	KnownUntil  time.Time `json:"known_until"`
	Complete    bool      `json:"complete"`
	ToolVersion string    `json:"tool_version"`
	Sample      int       `json:"sample"`
	Seed        int64     `json:"seed"`
	// Chain has the last snapshot of each organization that the report rests on.
	Chain []chainLink `json:"chain"`
	Files []written   `json:"files"`
}

type chainLink struct {
	OrganizationID string `json:"organization_id"`
	SnapshotID     int64  `json:"snapshot_id"`
	ChainSHA256    string `json:"chain_sha256"`
}

const periodManifestSchema = "auditor-period-manifest/1"

func (v *periodView) writeManifest(w io.Writer, files []written) error {
	m := periodManifest{
		Schema: periodManifestSchema, From: v.From.UTC(), To: v.To.UTC(), KnownUntil: v.known().UTC(), Complete: v.complete(), ToolVersion: v.ToolVersion,
		Sample: v.Sample, Seed: v.Seed, Chain: []chainLink{}, Files: sorted(files),
	}
	for _, o := range v.each() {
		last := o.snapshots[len(o.snapshots)-1]
		m.Chain = append(m.Chain, chainLink{o.id, last.ID, last.ChainSHA256})
	}
	return encodeManifest(w, m)
}
