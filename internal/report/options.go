package report

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"scim-auditor/internal/report/table"
)

// Options is what a caller may set about a report. The zero value is the defaults.
type Options struct {
	// Formats are the kinds of files to write; none for DefaultFormats. The two files that list the
	// others are always written.
	Formats []Format
	// Template takes the place of the built-in template of the Markdown file, nil for the built-in.
	Template *template.Template
	// Location is the zone of a second column beside each column of instants, nil or UTC for none.
	Location *time.Location
	// ToolVersion is the version that writes the report. It is named where it is not the one that made
	// the run.
	ToolVersion string
}

// Format is a kind of file of a report, by the ending of its name.
type Format string

// The formats.
const (
	FormatXLSX  Format = "xlsx"
	FormatMD    Format = "md"
	FormatJSON  Format = "json"
	FormatCSV   Format = "csv"
	FormatJSONL Format = "jsonl"
)

// DefaultFormats are what a report has when the settings name none.
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

// Has reports whether the report has files of a format.
func (o *Options) Has(f Format) bool {
	if len(o.Formats) == 0 {
		return slices.Contains(DefaultFormats, f)
	}
	return slices.Contains(o.Formats, f)
}

// Zone is the location of local times, nil where there is none beside UTC.
func (o *Options) Zone() *time.Location {
	if o.Location == nil || o.Location.String() == "UTC" {
		return nil
	}
	return o.Location
}

// Rest names where the rows of a table are that Markdown leaves out, beside a workbook with this
// name.
func (o *Options) Rest(t *table.Table, workbook string) string {
	switch {
	case t.File != "" && o.Has(FormatCSV):
		return t.File
	case o.Has(FormatXLSX):
		return workbook
	}
	return "the database"
}
