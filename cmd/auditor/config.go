package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
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
	TokenExpires  *string             `yaml:"token_expires"`
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
	Report    reportConfig    `yaml:",inline"`
}

// organizationEntry is one of several organizations.
type organizationEntry struct {
	Name           string `yaml:"name"`
	BaseURL        string `yaml:"base_url"`
	TokenEnv       string `yaml:"token_env"`
	TokenFile      string `yaml:"token_file"`
	TokenExpires   string `yaml:"token_expires"`
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
	given := map[string]any{
		"db": c.DB, "out": c.Out, "base-url": c.BaseURL, "token-file": c.TokenFile, "token-expires": c.TokenExpires, "organization": c.Organization, "page-size": c.PageSize,
		"concurrency": c.Concurrency, "timeout": c.Timeout, "log-format": c.LogFormat, "fail-on": c.FailOn, "exceptions-file": c.Exceptions,
	}
	switch v := given[setting].(type) {
	case *string:
		if v != nil {
			return *v, true
		}
	case *int:
		if v != nil {
			return strconv.Itoa(*v), true
		}
	}
	if v, ok := c.Report.value(setting); ok {
		return v, true
	}
	return c.Operation.value(setting)
}
