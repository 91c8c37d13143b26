// Package settings turns flags, the environment, auditor.yaml and exceptions.yaml into one
// validated Settings value. It reads only the files that the settings name. The caller passes
// the flags and the environment.
//
// Precedence: flag, environment, config file, default. An unknown key in a file is an error
// that names its line.
package settings

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
)

// Settings holds the validated settings of one command. A setting without a flag has its value
// from the config file, or its zero value. Files that can change between two runs of a server
// (tokens, exceptions, a template) are read by the methods.
type Settings struct {
	Config
	// Verbose and Quiet have the tags of their flags, but are not in the config file.
	Verbose              bool `yaml:"verbose"`
	Quiet                bool `yaml:"quiet"`
	Timeout, StopTimeout time.Duration
	FailOn               []Condition
	Thresholds           finding.Thresholds
	// TokenExpiries maps a source to the day on which its token expires, if the settings have
	// it. The API reports that day only for a user with a single token.
	TokenExpiries map[string]time.Time
	// Shard selects the organizations to collect.
	Shard Shard

	exceptionsNamed bool
	pattern         string // of the path of the database, before {shard} was replaced
	flags           *pflag.FlagSet
	getenv          func(string) string
	file            *yamlFile
}

// Error is the error for an invalid setting, with a hint.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the config file and returns the settings of a command. Its flags must have been
// parsed. Every error is an *Error.
func Load(flags *pflag.FlagSet, getenv func(string) string) (*Settings, error) {
	s := &Settings{flags: flags, getenv: getenv}
	if err := s.fill(); err != nil {
		return nil, err
	}
	if err := s.parseRules(); err != nil {
		return nil, &Error{fmt.Errorf("config file %w", err), "docs/rules.md lists the rules and their thresholds"}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if !s.takes("base-url") {
		return s, nil
	}
	return s, s.checkCollection()
}

func (s *Settings) takes(name string) bool {
	return s.flags.Lookup(name) != nil
}

// check validates the settings that are valid for every command, and those of the flags fail-on
// and listen.
func (s *Settings) check() (err error) {
	switch {
	case s.LogFormat != "text" && s.LogFormat != "json":
		return s.wrong("log-format", fmt.Errorf("%q is neither text nor json", s.LogFormat), "")
	case s.Verbose && s.Quiet:
		return &Error{errors.New("-v and -q contradict each other"), "use only one of them"}
	case s.DB == "":
		return s.wrong("db", errors.New("the name of the database file is empty"),
			"leave it out for auditor.db in the working folder")
	case s.DB == ":memory:":
		return s.wrong("db", errors.New(":memory: would keep the database only until the command ends"),
			"name a file, such as auditor.db")
	case s.Out == "" && s.takes("out"):
		return s.wrong("out", errors.New("the name of the folder of the reports is empty"),
			"leave it out for reports/out in the working folder")
	}
	if err := s.setShard(); err != nil {
		return err
	}
	if s.exceptionsNamed = s.ExceptionsFile != ""; !s.exceptionsNamed {
		s.ExceptionsFile = defaultExceptionsFile
	}
	if s.takes("fail-on") {
		if s.FailOn, err = ParseConditions(s.FailOnText); err != nil {
			return s.wrong("fail-on", err, "use coverage, changes and findings, the last two "+
				"alone or with :critical, :high, :medium, :low or :info, such as coverage,changes,findings:high")
		}
	}
	if !s.takes("listen") {
		return nil
	}
	return s.checkServer()
}

func (s *Settings) checkServer() (err error) {
	if s.Listen, err = s.listenAddress(s.Listen); err != nil {
		return err
	}
	s.StopTimeout, err = time.ParseDuration(s.StopTimeoutText)
	if err == nil && s.StopTimeout < 0 {
		err = fmt.Errorf("%s is negative", s.StopTimeout)
	}
	if err != nil {
		return s.wrong("stop-timeout", err, "set a duration such as 3s; 0s abandons a run at once")
	}
	return nil
}

// checkCollection validates the settings of a command that reads the API.
func (s *Settings) checkCollection() (err error) {
	s.Timeout, err = time.ParseDuration(s.TimeoutText)
	if err == nil && s.Timeout <= 0 {
		err = fmt.Errorf("%s is not a positive duration", s.Timeout)
	}
	switch {
	case err != nil:
		return s.wrong("timeout", err, "set a duration such as 30m")
	case s.PageSize < 1 || s.PageSize > 100:
		return s.wrong("page-size", fmt.Errorf("%d is not from 1 to 100", s.PageSize),
			"leave it out for 100, the largest page of the API")
	case s.takes("trigger") && !slices.Contains([]string{"", TriggerSchedule, TriggerManual}, s.Trigger):
		return s.wrong("trigger", fmt.Errorf("%q is neither schedule nor manual", s.Trigger),
			"leave it out in a crontab: a run without a terminal at a time of --schedule is scheduled")
	case s.Leavers != "" && !s.collectsMembers():
		return s.wrong("leavers", errors.New("no members are collected, so the list of leavers is compared with nobody"),
			"set --members too, or leave out --leavers")
	case s.MembersRedact && !s.collectsMembers():
		return s.wrong("members-redact", errors.New("no members are collected, so there is nothing to redact"),
			"set --members too, or leave out --members-redact")
	case s.Concurrency < 1:
		return s.wrong("concurrency", fmt.Errorf("%d is less than 1", s.Concurrency),
			"leave it out for 4 organizations at once")
	}
	if err := s.checkProxies(); err != nil {
		return err
	}
	if err := s.checkShardSources(); err != nil {
		return err
	}
	return s.parseTokenExpiries()
}

// The values of the setting trigger; empty selects one of them by the clock and the terminal.
const (
	TriggerSchedule = "schedule"
	TriggerManual   = "manual"
)

// collectsMembers reports whether the members of any organization are collected.
func (s *Settings) collectsMembers() bool {
	entries, _ := s.entries()
	return slices.ContainsFunc(entries, s.members)
}

const scheduleHint = `use five fields, a descriptor or @every, such as "0 2 * * *", ` +
	`"CRON_TZ=Europe/Berlin 30 4 * * mon-fri" or "@daily"`

// Schedule parses the schedule. It returns nil if the setting is empty or schedule.None.
func (s *Settings) Schedule() (*schedule.Schedule, error) {
	if s.Cron == "" || s.Cron == schedule.None {
		return nil, nil
	}
	parsed, err := schedule.Parse(s.Cron)
	if err != nil {
		return nil, s.wrong("schedule", err, scheduleHint)
	}
	return parsed, nil
}

// RequireSchedule is like Schedule, but returns an error if no schedule is set.
func (s *Settings) RequireSchedule() (*schedule.Schedule, error) {
	parsed, err := s.Schedule()
	if parsed == nil && err == nil {
		err = &Error{errors.New("no schedule is set"), "set one with --schedule: " + scheduleHint}
	}
	return parsed, err
}

func (s *Settings) listenAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", s.wrong("listen", fmt.Errorf("%q: %w", text, err),
			"use a host and a port, such as 127.0.0.1:9477, or only a port, such as :9477")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

