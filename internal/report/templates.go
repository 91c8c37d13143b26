package report

import (
	"bytes"
	_ "embed" // the tables in templates
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode/utf8"

	"scim-auditor/internal/report/table"
	"scim-auditor/reports/templates"
)

// View prepares texts and tables for a template: as Markdown, which is escaped already, or for
// html/template, which escapes texts itself.
type View struct {
	format   Format
	options  *Options
	workbook string // its name
	rows     int    // the most rows that a table in Markdown shows
	anchors  table.Anchors
}

func (o *Options) view(format Format, rows int, name string) *View {
	return &View{format, o, name + ".xlsx", rows, make(table.Anchors)}
}

// rest names the file with the rows that a table leaves out.
func (v *View) rest(t *table.Table) string {
	switch {
	case t.File != "" && v.options.Has(FormatCSV):
		return t.File
	case v.options.Has(FormatXLSX):
		return v.workbook
	}
	return "the database"
}

// The built-in templates write at most markdownSize characters of Markdown, because GitHub shows no
// more than 65,536. To fit, each table shows fewer rows than markdownRows.
const (
	markdownSize = 60_000
	markdownRows = 50
)

// Text returns a text for the template.
func (v *View) Text(s string) string {
	if v.format == FormatHTML {
		return table.Visible(s)
	}
	return table.MarkdownText(s)
}

// Texts returns texts for the template.
func (v *View) Texts(all []string) []string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = v.Text(s)
	}
	return texts
}

// ShownPart is a Part for a template.
type ShownPart struct {
	Key, Heading, All string
	Table             any // table.Markdown or table.HTML
}

// Part returns a part for the template.
func (v *View) Part(p Part) ShownPart {
	shown := ShownPart{Key: p.Key, Heading: v.Text(p.Heading), All: p.All}
	if v.format == FormatHTML {
		shown.Table = p.Table.HTML(v.rest(p.Table), v.anchors, p.Columns...)
	} else {
		shown.Table = p.Table.Markdown(v.rest(p.Table), v.rows, p.Columns...)
	}
	return shown
}

// Parts returns parts for the template.
func (v *View) Parts(all []Part) []ShownPart {
	shown := make([]ShownPart, len(all))
	for i, p := range all {
		shown[i] = v.Part(p)
	}
	return shown
}

// Template is a parsed template of a report.
type Template struct {
	// Format is FormatMD or FormatHTML.
	Format   Format
	template interface {
		Execute(w io.Writer, data any) error
	}
}

// templateData returns the data for a template of the report on a run; docs/templates.md documents
// it.
func (r *report) templateData(v *View) map[string]any {
	var organizations []string
	for i, o := range r.Organizations {
		if o.complete() { // the alarms name the others
			organizations = append(organizations, v.Text(r.sentence(i)))
		}
	}
	h := r.headline
	data := map[string]any{
		"Title": reportTitle, "Whose": v.Text(r.whose()), "Night": v.Text(r.night()), "Complete": r.Complete(),
		"Details":  v.Text(r.details()),
		"Headline": Headline{h.State, v.Text(h.Text), v.Text(h.Changes), v.Text(h.NotAssessed)},
		"Status":   v.Text(r.status()), "Alarms": v.Texts(r.alarms()), "FirstAlarms": v.Texts(r.pageAlarms()),
		"HasApproval": r.organizationsWithApproval() > 0, "HasMembers": r.ofMembers(), "Organizations": organizations,
		"Run": v.Text(r.runSentence()), "RunID": r.Run.ID, "StartedAt": UTC(r.Run.StartedAt),
		"ToolVersion": v.Text(r.writer()), "Chart": r.chart(),
	}
	sections := r.sections()
	for _, s := range sections {
		v.anchors.Add(s.Table)
	}
	shown := v.Parts(sections)
	for i, s := range sections {
		data[s.Name] = shown[i].Table
	}
	if r.organizationsWithApproval() == 0 { // an empty table would say that nothing differs
		shown = slices.DeleteFunc(shown, func(p ShownPart) bool { return p.Key == r.approved.Name })
	}
	if !r.ofMembers() {
		shown = slices.DeleteFunc(shown, func(p ShownPart) bool { return p.Key == r.people.Name })
	}
	data["FirstPage"], data["Sections"] = v.Parts(r.parts), shown
	return data
}

// templatesText is in the form that Sections reads, with the names that templates use.
//
//go:embed templates.tsv
var templatesText string

// sections returns the tables of the report in the order of templatesText.
func (r *report) sections() []Part {
	tables := map[string]*table.Table{
		"TieOuts": r.tieTable(), "Changes": r.changes, "Approved": r.approved,
		"Findings": r.findings, "Exceptions": r.exceptions,
		"SCIM": r.inventory, "SSO": r.sso, "Members": r.people, "Domains": r.domains, "Rules": r.outcomes,
		"Overview": r.overview, "Timeline": r.timeline, "Runs": r.runs,
		"Evidence": r.factTable(), "Exchanges": r.exchanges,
		"Glossary": GlossaryTable(glossaryText, r.ofMembers()),
	}
	return Sections(templatesText, tables)
}

