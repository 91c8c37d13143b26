package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/report/xlsx"
)

// Options are the settings of a report. The zero value selects the defaults.
type Options struct {
	// Formats selects the files to write; empty selects DefaultFormats. The manifest and
	// SHA256SUMS are always written.
	Formats []Format
	// Template replaces the built-in template of the HTML or the Markdown file; nil replaces none.
	Template *Template
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
	FormatHTML  Format = "html"
	FormatMD    Format = "md"
	FormatJSON  Format = "json"
	FormatCSV   Format = "csv"
	FormatJSONL Format = "jsonl"
	FormatOCSF  Format = "ocsf" // events; a report of a period has none
)

// DefaultFormats are written if the settings name none.
var DefaultFormats = []Format{FormatXLSX, FormatHTML, FormatMD, FormatJSON, FormatCSV}

var allFormats = append(slices.Clone(DefaultFormats), FormatJSONL, FormatOCSF)

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

// Timezone returns the name of the zone of local times, "UTC" if there are none.
func (o *Options) Timezone() string {
	if zone := o.Zone(); zone != nil {
		return zone.String()
	}
	return "UTC"
}

// ownTemplate returns the format of the user's template, empty if there is none.
func (o *Options) ownTemplate() Format {
	if o.Template == nil {
		return ""
	}
	return o.Template.Format
}

// Document is what the files of a report are made of.
type Document struct {
	Kind string // of the report, as the names of its templates and the first of its JSON lines have it
	Name string // of the files, without the ending
	Book *xlsx.Book
	// Data returns the data for the templates, Head has the members of the JSON before the tables.
	Data func(*View) map[string]any
	Head any
	// Frame has the columns around the rows of the JSON, RowFrame those of CSV and JSON lines.
	Frame, RowFrame *table.Frame
	JSON, CSV       []*table.Table
	Packed          bool // the JSON is compressed
	Heads           []evidence.Head
}

// Files returns the files of a report in the formats that the options name.
func (o *Options) Files(d *Document) (files []folder.File) {
	add := func(format Format, name string, write func(io.Writer) error) {
		if o.Has(format) {
			files = append(files, folder.File{Name: name, Write: write})
		}
	}
	add(FormatXLSX, d.Name+".xlsx", d.Book.Write)
	for _, format := range []Format{FormatHTML, FormatMD} {
		add(format, d.Name+"."+string(format), func(w io.Writer) error { return o.writeTemplate(w, format, d) })
	}
	addJSON := func(format Format, write func(io.Writer) error) {
		if d.Packed {
			write = packed(write)
		}
		add(format, jsonName(d.Name, format, d.Packed), write)
	}
	addJSON(FormatJSON, func(w io.Writer) error { return table.WriteJSON(w, d.Head, d.Frame, d.JSON) })
	addJSON(FormatJSONL, func(w io.Writer) error {
		return table.WriteJSONLines(w, d.Kind, d.Head, d.RowFrame, d.JSON)
	})
	for _, t := range d.CSV {
		add(FormatCSV, t.File, func(w io.Writer) error { return t.WriteCSV(w, d.RowFrame) })
	}
	if len(d.Heads) > 0 {
		files = append(files, folder.Head(d.Heads...))
	}
	return files
}

// PackedSuffix ends the names of the JSON files in the report of a fleet.
const PackedSuffix = ".gz"

// jsonName returns the name of a JSON file.
func jsonName(name string, format Format, packed bool) string {
	if name += "." + string(format); packed {
		name += PackedSuffix
	}
	return name
}

// packed returns a function that writes a file compressed.
func packed(write func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		out, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			return err
		}
		return cmp.Or(write(out), out.Close())
	}
}

// CellFacts counts the cells that the selected files show in another form than the database.
// The facts also say where the unaltered values are: in the database and in the JSON files, if
// these are written. name is that of the files, packed whether the JSON is compressed.
func (o *Options) CellFacts(book *xlsx.Book, csv []*table.Table, name string, packed bool) (
	counts table.Counts, facts []Fact,
) {
	add := func(item string, value any) { facts = append(facts, Fact{table.RunLevel, item, value}) }
	if o.Has(FormatXLSX) {
		counts = book.Count()
		add("Workbook cells with hidden characters made visible", counts.Altered)
		add(fmt.Sprintf("Workbook cells cut at %d characters", table.MaxCellUnits), counts.Cut)
	}
	counts.Guarded = 0 // of the workbook
	if o.Has(FormatCSV) {
		for _, t := range csv {
			counts.Guarded += t.Guarded
		}
		add("CSV cells with a leading ' against formulas, or hidden characters made visible", counts.Guarded)
	}
	unaltered := "the database"
	for _, format := range []Format{FormatJSON, FormatJSONL} {
		if o.Has(format) {
			unaltered += ", " + jsonName(name, format, packed)
		}
	}
	add("Full, unaltered values", unaltered)
	return counts, facts
}
