package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
)

const defaultBaseURL = "https://app.gitpod.io/api"

// settings are what the flags, the environment and the config file say, in this order, over the defaults.
type settings struct {
	config, db, out       string
	file                  *config
	baseURL, tokenFile    string
	tokenExpires          string
	organization          string
	pageSize, concurrency int
	timeout               time.Duration
	logFormat             string
	verbose, quiet        bool
	organizations         []organizationEntry
	exceptionsFile        string
	expiries              []tokenExpiry
	thresholds            finding.Thresholds
	turnedOff             map[string]string // why, by rule id
	operation
	reportSettings

	now func() time.Time
	// origin is where a setting has its value from, by its flag's name, for those that have it from the environment or the config file.
	origin map[string]string
}

// addCommonFlags are the settings of every command.
func (s *settings) addCommonFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.config, "config", "", "config file (default \"auditor.yaml\" in the working folder, if it is there)")
	flags.StringVar(&s.db, "db", "auditor.db", "database file")
	flags.StringVar(&s.out, "out", "reports/out", "folder that the reports are written into")
	flags.StringVar(&s.logFormat, "log-format", "text", "format of the log on standard error: text or json")
	flags.BoolVarP(&s.verbose, "verbose", "v", false, "log every request with its timing")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "print nothing but errors, and warnings of a token that expires")
}

// addCollectionFlags are the settings of a command that reads the API.
func (s *settings) addCollectionFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.baseURL, "base-url", defaultBaseURL, "base URL of the API, with /api")
	flags.StringVar(&s.tokenFile, "token-file", "", "file with the token, instead of ONA_TOKEN or GITPOD_API_KEY")
	flags.StringVar(&s.tokenExpires, "token-expires", "", "day on which the token expires, as Ona showed it when the token was made; it is told 14 days ahead")
	flags.StringVar(&s.organization, "organization", "", "id of the organization that the token must belong to")
	flags.IntVar(&s.pageSize, "page-size", 100, "configurations asked for at once, 1 to 100")
	flags.IntVar(&s.concurrency, "concurrency", 4, "organizations collected at once")
	s.addExceptionsFlag(flags)
	flags.DurationVar(&s.timeout, "timeout", 30*time.Minute, "longest time for the collection of all organizations")
}

// addExceptionsFlag is the setting of every command that reads or writes exceptions.
func (s *settings) addExceptionsFlag(flags *pflag.FlagSet) {
	flags.StringVar(&s.exceptionsFile, "exceptions-file", "", "file with accepted findings (default \""+defaultExceptions+"\" in the working folder, if it is there)")
}

// environmentNames are the variables that stand for a setting, the first that is set wins. Every setting has AUDITOR_ and its name.
func environmentNames(setting string) []string {
	names := []string{"AUDITOR_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))}
	if setting == "base-url" {
		names = append(names, "GITPOD_BASE_URL", "ONA_HOST")
	}
	return names
}

// notSettings are flags that say what a command does this time; the environment and the config file do not set them.
var notSettings = map[string]bool{"help": true, "run": true, "json": true, "dir": true, "markdown": true,
	"in-organization": true, "owner": true, "reason": true, "ticket": true, "expires": true, "from": true, "to": true, "sample": true, "seed": true}

// resolve fills each setting that no flag gave from the environment, else from the config file, and checks what several commands need.
func (s *settings) resolve(env environment, flags *pflag.FlagSet) error {
	s.now, s.origin = env.now, make(map[string]string)
	if err := s.fromEnvironment(env, flags, "config"); err != nil {
		return usage(err, "")
	}
	file, err := readConfig(s.config)
	if err != nil {
		return err
	}
	s.file, s.organizations, s.notify = file, file.Organizations, file.Operation.Notify
	if s.thresholds, s.turnedOff, err = file.ruleSettings(); err != nil {
		return usage(fmt.Errorf("config file %w", err), "docs/rules.md lists the rules and their thresholds")
	}
	var problems []error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || notSettings[f.Name] {
			return
		}
		if err := s.fromEnvironment(env, flags, f.Name); err != nil || f.Changed {
			problems = append(problems, err)
			return
		}
		problems = append(problems, s.fromFile(flags, f.Name))
	})
	if err := errors.Join(problems...); err != nil {
		return usage(err, "a whole number is such as 100, a duration such as 30m or 1h30m; the README lists every setting")
	}
	return s.check(flags)
}

