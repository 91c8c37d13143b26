package settings

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/fetch"
)

// Config has a field for each key of the config file. If a key is also a flag, its field in Settings holds the value
// after precedence was applied. Settings has the parsed value of a field whose name ends in Text.
type Config struct {
	DB              string `yaml:"db"`
	Out             string `yaml:"out"`
	BaseURL         string `yaml:"base_url"`
	TokenFile       string `yaml:"token_file"`
	TokenExpires    string `yaml:"token_expires"`
	Organization    string `yaml:"organization"`
	PageSize        int    `yaml:"page_size"`
	Concurrency     int    `yaml:"concurrency"`
	TimeoutText     string `yaml:"timeout"`
	LogFormat       string `yaml:"log_format"`
	FailOnText      string `yaml:"fail_on"`
	ExceptionsFile  string `yaml:"exceptions_file"`
	Cron            string `yaml:"schedule"`
	MetricsFile     string `yaml:"metrics_file"`
	Listen          string `yaml:"listen"`
	StopTimeoutText string `yaml:"stop_timeout"`
	Formats         string `yaml:"formats"`
	Template        string `yaml:"template"`
	Timezone        string `yaml:"timezone"`

	Organizations []organizationEntry `yaml:"organizations"`
	Rules         rulesEntry          `yaml:"rules"`
	Notify        []notifyEntry       `yaml:"notify"`
}

const defaultConfig = "auditor.yaml"

// readConfig reads the config file over the defaults. If path is empty, it reads auditor.yaml, which may be missing.
func (s *Settings) readConfig(path string) error {
	s.file = &yamlFile{path: cmp.Or(path, defaultConfig)}
	content, err := os.ReadFile(s.file.path)
	if path == "" && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{fmt.Errorf("reading the config file: %w", err), "name an existing file with --config"}
	}
	if s.file, err = readYAML(s.file.path, content, &s.Config); err != nil {
		return &Error{fmt.Errorf("config file %w", err), "docs/settings.md lists every setting"}
	}
	return nil
}

// fill sets the fields that are flags of the command. Precedence: flag, environment, config file, default.
func (s *Settings) fill() error {
	config, _ := s.given("config")
	byDefault := func(name string) (string, bool) { return s.flags.Lookup(name).DefValue, true }
	if err := s.overlay(byDefault); err != nil {
		return err
	}
	if err := s.readConfig(config); err != nil {
		return err
	}
	err := s.overlay(s.given)
	if variable, _ := s.variable("base-url"); err == nil && variable == "ONA_HOST" && !s.flags.Changed("base-url") {
		if s.BaseURL, err = fetch.BaseURLFromHost(s.BaseURL); err != nil {
			return s.wrong("base-url", err, "set it to a host such as app.gitpod.io")
		}
	}
	return err
}

// overlay sets each field that is a flag of the command and has a value.
func (s *Settings) overlay(value func(name string) (text string, ok bool)) (err error) {
	settings := reflect.ValueOf(s).Elem()
	for _, key := range yamlFields(settings.Type()) {
		name := strings.ReplaceAll(key.Tag.Get("yaml"), "_", "-")
		if !s.takes(name) {
			continue
		}
		text, ok := value(name)
		if !ok {
			continue
		}
		switch into := settings.FieldByIndex(key.Index).Addr().Interface().(type) {
		case *string:
			*into = text
		case *int:
			if *into, err = strconv.Atoi(text); err != nil {
				return s.wrong(name, fmt.Errorf("%q is not a whole number", text),
					"write a whole number such as 100; docs/settings.md lists every setting")
			}
		case *bool:
			if *into, err = strconv.ParseBool(text); err != nil {
				return s.wrong(name, fmt.Errorf("%q is neither true nor false", text), "")
			}
		}
	}
	return nil
}

// given returns the value from the command line or else from the environment.
func (s *Settings) given(name string) (text string, ok bool) {
	if s.flags.Changed(name) {
		return s.flags.Lookup(name).Value.String(), true
	}
	_, text = s.variable(name)
	return text, text != ""
}

