// Package settings turns flags, the environment, auditor.yaml and exceptions.yaml into one validated Settings value.
// It reads the files that it is given and nothing else: the flags and the environment are handed in.
//
// Precedence: flag, environment, config file, default. An unknown key in a file is an error that names its line.
package settings

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
)

// Settings are the validated settings of one command. A setting that the command does not take has its zero value, or
// what the config file says. Files that can change between two runs of a server (tokens, exceptions, a template) are
// read by the methods.
type Settings struct {
	Config
	Verbose, Quiet       bool
	Timeout, StopTimeout time.Duration
	FailOn               []Condition
	Thresholds           finding.Thresholds
	// TokenExpiries has the day, by source, on which its token expires, where the settings name it: the API does not
	// report it.
	TokenExpiries map[string]time.Time

	exceptionsNamed bool
	flags           *pflag.FlagSet
	getenv          func(string) string
	file            *yamlFile
}

// Error is a setting that cannot be used, with what to do about it.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Load reads the config file and returns the settings of a command with these flags, which have been parsed. Every
// error is an *Error.
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

// check validates the settings that need no further file.
func (s *Settings) check() (err error) {
	switch {
	case s.LogFormat != "text" && s.LogFormat != "json":
		return s.wrong("log-format", fmt.Errorf("%q is neither text nor json", s.LogFormat), "")
	case s.Verbose && s.Quiet:
		return &Error{errors.New("-v and -q contradict each other"), "use one of them"}
	case s.DB == "":
		return s.wrong("db", errors.New("the database file has no name"),
			"leave it out for auditor.db in the working folder")
	}
	if s.exceptionsNamed = s.ExceptionsFile != ""; !s.exceptionsNamed {
		s.ExceptionsFile = defaultExceptionsFile
	}
	if s.takes("fail-on") {
		if s.FailOn, err = ParseConditions(s.Config.FailOn); err != nil {
			return s.wrong("fail-on", err, "it takes changes and findings, each alone or with "+
				":critical, :high, :medium, :low or :info, such as changes,findings:high")
		}
	}
	if !s.takes("listen") {
		return nil
	}
	if s.Listen, err = s.listenAddress(s.Listen); err != nil {
		return err
	}
	s.StopTimeout, err = time.ParseDuration(s.Config.StopTimeout)
	if err == nil && s.StopTimeout < 0 {
		err = fmt.Errorf("%s is negative", s.StopTimeout)
	}
	if err != nil {
		return s.wrong("stop-timeout", err, "it is a duration such as 3s; 0s abandons a run at once")
	}
	return nil
}

// checkCollection validates the settings of a command that reads the API.
func (s *Settings) checkCollection() (err error) {
	s.Timeout, err = time.ParseDuration(s.Config.Timeout)
	if err == nil && s.Timeout <= 0 {
		err = fmt.Errorf("%s leaves no time", s.Timeout)
	}
	switch {
	case err != nil:
		return s.wrong("timeout", err, "it is a duration such as 30m")
	case s.PageSize < 1 || s.PageSize > 100:
		return s.wrong("page-size", fmt.Errorf("%d is not from 1 to 100", s.PageSize),
			"leave it out for 100, the most that the API returns at once")
	case s.Concurrency < 1:
		return s.wrong("concurrency", fmt.Errorf("%d is less than 1", s.Concurrency),
			"leave it out for 4 organizations at once")
	}
	return s.parseTokenExpiries()
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
