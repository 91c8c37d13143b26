package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/report"
)

// reportSettings are the settings of every command that writes reports.
type reportSettings struct {
	formats, template, timezone string
}

// reportConfig are their keys in the config file.
type reportConfig struct {
	Formats  *string `yaml:"formats"`
	Template *string `yaml:"template"`
	Timezone *string `yaml:"timezone"`
}

func (c *reportConfig) value(setting string) (string, bool) {
	value := map[string]*string{"formats": c.Formats, "template": c.Template, "timezone": c.Timezone}[setting]
	if value == nil {
		return "", false
	}
	return *value, true
}

func (r *reportSettings) addReportFlags(flags *pflag.FlagSet) {
	flags.StringVar(&r.formats, "formats", "xlsx,md,json,csv", "kinds of files that a report has, of xlsx, md, json, csv and jsonl, comma-separated")
	flags.StringVar(&r.template, "template", "", "file with a template for the Markdown report, instead of the built-in one")
	flags.StringVar(&r.timezone, "timezone", "", "zone such as Europe/Berlin, for a second column beside each column of times in UTC")
}

const formatsExample = "it is a comma-separated list such as xlsx,md,json,csv,jsonl"

// reportOptions is what the settings say about reports, with the template read and tried.
func (s *settings) reportOptions() (report.Options, error) {
	opts := report.Options{ToolVersion: readVersion().Version}
	var err error
	if opts.Formats, err = report.ParseFormats(s.formats); err != nil {
		return opts, s.wrong("formats", err, formatsExample)
	}
	if opts.Location, err = parseTimezone(s.timezone); err != nil {
		return opts, s.wrong("timezone", err, "it is a name of the IANA time zone database, such as Europe/Berlin or America/New_York")
	}
	if s.template == "" {
		return opts, nil
	}
	if !opts.Has(report.FormatMD) {
		return opts, s.wrong("template", fmt.Errorf("%s is for the Markdown report, which --formats %s leaves out", s.template, s.formats), "add md to --formats, or leave out --template")
	}
	text, err := os.ReadFile(s.template)
	if err != nil {
		return opts, s.wrong("template", fmt.Errorf("reading the template: %w", err), "name an existing file")
	}
	if opts.Template, err = report.ParseTemplate(s.template, string(text), opts.Location); err != nil {
		return opts, s.wrong("template", err, "docs/templates.md lists what a template can use")
	}
	return opts, nil
}

// parseTimezone reads the name of a zone; an empty one is UTC. The zone of the machine has a name too, which must be given: the same report
// must be the same on every machine.
func parseTimezone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fmt.Errorf("time zone %q is another on each machine", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", name)
	}
	return zone, nil
}
