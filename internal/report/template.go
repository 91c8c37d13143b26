package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"
	"time"

	"scim-auditor/internal/report/table"
	"scim-auditor/reports/templates"
)

// Template is a text/template of the Markdown report. What it can use is Markdown.
type Template struct{ parsed *template.Template }

// ParseTemplate reads the text of a template and tries it, so that what is wrong is found before
// there is anything to report: with everything that a report with local times of this zone, nil for
// none, can have, and with nothing. An error begins with name, line and column.
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

// WriteMarkdown executes a template with the data: the built-in one of this name, in
// reports/templates, when it is nil.
func WriteMarkdown(w io.Writer, t *Template, builtIn string, data any) error {
	if t == nil {
		text, err := templates.Files.ReadFile(builtIn)
		if err != nil {
			return fmt.Errorf("reading the built-in template: %w", err)
		}
		if t, err = parse(builtIn, string(text)); err != nil {
			return err
		}
	}
	if err := t.execute(w, data); err != nil {
		return fmt.Errorf("making the Markdown report: %w", err)
	}
	return nil
}

// nothing is the report of a run without organizations.
func nothing(zone *time.Location) Markdown {
	return newReport(&Model{}, Options{Location: zone}).markdown()
}

// everything is a report that has one of each, of empty values.
func everything(zone *time.Location) Markdown {
	m := nothing(zone)
	m.Complete, m.Alarms, m.Organizations = true, []string{""}, []string{""}
	for _, t := range []*table.Markdown{
		&m.TieOuts, &m.Changes, &m.Findings, &m.Exceptions, &m.SCIM, &m.SSO, &m.Rules, &m.Timeline, &m.Runs, &m.Evidence,
		&m.Exchanges,
	} {
		*t = t.Example()
	}
	return m
}