const formatsHint = "use a comma-separated list such as xlsx,html,md,json,csv,jsonl,ocsf"

// Report returns the options for a report. It reads and checks the template.
func (s *Settings) Report(toolVersion string) (options report.Options, err error) {
	options.ToolVersion = toolVersion
	if options.Formats, err = report.ParseFormats(s.Formats); err != nil {
		return options, s.wrong("formats", err, formatsHint)
	}
	options.Location, err = time.LoadLocation(s.Timezone) // UTC when it is empty
	switch {
	case err != nil:
		err = fmt.Errorf("unknown time zone %q", s.Timezone)
	case s.Timezone == "Local":
		err = fmt.Errorf("time zone %q differs from machine to machine", s.Timezone)
	}
	if err != nil {
		return options, s.wrong("timezone", err,
			"use a name from the IANA time zone database, such as Europe/Berlin or America/New_York")
	}
	if format := report.TemplateFormat(s.Template); s.Template != "" && !options.Has(format) {
		name := map[report.Format]string{report.FormatMD: "Markdown", report.FormatHTML: "HTML"}[format]
		return options, s.wrong("template", fmt.Errorf("%s is for the %s report, which --formats %s leaves out",
			s.Template, name, s.Formats), fmt.Sprintf("add %s to --formats, or leave out --template", format))
	}
	options.Template, err = s.ReadTemplate(options.Location)
	return options, err
}

// ReadTemplate reads the template of the HTML or the Markdown report, for a zone of local times. It
// returns nil if the settings name none.
func (s *Settings) ReadTemplate(zone *time.Location) (*report.Template, error) {
	if s.Template == "" {
		return nil, nil
	}
	file, err := readFile(s.Template)
	if err != nil {
		return nil, s.wrong("template", fmt.Errorf("reading the template: %w", err), "name an existing file")
	}
	parsed, err := report.ParseTemplate(s.Template, string(file.content), zone)
	if err != nil {
		return nil, s.wrong("template", err, "docs/templates.md lists what a template can use")
	}
	return parsed, nil
}
