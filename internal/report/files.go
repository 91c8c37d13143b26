package report

import (
	"io"
)

// The files of a report folder.
const (
	WorkbookFile   = "audit.xlsx"
	MarkdownFile   = "audit.md"
	fileJSON       = "audit.json"
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

// Options is what a caller may set about a report.
type Options struct {
	// Template is the text of a template that takes the place of the built-in one of the Markdown file, see Markdown; empty for the built-in.
	Template string
}

// file is one file of a report folder.
type file struct {
	name  string
	write func(io.Writer) error
}

// files are what a report consists of, but for the two that list them.
func (v *view) files(opts Options) []file {
	all := []file{
		{WorkbookFile, func(w io.Writer) error { return v.writeWorkbook(w, excelRows) }},
		{MarkdownFile, func(w io.Writer) error { return v.writeMarkdown(w, opts.Template) }},
		{fileJSON, v.writeJSON},
	}
	for _, t := range v.csvTables() {
		all = append(all, file{t.file, func(w io.Writer) error { return v.writeCSV(w, t) }})
	}
	return all
}
