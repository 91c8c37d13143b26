package settings

import (
	"cmp"
	_ "embed" // for flagTable
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"scim-auditor/internal/fetch"
)

// Config has a field for each key of the config file. If a key is also a flag, its field in
// Settings holds the value after precedence was applied. Settings has the parsed value of a
// field whose name ends in Text.
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
	Members         bool   `yaml:"members"`
	MembersRedact   bool   `yaml:"members_redact"`
	Leavers         string `yaml:"leavers"`
	Cron            string `yaml:"schedule"`
	ScheduleReason  string `yaml:"schedule_reason"`
	Trigger         string `yaml:"trigger"`
	MetricsFile     string `yaml:"metrics_file"`
	Listen          string `yaml:"listen"`
	StopTimeoutText string `yaml:"stop_timeout"`
	Formats         string `yaml:"formats"`
	Template        string `yaml:"template"`
	Timezone        string `yaml:"timezone"`
	ShardText       string `yaml:"shard"`
	Shards          int    `yaml:"shards"`

	Organizations []organizationEntry `yaml:"organizations"`
	Rules         rulesEntry          `yaml:"rules"`
	Evidence      evidenceEntry       `yaml:"evidence"`
	Notify        []notifyEntry       `yaml:"notify"`
}

const (
	defaultConfig = "auditor.yaml"
	hostVariable  = "ONA_HOST" // has only the host of the base URL
)

// readConfig reads the config file over the defaults. If none is named, it reads auditor.yaml,
// which may be missing.
func (s *Settings) readConfig() error {
	path, _ := s.given("config")
	s.file = &yamlFile{path: cmp.Or(path, defaultConfig)}
	file, err := readFile(s.file.path)
	if path == "" && errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &Error{fmt.Errorf("reading the config file: %w", err), "name an existing file with --config"}
	}
	if s.file, err = readYAML(s.file.path, file.content, &s.Config); err != nil {
		return &Error{fmt.Errorf("config file %w", err), "docs/settings.md lists every setting"}
	}
	return nil
}

// fill reads the config file and sets the fields that are flags of the command. Precedence:
// flag, environment, config file, default.
func (s *Settings) fill() error {
	byDefault := func(name string) (text, origin string) { return s.flags.Lookup(name).DefValue, "default" }
	if err := s.overlay(byDefault); err != nil {
		return err
	}
	if err := s.readConfig(); err != nil {
		return err
	}
	err := s.overlay(s.given)
	if _, origin := s.given("base-url"); err == nil && s.takes("base-url") && strings.HasSuffix(origin, hostVariable) {
		if s.BaseURL, err = fetch.BaseURLFromHost(s.BaseURL); err != nil {
			return s.wrong("base-url", err, "set it to a host such as app.gitpod.io")
		}
	}
	return err
}

func (s *Settings) overlay(value func(name string) (text, origin string)) (err error) {
	settings := reflect.ValueOf(s).Elem()
	for _, key := range yamlFields(settings.Type()) {
		name := strings.ReplaceAll(key.Tag.Get("yaml"), "_", "-")
		if !s.takes(name) {
			continue
		}
		text, origin := value(name)
		if origin == "" {
			continue
		}
		if strings.HasPrefix(origin, variablePrefix) && quoted(text) {
			return s.wrong(name, errors.New("the value is in quotes"), "remove the quotes: an env-file keeps them")
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

// given returns the value from the command line or else from the environment, and where it is
// from. Both are empty if neither has one, but a flag may set an empty value.
func (s *Settings) given(name string) (text, origin string) {
	if s.flags.Changed(name) {
		return s.flags.Lookup(name).Value.String(), "--" + name
	}
	variables := []string{"AUDITOR_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
	if name == "base-url" {
		variables = append(variables, "ONA_BASE_URL", "GITPOD_BASE_URL", hostVariable)
	}
	for _, variable := range variables {
		if value := s.getenv(variable); value != "" {
			return value, variablePrefix + variable
		}
	}
	return "", ""
}

// variablePrefix begins the origin of a value that is from the environment.
const variablePrefix = "environment variable "

// quoted reports whether a value is in quotes. A shell removes them, but the env-file of a
// container keeps them.
func quoted(value string) bool {
	const shortest = 2
	return len(value) >= shortest && strings.ContainsRune(`"'`, rune(value[0])) && value[0] == value[len(value)-1]
}

// wrong returns an error that names where the user set the setting: a flag, a variable, or a line
// in the config file.
func (s *Settings) wrong(name string, err error, hint string) error {
	key := strings.ReplaceAll(name, "-", "_")
	_, origin := s.given(name)
	if place := s.file.where("$." + key); origin == "" && place != s.file.path {
		origin = fmt.Sprintf("config file %s: %s", place, key)
	}
	return &Error{fmt.Errorf("%s: %w", cmp.Or(origin, "--"+name), err), hint}
}

// wrongEntry returns an error that names entry i of a list in the config file.
func (s *Settings) wrongEntry(list string, i int, err error, hint string) error {
	where := s.file.where(fmt.Sprintf("$.%s[%d]", list, i))
	return &Error{fmt.Errorf("config file %s: %s: %w", where, list, err), hint}
}

// flagTable has a line for each setting that is a flag: its name, the commands that take it or
// all, its type, default and description. It is also an environment variable and, except
// config, verbose and quiet, a key in the config file.
//
//go:embed flags.tsv
var flagTable string

// AddFlags adds the settings that a command takes, or those that all commands take, to its
// flags.
func AddFlags(to *pflag.FlagSet, command string) {
	for line := range strings.Lines(flagTable) {
		column := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		name, description := column[0], column[4]
		if !slices.Contains(strings.Fields(column[1]), command) {
			continue
		}
		switch column[2] {
		case "bool":
			to.Bool(name, false, description)
		case "bool -": // with its first letter as short form
			to.BoolP(name, name[:1], false, description)
		case "int":
			to.Int(name, 0, description)
		case "duration":
			to.Duration(name, 0, description)
		default:
			to.String(name, "", description)
		}
		to.Lookup(name).DefValue = column[3] // Load reads the default from here
	}
}
