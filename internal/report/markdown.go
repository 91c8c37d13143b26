package report

import (
	_ "embed" // columns of the tables in Markdown
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"text/template"
	"time"

	"scim-auditor/internal/report/table"
	"scim-auditor/reports/templates"
)

// markdown returns the data for a template of the Markdown report; docs/templates.md documents
// it. Every text is GitHub Flavored Markdown in which texts from the API are escaped, so a
// template writes it unchanged.
func (r *report) markdown() map[string]any {
	var alarms, organizations []string
	for _, alarm := range r.alarms() {
		alarms = append(alarms, table.EscapeMarkdown(alarm))
	}
	for i, o := range r.Organizations {
		if o.complete() { // the alarms name the others
			organizations = append(organizations, table.EscapeMarkdown(r.sentence(i)))
		}
	}
	data := map[string]any{
		"Title": reportTitle, "Complete": r.Complete(), "Headline": r.headline().markdown(),
		"Status": table.EscapeMarkdown(r.status()),
		"Alarms": alarms, "Run": table.EscapeMarkdown(r.runSentence()), "Organizations": organizations,
		"HasApproval": r.organizationsWithApproval() > 0, "RunID": r.Run.ID, "StartedAt": UTC(r.Run.StartedAt),
		"ToolVersion": table.EscapeMarkdown(r.writer()),
	}
	tables := map[string]*table.Table{
		"TieOuts": r.ties.Table(&r.names), "Changes": r.reading, "Approved": r.approved, "Findings": r.findings,
		"Exceptions": r.exceptions, "SCIM": r.inventory, "SSO": r.sso, "Domains": r.domains, "Rules": r.outcomes,
		"Timeline": r.timeline, "Runs": r.runs, "Evidence": FactTable(r.facts, &r.names), "Exchanges": r.exchanges,
	}
	for line := range strings.Lines(markdownText) {
		name, keys, _ := strings.Cut(line, "\t")
		data[name] = tables[name].Markdown(r.Rest(tables[name], WorkbookFile), strings.Fields(keys)...)
	}
	return data
}

// markdownText has the keys of the columns that each table shows in Markdown; no keys select
// all. Each line has a table: its name in templates, a tab, and the keys.
//
//go:embed markdown.tsv
var markdownText string

func (r *report) runSentence() string {
	run, scheduled, written := &r.Run, "not scheduled", ""
	if !run.ScheduledFor.IsZero() {
		scheduled = "scheduled for " + UTC(run.ScheduledFor)
	}
	if r.writer() != run.ToolVersion {
		written = " auditor " + r.writer() + " wrote this report again."
	}
	return fmt.Sprintf("Run %d, started at %s (%s, trigger %s), made by auditor %s on %s.%s", run.ID,
		UTC(run.StartedAt), scheduled, run.Trigger, run.ToolVersion, run.Host, written)
}

// strict is the option of every template: an unknown name is an error.
const strict = "missingkey=error"

// ParseTemplate parses a template for the Markdown report and executes it twice, once with
// every possible value and once with an empty report, so that errors are found before a run.
// zone is the zone of local times, nil for none. An error begins with name, line and column.
func ParseTemplate(name, text string, zone *time.Location) (*template.Template, error) {
	t, err := template.New(name).Option(strict).Parse(text)
	if err != nil {
		return nil, templateError(err)
	}
	nothing := newReport(&Model{}, Options{Location: zone}).markdown()
	everything := maps.Clone(nothing)
	everything["HasApproval"], everything["Complete"] = true, true
	everything["Alarms"], everything["Organizations"] = []string{""}, []string{""}
	for name, value := range nothing {
		if rows, isTable := value.(table.Markdown); isTable {
			everything[name] = rows.Example()
		}
	}
	for _, data := range []map[string]any{everything, nothing} {
		if err := t.Execute(io.Discard, data); err != nil {
			return nil, templateError(err)
		}
	}
	return t, nil
}

// templateError removes the prefix of a text/template error, so that it begins with the
// position.
func templateError(err error) error {
	return errors.New(strings.TrimPrefix(err.Error(), "template: "))
}

// WriteMarkdown executes a template with the data. If t is nil, it uses the built-in template
// of this name in reports/templates.
func WriteMarkdown(w io.Writer, t *template.Template, builtIn string, data map[string]any) error {
	if t == nil {
		t = template.Must(template.New(builtIn).Option(strict).ParseFS(templates.Files, builtIn))
	}
	if err := t.Execute(w, data); err != nil {
		return templateError(err)
	}
	return nil
}