// variable returns the environment variable that sets a setting, and its value. Both are empty if no variable does.
func (s *Settings) variable(name string) (variable, value string) {
	all := []string{"AUDITOR_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
	if name == "base-url" {
		all = append(all, "GITPOD_BASE_URL", "ONA_HOST")
	}
	for _, variable := range all {
		if value := s.getenv(variable); value != "" {
			return variable, value
		}
	}
	return "", ""
}

// wrong returns an error that names where the user set the setting: a flag, a variable, or a line in the config file.
func (s *Settings) wrong(name string, err error, hint string) error {
	key := strings.ReplaceAll(name, "-", "_")
	variable, _ := s.variable(name)
	place := s.file.where("$." + key)
	origin := "--" + name
	switch {
	case s.flags.Changed(name):
	case variable != "":
		origin = "environment variable " + variable
	case place != s.file.path:
		origin = fmt.Sprintf("config file %s: %s", place, key)
	}
	return &Error{fmt.Errorf("%s: %w", origin, err), hint}
}

// wrongEntry returns an error that names entry i of a list in the config file.
func (s *Settings) wrongEntry(list string, i int, err error, hint string) error {
	where := s.file.where(fmt.Sprintf("$.%s[%d]", list, i))
	return &Error{fmt.Errorf("config file %s: %s: %w", where, list, err), hint}
}

// Each setting is a flag, an environment variable and a key in the config file. Config, verbose and quiet are not in
// the config file.

// AddFlags adds groups of flags to a command.
func AddFlags(to *pflag.FlagSet, groups ...func(*pflag.FlagSet)) {
	for _, group := range groups {
		group(to)
	}
}

// CommonFlags adds the settings of every command.
func CommonFlags(f *pflag.FlagSet) {
	f.String("config", "", `config file (default "auditor.yaml" in the working folder, if it exists)`)
	f.String("db", "auditor.db", "database file")
	f.String("out", "reports/out", "folder for the reports")
	f.String("log-format", "text", "format of the log on standard error: text or json")
	f.BoolP("verbose", "v", false, "log every request with its timing")
	f.BoolP("quiet", "q", false, "print only errors, and warnings about tokens that expire")
}

// CollectionFlags adds the settings of a command that reads the API.
func CollectionFlags(f *pflag.FlagSet) {
	f.String("base-url", "https://app.gitpod.io/api", "base URL of the API, with /api")
	f.String("token-file", "", "file with the token, instead of ONA_TOKEN or GITPOD_API_KEY")
	f.String("token-expires", "", "day on which the token expires, as Ona showed it when the token was created; "+
		"auditor warns from 14 days before")
	f.String("organization", "", "id of the organization that the token must belong to")
	f.Int("page-size", 100, "configurations in one request, 1 to 100")
	f.Int("concurrency", 4, "organizations collected at once")
	f.Duration("timeout", 30*time.Minute, "longest time for the collection of all organizations")
}

// ExceptionFlags adds the setting of a command that reads or writes exceptions.
func ExceptionFlags(f *pflag.FlagSet) {
	f.String("exceptions-file", "", "file with accepted findings (default \""+defaultExceptionsFile+
		"\" in the working folder, if it exists)")
}

// ScheduleFlags adds the settings of a command that makes or checks scheduled runs.
func ScheduleFlags(f *pflag.FlagSet) {
	f.String("schedule", "", `cron expression of the runs, in UTC unless it starts with CRON_TZ=ZONE, such as `+
		`"0 2 * * *"; "none" ends the schedule`)
	f.String("metrics-file", "", "file to which each run writes its metrics, for the textfile collector of the node "+
		"exporter")
}

// ExitCodeFlags adds the setting that makes a run exit with 3.
func ExitCodeFlags(f *pflag.FlagSet) {
	f.String("fail-on", "", "exit with 3 if any of these exist: changes, findings, or either with :SEVERITY, "+
		"comma-separated")
}

// ServerFlags adds the settings of only auditor serve.
func ServerFlags(f *pflag.FlagSet) {
	f.String("listen", "", "address for /healthz, /readyz and /metrics, such as 127.0.0.1:9477; loopback if it has "+
		"no host; not served if empty")
	f.Duration("stop-timeout", 3*time.Second, "how long a run may continue after SIGTERM before it is abandoned")
}

// ReportFlags adds the settings of a command that writes reports.
func ReportFlags(f *pflag.FlagSet) {
	f.String("formats", "xlsx,md,json,csv", "kinds of files in a report, from xlsx, md, json, csv and jsonl, "+
		"comma-separated")
	f.String("template", "", "template file for the Markdown report, instead of the built-in template")
	f.String("timezone", "", "time zone such as Europe/Berlin; adds a column in it beside each column of times in UTC")
}
