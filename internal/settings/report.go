package settings

import (
	"fmt"
	"os"
	"time"

	"scim-auditor/internal/report"
)

const formatsHint = "it is a comma-separated list such as xlsx,md,json,csv,jsonl"

// Report returns the options of a report. It reads the template and tries it.
func (s *Settings) Report(toolVersion string) (report.Options, error) {
	options := report.Options{ToolVersion: toolVersion}
	var err error
	if options.Formats, err = report.ParseFormats(s.Formats); err != nil {
		return options, s.wrong("formats", err, formatsHint)
	}
	options.Location, err = time.LoadLocation(s.Timezone) // UTC when it is empty
	switch {
	case err != nil:
		err = fmt.Errorf("time zone %q is not known", s.Timezone)
	case s.Timezone == "Local":
		err = fmt.Errorf("time zone %q is another on each machine", s.Timezone)
	}
	if err != nil {
		return options, s.wrong("timezone", err,
			"it is a name of the IANA time zone database, such as Europe/Berlin or America/New_York")
	}
	if s.Template == "" {
		return options, nil
	}
	if !options.Has(report.FormatMD) {
		return options, s.wrong("template", fmt.Errorf("%s is for the Markdown report, which --formats %s leaves out",
			s.Template, s.Formats), "add md to --formats, or leave out --template")
	}
	text, err := os.ReadFile(s.Template)
	if err != nil {
		return options, s.wrong("template", fmt.Errorf("reading the template: %w", err), "name an existing file")
	}
	if options.Template, err = report.ParseTemplate(s.Template, string(text), options.Location); err != nil {
		return options, s.wrong("template", err, "docs/templates.md lists what a template can use")
	}
	return options, nil
}
