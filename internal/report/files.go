package report

import (
	"io"
)

// The files of a report folder.
const (
	WorkbookFile   = "audit.xlsx"
	MarkdownFile   = "audit.md"
	fileJSON       = "audit.json"
	fileJSONLines  = "audit.jsonl"
	fileChanges    = "changes.csv"
	fileInventory  = "inventory.csv"
	fileSSO        = "sso.csv"
	fileFindings   = "findings.csv"
	fileExceptions = "exceptions.csv"
	fileRules      = "rules.csv"
	fileTimeline   = "timeline.csv"
	fileRuns       = "runs.csv"
	fileExchanges  = "exchanges.csv"
	fileManifest   = "manifest.json"
	fileSums       = "SHA256SUMS"
)

// file is one file of a report folder.
type file struct {
	name   string
	format Format
	write  func(io.Writer) error
}

// files are what the report consists of, but for the two that list them.
func (v *view) files() []file {
	all := []file{
		{WorkbookFile, FormatXLSX, func(w io.Writer) error { return v.writeWorkbook(w, excelRows) }},
		{MarkdownFile, FormatMD, v.writeMarkdown},
		{fileJSON, FormatJSON, v.writeJSON},
		{fileJSONLines, FormatJSONL, v.writeJSONLines},
	}
	for _, t := range v.csvTables() {
		all = append(all, file{t.file, FormatCSV, func(w io.Writer) error { return v.writeCSV(w, t) }})
	}
	return all
}
