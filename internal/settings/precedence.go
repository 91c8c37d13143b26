package settings

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"scim-auditor/internal/fetch"
)

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
			return s.wrong("base-url", err, "it is a host such as app.gitpod.io")
		}
	}
	if s.Verbose, err = s.isSet("verbose"); err == nil {
		s.Quiet, err = s.isSet("quiet")
	}
	return err
}

// isSet returns a setting that is a flag or a variable alone.
func (s *Settings) isSet(name string) (bool, error) {
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

// overlay sets the fields of Config that are flags of the command and for which value returns a text.
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
				return s.wrong(name, fmt.Errorf("%q is no whole number", text),
					"a whole number is such as 100; docs/settings.md lists every setting")
			}
			*into = n
		}
	}
	return nil
}

// given returns what the command line or the environment says.
func (s *Settings) given(name string) (text string, ok bool) {
	if s.flags.Changed(name) {
		return s.flags.Lookup(name).Value.String(), true
	}
	_, text = s.variable(name)
	return text, text != ""
}

// variable returns the environment variable that sets a setting, and its value; both are empty where none does.
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

// wrong is the error of a setting, named as its user wrote it: a flag, a variable, or a line of the config file.
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

// wrongEntry is the error of entry i of a list in the config file.
func (s *Settings) wrongEntry(list string, i int, err error, hint string) error {
	where := s.file.where(fmt.Sprintf("$.%s[%d]", list, i))
	return &Error{fmt.Errorf("config file %s: %s: %w", where, list, err), hint}
}
