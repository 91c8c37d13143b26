package report

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/template"
	"time"

	"scim-auditor/reports/templates"
)

// Template is a text/template of the Markdown report. What it can use is Markdown.
type Template struct{ parsed *template.Template }

// ParseTemplate reads the text of a template and tries it, so that what is wrong is found before there is anything to report: with everything
// that a report with local times of this zone, nil for none, can have, and with nothing. An error begins with name, line and column.
func ParseTemplate(name, text string, zone *time.Location) (*Template, error) {
	t, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	for _, m := range []Markdown{everything(zone), nothing(zone)} {
		if err := t.execute(io.Discard, m); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func parse(name, text string) (*Template, error) {
	parsed, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, located(err)
	}
	return &Template{parsed}, nil
}

func (t *Template) execute(w io.Writer, data any) error {
	err := t.parsed.Execute(w, data)
	if problem, ok := errors.AsType[template.ExecError](err); ok {
		return located(problem)
	}
	return err
}

// located is an error of text/template without its first word, so that it begins with the place.
func located(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "template: "); ok {
		return errors.New(text)
	}
	return err
}

// builtIn is a template in reports/templates.
func builtIn(name string) (*Template, error) {
	text, err := templates.Files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the built-in template: %w", err)
	}
	return parse(name, string(text))
}

// MarkdownTable is a table as a template can use it. Written as it is, it is a table of GitHub Flavored Markdown with no more than 200 rows,
// and its remarks.
type MarkdownTable struct {
	table *table
	shown *table // what of it the Markdown shows
	rest  string // where the rows are that the Markdown leaves out
}

// String is the table as Markdown. It needs an empty line before and after it.
func (t MarkdownTable) String() string { return markdownTable(t.shown, t.rest) }

// Len is the number of rows.
func (t MarkdownTable) Len() int { return t.table.size() }

// Rows yields all rows, each as its values by the keys of all columns, also those that the Markdown does not show.
func (t MarkdownTable) Rows() iter.Seq[map[string]string] {
	return func(yield func(map[string]string) bool) {
		for r := range t.table.rows {
			values := make(map[string]string, len(r.cells))
			for i, c := range t.table.columns {
				values[c.key] = markdownText(shown(r.cells[i]))
			}
			if !yield(values) {
				return
			}
		}
	}
}

// Remarks is what must be known beside the rows: why an organization has none, what could not be assessed.
func (t MarkdownTable) Remarks() []string {
	all := make([]string, len(t.table.remarks))
	for i, r := range t.table.remarks {
		all[i] = markdownText(r.text)
	}
	return all
}

// nothing is the report of a run without organizations.
func nothing(zone *time.Location) Markdown {
	return newView(&Model{}, Options{Location: zone}).markdown()
}

// everything is a report that has one of each, of empty values.
func everything(zone *time.Location) Markdown {
	m := nothing(zone)
	m.Complete, m.Alarms, m.Organizations = true, []string{""}, []string{""}
	for _, t := range m.tables() {
		one := *t.table
		one.rows = rowList([]row{{runLevel, make([]any, len(one.columns))}})
		one.remarks = []remark{{organization: runLevel}}
		t.table, t.shown = &one, &one
	}
	return m
}

// WriteMarkdown executes a template with the data, the built-in one of this name when it is nil.
func WriteMarkdown(w io.Writer, t *Template, builtInName string, data any) error {
	return executeTemplate(w, t, builtInName, data)
}