// Sections returns the tables, by their names, as the parts in a text that has a line for each: its
// name, the key and the heading of its section, and the keys of the columns that it shows; no keys
// show all.
func Sections(text string, tables map[string]*table.Table) (all []Part) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Part{Name: f[0], Key: f[1], Heading: f[2], Table: tables[f[0]], Columns: strings.Fields(f[3])})
	}
	return all
}

func (r *report) runSentence() string {
	if r.Databases != nil {
		return fmt.Sprintf("The runs of the night of %s in %s.", r.Night.Format(time.DateOnly), r.databasesText())
	}
	run, written := &r.Run, ""
	if r.writer() != run.ToolVersion {
		written = " auditor " + r.writer() + " wrote this report again."
	}
	return fmt.Sprintf("Run %d, started at %s (%s, trigger %s), made by auditor %s on %s.%s", run.ID,
		UTC(run.StartedAt), scheduledText(run), run.Trigger, run.ToolVersion, run.Host, written)
}

// strict is the option of every template: an unknown name is an error.
const strict = "missingkey=error"

// ParseTemplate parses a template for the HTML report if the name ends in .html or .html.tmpl, else
// for the Markdown report. It executes the template twice, once with every possible value and once
// with an empty report, so that errors are found before a run. zone is the zone of local times, nil
// for none. An error begins with name, line and column.
func ParseTemplate(name, text string, zone *time.Location) (*Template, error) {
	t := &Template{Format: TemplateFormat(name)}
	var err error
	if t.Format == FormatHTML {
		t.template, err = shared().New(name).Parse(text)
	} else {
		t.template, err = texttemplate.New(name).Option(strict).Parse(text)
	}
	if err != nil {
		return nil, templateError(err)
	}
	r := newReport(&Model{}, Options{Location: zone})
	nothing := r.templateData(r.view(t.Format, markdownRows, fileName))
	everything := maps.Clone(nothing)
	everything["Complete"], everything["Alarms"], everything["Organizations"] = true, []string{""}, []string{""}
	everything["FirstAlarms"], everything["HasApproval"] = []string{""}, true
	everything["HasMembers"] = true
	for name, value := range nothing {
		switch rows := value.(type) {
		case table.Markdown:
			everything[name] = rows.Example()
		case table.HTML:
			everything[name] = rows.Example()
		}
	}
	written := 0
	for _, data := range []map[string]any{everything, nothing} {
		text, err := t.execute(data)
		if err != nil {
			return nil, err
		}
		written += len(bytes.TrimSpace(text))
	}
	if written == 0 {
		return nil, fmt.Errorf("%s: the template writes nothing", name)
	}
	return t, nil
}

// execute returns what the template writes for the data.
func (t *Template) execute(data map[string]any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.template.Execute(&b, data); err != nil {
		return nil, templateError(err)
	}
	return b.Bytes(), nil
}

// templateError removes the prefix of a template's error, so that it begins with the position.
func templateError(err error) error {
	return errors.New(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "html/"), "template: "))
}

// writeTemplate writes the file of a format that has templates. The built-in template keeps
// Markdown short enough for GitHub.
func (o *Options) writeTemplate(w io.Writer, format Format, d *Document) error {
	isOwn := o.ownTemplate() == format
	t := o.Template
	if !isOwn {
		t = parseBuiltIn(d.Kind + "." + string(format) + ".tmpl")
	}
	for rows := markdownRows; ; rows /= 2 {
		text, err := t.execute(d.Data(o.view(format, rows, d.Name)))
		if err != nil {
			return err
		}
		if isOwn || format == FormatHTML || rows == 0 || utf8.RuneCount(text) <= markdownSize {
			_, err = w.Write(text)
			return err
		}
	}
}

// parseBuiltIn returns a template in reports/templates.
func parseBuiltIn(name string) *Template {
	if TemplateFormat(name) == FormatHTML {
		return &Template{FormatHTML, template.Must(shared().ParseFS(templates.Files, name)).Lookup(name)}
	}
	return &Template{FormatMD, texttemplate.Must(texttemplate.New(name).Option(strict).ParseFS(templates.Files, name))}
}

// shared returns the templates that every HTML template can use.
func shared() *template.Template {
	return template.Must(template.New("").Option(strict).ParseFS(templates.Files, "shared.html.tmpl"))
}

// TemplateFormat returns the format of a template by the ending of its name.
func TemplateFormat(name string) Format {
	if strings.HasSuffix(strings.TrimSuffix(name, ".tmpl"), ".html") {
		return FormatHTML
	}
	return FormatMD
}
