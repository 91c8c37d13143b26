package main

import (
	"errors"
	"fmt"
	"os"
)

const defaultConfig = "auditor.yaml"

// config is the config file. A nil value was not given.
type config struct {
	path string
	file *yamlFile

	DB            *string             `yaml:"db"`
	Out           *string             `yaml:"out"`
	BaseURL       *string             `yaml:"base_url"`
	TokenFile     *string             `yaml:"token_file"`
	Organization  *string             `yaml:"organization"`
	PageSize      *int                `yaml:"page_size"`
	Concurrency   *int                `yaml:"concurrency"`
	Timeout       *string             `yaml:"timeout"`
	LogFormat     *string             `yaml:"log_format"`
	FailOn        *string             `yaml:"fail_on"`
	Exceptions    *string             `yaml:"exceptions_file"`
	Organizations []organizationEntry `yaml:"organizations"`
	Rules         rulesEntry          `yaml:"rules"`

	Operation operationConfig `yaml:",inline"`
}

// organizationEntry is one of several organizations.
type organizationEntry struct {
	Name           string `yaml:"name"`
	BaseURL        string `yaml:"base_url"`
	TokenEnv       string `yaml:"token_env"`
	TokenFile      string `yaml:"token_file"`
	OrganizationID string `yaml:"organization_id"`
}

// readConfig reads the file, or auditor.yaml if it is there when path is empty. What is wrong in it is told with
// its line.
func readConfig(path string) (*config, error) {
	c := &config{path: path}
	if path == "" {
		c.path = defaultConfig
	}
	content, err := os.ReadFile(c.path)
	if path == "" && errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, usage(fmt.Errorf("reading the config file: %w", err), "name an existing file with --config")
	}
	if c.file, err = readYAML(c.path, content, c); err != nil {
		return nil, usage(fmt.Errorf("config file %w", err), "the README lists every setting")
	}
	return c, nil
}

// value is what the file says for a setting, as a flag would be given.
func (c *config) value(setting string) (string, bool) {
	text := func(s *string) (string, bool) {
		if s == nil {
			return "", false
		}
		return *s, true
	}
	number := func(n *int) (string, bool) {
		if n == nil {
			return "", false
		}
		return fmt.Sprint(*n), true
	}
	switch setting {
	case "db":
		return text(c.DB)
	case "out":
		return text(c.Out)
	case "base-url":
		return text(c.BaseURL)
	case "token-file":
		return text(c.TokenFile)
	case "organization":
		return text(c.Organization)
	case "page-size":
		return number(c.PageSize)
	case "concurrency":
		return number(c.Concurrency)
	case "timeout":
		return text(c.Timeout)
	case "log-format":
		return text(c.LogFormat)
	case "fail-on":
		return text(c.FailOn)
	case "exceptions-file":
		return text(c.Exceptions)
	}
	return c.Operation.value(setting)
}