func (s *settings) fromEnvironment(env environment, flags *pflag.FlagSet, setting string) error {
	if flags.Changed(setting) {
		return nil
	}
	for _, name := range environmentNames(setting) {
		value := env.getenv(name)
		if value == "" {
			continue
		}
		if name == "ONA_HOST" {
			base, err := fetch.BaseURLFromHost(value)
			if err != nil {
				return fmt.Errorf("ONA_HOST: %w", err)
			}
			value = base
		}
		return s.take(flags, setting, value, "environment variable "+name)
	}
	return nil
}

func (s *settings) fromFile(flags *pflag.FlagSet, setting string) error {
	value, ok := s.file.value(setting)
	if !ok {
		return nil
	}
	key := strings.ReplaceAll(setting, "-", "_")
	return s.take(flags, setting, value, fmt.Sprintf("config file %s: %s", s.file.file.where("$."+key), key))
}

// take sets a setting to what the environment or the config file says.
func (s *settings) take(flags *pflag.FlagSet, setting, value, origin string) error {
	s.origin[setting] = origin
	err := flags.Set(setting, value)
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = invalid.Unwrap() // the outer error names a flag, which nobody gave
	}
	if err != nil {
		return fmt.Errorf("%s: %w", origin, err)
	}
	return nil
}

// wrong is the failure of a setting whose value cannot be used, which it names as its user gave it: a flag, a variable, or a line of the
// config file.
func (s *settings) wrong(setting string, err error, hint string) *failure {
	origin := s.origin[setting]
	if origin == "" {
		origin = "--" + setting
	}
	return usage(fmt.Errorf("%s: %w", origin, err), hint)
}

// wrongEntry is the failure of entry i of a list in the config file.
func (s *settings) wrongEntry(list string, i int, err error, hint string) *failure {
	return usage(fmt.Errorf("config file %s: %s: %w", s.file.file.where(fmt.Sprintf("$.%s[%d]", list, i)), list, err), hint)
}

func (s *settings) check(flags *pflag.FlagSet) error {
	switch {
	case s.logFormat != "text" && s.logFormat != "json":
		return s.wrong("log-format", fmt.Errorf("%q is neither text nor json", s.logFormat), "")
	case s.verbose && s.quiet:
		return usage(errors.New("-v and -q contradict each other"), "give one of them")
	case s.db == "":
		return s.wrong("db", errors.New("the database file has no name"), "leave it out for auditor.db in the working folder")
	case flags.Lookup("base-url") == nil:
		return nil
	case s.pageSize < 1 || s.pageSize > 100:
		return s.wrong("page-size", fmt.Errorf("%d is not from 1 to 100", s.pageSize), "leave it out for 100, the most that the API gives at once")
	case s.concurrency < 1:
		return s.wrong("concurrency", fmt.Errorf("%d is less than 1", s.concurrency), "leave it out for 4 organizations at once")
	case s.timeout <= 0:
		return s.wrong("timeout", fmt.Errorf("%s leaves no time", s.timeout), "it is a duration such as 30m")
	}
	var err error
	s.expiries, err = s.tokenExpiries()
	return err
}

// logger writes to standard error what a person on call needs: warnings, with -v every request, with -q errors alone.
func (s *settings) logger(stderr io.Writer) *slog.Logger {
	level := slog.LevelWarn
	switch {
	case s.verbose:
		level = slog.LevelDebug
	case s.quiet:
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(stderr, options))
	}
	return slog.New(slog.NewTextHandler(stderr, options))
}
