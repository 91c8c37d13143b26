// Package settings turns flags, the environment, auditor.yaml and exceptions.yaml into one validated Settings value.
// It reads the files that it is given and nothing else: the flags and the environment are handed in.
//
// Precedence: flag, environment, config file, default. An unknown key in a file is an error that names its line.
package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
)

// Settings are the validated settings of one command. A setting that the command does not take has its zero value.
// Files that can change between two runs of a server (tokens, exceptions, a template) are read by the methods.
type Settings struct {
	DB, Out               string
	PageSize, Concurrency int
	Timeout               time.Duration
	LogFormat             string
	Verbose, Quiet        bool
	// Organization is the id that --organization names, as it was written; empty for none.
	Organization string
	// ExceptionsFile is the path in use, also when the file is not there.
	ExceptionsFile string
	// Cron is the expression of the schedule as it was written: empty, schedule.None or an expression. See Schedule.
	Cron        string
	MetricsFile string
	// Listen is host and port, empty for no listener.
	Listen      string
	StopTimeout time.Duration
	FailOn      []Condition
	Thresholds  finding.Thresholds
	// TurnedOff has the reason, by rule id, of each rule that is not evaluated.
	TurnedOff map[string]string
	// TokenExpiries are in the order of the sources.
	TokenExpiries []TokenExpiry

	baseURL                     string
	tokenFile, tokenExpires     string
	formats, template, timezone string
	exceptionsNamed             bool
	config                      *Config
	getenv                      func(string) string
	// origin is where a setting comes from, in words, by name; a flag has none.
	origin map[string]string
}

// Error is a setting that cannot be used, with what to do about it.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the config file and returns the settings of a command that takes these flags. Every error is an *Error.
func Load(flags map[string]Flag, getenv func(string) string) (*Settings, error) {
	l := &loader{flags: flags, getenv: getenv, origin: make(map[string]string)}
	config, err := readConfig(l.text("config", nil))
	if err != nil {
		return nil, err
	}
	l.config = config
	s := &Settings{config: config, getenv: getenv, origin: l.origin}
	s.fill(l)
	if err := errors.Join(l.problems...); err != nil {
		return nil, &Error{err, "a whole number is such as 100, a duration such as 30m or 1h30m; the README lists every setting"}
	}
	if s.Thresholds, s.TurnedOff, err = config.rules(); err != nil {
		return nil, &Error{fmt.Errorf("config file %w", err), "docs/rules.md lists the rules and their thresholds"}
	}
	return s, s.check(l)
}

// fill takes each setting from where it is set.
func (s *Settings) fill(l *loader) {
	c := l.config
	s.DB = l.text("db", c.DB)
	s.Out = l.text("out", c.Out)
	s.baseURL = l.text("base-url", c.BaseURL)
	s.tokenFile = l.text("token-file", c.TokenFile)
	s.tokenExpires = l.text("token-expires", c.TokenExpires)
	s.Organization = l.text("organization", c.Organization)
	s.PageSize = l.number("page-size", c.PageSize)
	s.Concurrency = l.number("concurrency", c.Concurrency)
	s.Timeout = l.duration("timeout", c.Timeout)
	s.LogFormat = l.text("log-format", c.LogFormat)
	s.Verbose, s.Quiet = l.flag("verbose"), l.flag("quiet")
	s.ExceptionsFile = l.text("exceptions-file", c.ExceptionsFile)
	s.Cron = l.text("schedule", c.Schedule)
	s.MetricsFile = l.text("metrics-file", c.MetricsFile)
	s.Listen = l.text("listen", c.Listen)
	s.StopTimeout = l.duration("stop-timeout", c.StopTimeout)
	s.formats = l.text("formats", c.Formats)
	s.template = l.text("template", c.Template)
	s.timezone = l.text("timezone", c.Timezone)
}

// check validates the settings that need no further file, and those that are made of several.
func (s *Settings) check(l *loader) (err error) {
	switch {
	case s.LogFormat != "text" && s.LogFormat != "json":
		return s.wrong("log-format", fmt.Errorf("%q is neither text nor json", s.LogFormat), "")
	case s.Verbose && s.Quiet:
		return &Error{errors.New("-v and -q contradict each other"), "use one of them"}
	case s.DB == "":
		return s.wrong("db", errors.New("the database file has no name"),
			"leave it out for auditor.db in the working folder")
	case s.StopTimeout < 0:
		return s.wrong("stop-timeout", fmt.Errorf("%s is negative", s.StopTimeout),
			"it is a duration such as 3s; 0s abandons a run at once")
	}
	if s.exceptionsNamed = s.ExceptionsFile != ""; !s.exceptionsNamed {
		s.ExceptionsFile = defaultExceptionsFile
	}
	if s.Listen, err = s.listenAddress(s.Listen); err != nil {
		return err
	}
	if s.FailOn, err = ParseConditions(l.text("fail-on", l.config.FailOn)); err != nil {
		return s.wrong("fail-on", err, "it takes changes and findings, each alone or with "+
			":critical, :high, :medium, :low or :info, such as changes,findings:high")
	}
	if !l.takes("base-url") {
		return nil
	}
	if s.TokenExpiries, err = s.tokenExpiries(); err != nil {
		return err
	}
	return s.checkCollection()
}

// checkCollection validates the settings of a command that reads the API.
func (s *Settings) checkCollection() error {
	switch {
	case s.PageSize < 1 || s.PageSize > 100:
		return s.wrong("page-size", fmt.Errorf("%d is not from 1 to 100", s.PageSize),
			"leave it out for 100, the most that the API returns at once")
	case s.Concurrency < 1:
		return s.wrong("concurrency", fmt.Errorf("%d is less than 1", s.Concurrency),
			"leave it out for 4 organizations at once")
	case s.Timeout <= 0:
		return s.wrong("timeout", fmt.Errorf("%s leaves no time", s.Timeout), "it is a duration such as 30m")
	}
	return nil
}

const scheduleHint = `it is five fields, a descriptor or @every, such as "0 2 * * *", ` +
	`"CRON_TZ=Europe/Berlin 30 4 * * mon-fri" or "@daily"`

// Schedule parses the schedule. It returns nil when there is none: the setting is empty or schedule.None.
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

// RequireSchedule is Schedule for a command that cannot work without one.
func (s *Settings) RequireSchedule() (*schedule.Schedule, error) {
	parsed, err := s.Schedule()
	if parsed == nil && err == nil {
		err = &Error{errors.New("there is no schedule"), "set one with --schedule: " + scheduleHint}
	}
	return parsed, err
}

// listenAddress adds loopback to an address without a host.
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
			"it is a host and a port, such as 127.0.0.1:9477, or a port alone, such as :9477")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// LogLevel is what a person on call needs: warnings; with -v every request; with -q errors alone.
func (s *Settings) LogLevel() slog.Level {
	switch {
	case s.Verbose:
		return slog.LevelDebug
	case s.Quiet:
		return slog.LevelError
	}
	return slog.LevelWarn
}

// wrong is the error of a setting, named as its user wrote it: a flag, a variable, or a line of the config file.
func (s *Settings) wrong(setting string, err error, hint string) error {
	origin := s.origin[setting]
	if origin == "" {
		origin = "--" + setting
	}
	return &Error{fmt.Errorf("%s: %w", origin, err), hint}
}

// wrongEntry is the error of entry i of a list in the config file.
func (s *Settings) wrongEntry(list string, i int, err error, hint string) error {
	where := s.config.file.where(fmt.Sprintf("$.%s[%d]", list, i))
	return &Error{fmt.Errorf("config file %s: %s: %w", where, list, err), hint}
}
