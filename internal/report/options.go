package report

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
)

// Options are the settings of a report. The zero value selects the defaults.
type Options struct {
	// Formats selects the files to write; empty selects DefaultFormats. The manifest and SHA256SUMS
	// are always written.
	Formats []Format
	// Template replaces the built-in template of the Markdown file; nil selects the built-in one.
	Template *template.Template
	// Location is the zone of the extra columns of local times; nil or UTC adds none.
	Location *time.Location
	// ToolVersion writes the report. The report names it if another version made the run.
	ToolVersion string
	// Origin is for the manifest.
	Origin folder.Origin
	// Sign signs SHA256SUMS; nil does not.
	Sign folder.Sign
}

// Format is a file format of a report, named by its file extension.
type Format string

// The formats.
const (
	FormatXLSX  Format = "xlsx"
	FormatMD    Format = "md"
	FormatJSON  Format = "json"
	FormatCSV   Format = "csv"
	FormatJSONL Format = "jsonl"
)

// DefaultFormats are written if the settings name none.
var DefaultFormats = []Format{FormatXLSX, FormatMD, FormatJSON, FormatCSV}

var allFormats = append(slices.Clone(DefaultFormats), FormatJSONL)

// ParseFormats reads a comma-separated list of formats; each counts once.
func ParseFormats(text string) ([]Format, error) {
	var formats []Format
	for name := range strings.SplitSeq(text, ",") {
		f := Format(strings.ToLower(strings.TrimSpace(name)))
		if !slices.Contains(allFormats, f) {
			names := strings.Trim(fmt.Sprint(allFormats), "[]")
			return nil, fmt.Errorf("format %q is none of %s", strings.TrimSpace(name), strings.ReplaceAll(names, " ", ", "))
		}
		if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

// Has reports whether the options select a format.
func (o *Options) Has(f Format) bool {
	if len(o.Formats) == 0 {
		return slices.Contains(DefaultFormats, f)
	}
	return slices.Contains(o.Formats, f)
}

// Zone returns the location of local times, nil for UTC alone.
func (o *Options) Zone() *time.Location {
	if o.Location == nil || o.Location.String() == "UTC" {
		return nil
	}
	return o.Location
}

// Rest names the file with the rows that Markdown leaves out. workbook names the workbook.
func (o *Options) Rest(t *table.Table, workbook string) string {
	switch {
	case t.File != "" && o.Has(FormatCSV):
		return t.File
	case o.Has(FormatXLSX):
		return workbook
	}
	return "the database"
}
