package settings

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"scim-auditor/internal/fetch"
)

// Config has a field for each key of the config file. If a key is also a flag, its field in Settings holds the value
// after precedence was applied.
type Config struct {
	DB             string `yaml:"db"`
	Out            string `yaml:"out"`
	BaseURL        string `yaml:"base_url"`
	TokenFile      string `yaml:"token_file"`
	TokenExpires   string `yaml:"token_expires"`
	Organization   string `yaml:"organization"`
	PageSize       int    `yaml:"page_size"`
	Concurrency    int    `yaml:"concurrency"`
	Timeout        string `yaml:"timeout"`
	LogFormat      string `yaml:"log_format"`
	FailOn         string `yaml:"fail_on"`
	ExceptionsFile string `yaml:"exceptions_file"`
	Cron           string `yaml:"schedule"`
	MetricsFile    string `yaml:"metrics_file"`
	Listen         string `yaml:"listen"`
	StopTimeout    string `yaml:"stop_timeout"`
	Formats        string `yaml:"formats"`
	Template       string `yaml:"template"`
	Timezone       string `yaml:"timezone"`

	Organizations []organizationEntry `yaml:"organizations"`
	Rules         rulesEntry          `yaml:"rules"`
	Evidence      evidenceEntry       `yaml:"evidence"`
	Notify        []notifyEntry       `yaml:"notify"`
}

const defaultConfig = "auditor.yaml"

// readConfig reads the config file over the defaults. If path is empty, it reads auditor.yaml, which may be missing.
func (s *Settings) readConfig(path string) error {
	s.file = &yamlFile{path: path}
	if path == "" {
		s.file.path = defaultConfig
	}
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

// fill sets the fields of Config that are flags of the command. Precedence: flag, environment, config file, default.
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
	if err != nil {
		return err
	}
	if variable, _ := s.variable("base-url"); variable == "ONA_HOST" && !s.flags.Changed("base-url") {
		if s.BaseURL, err = fetch.BaseURLFromHost(s.BaseURL); err != nil {
			return s.wrong("base-url", err, "set it to a host such as app.gitpod.io")
		}
	}
	if s.Verbose, err = s.boolean("verbose"); err == nil {
		s.Quiet, err = s.boolean("quiet")
	}
	return err
}

// boolean returns a setting that is not in the config file.
func (s *Settings) boolean(name string) (bool, error) {
	text, ok := s.given(name)
	if !ok {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, s.wrong(name, fmt.Errorf("%q is neither true nor false", text), "")
	}
	return value, nil
}

// overlay sets each field of Config that is a flag of the command and has a value.
func (s *Settings) overlay(value func(name string) (text string, ok bool)) error {
	config := reflect.ValueOf(&s.Config).Elem()
	for _, key := range yamlFields(config.Type()) {
		name := strings.ReplaceAll(key.Tag.Get("yaml"), "_", "-")
		if !s.takes(name) {
			continue
		}
		text, ok := value(name)
		if !ok {
			continue
		}
		switch into := config.FieldByIndex(key.Index).Addr().Interface().(type) {
		case *string:
			*into = text
		case *int:
			n, err := strconv.Atoi(text)
			if err != nil {
				return s.wrong(name, fmt.Errorf("%q is not a whole number", text),
					"write a whole number such as 100; docs/settings.md lists every setting")
			}
			*into = n
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
