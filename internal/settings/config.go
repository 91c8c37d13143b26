package settings

import (
	"errors"
	"fmt"
	"os"
)

const defaultConfig = "auditor.yaml"

// Config is the config file. A nil value is not set.
type Config struct {
	file *yamlFile

	DB             *string `yaml:"db"`
	Out            *string `yaml:"out"`
	BaseURL        *string `yaml:"base_url"`
	TokenFile      *string `yaml:"token_file"`
	TokenExpires   *string `yaml:"token_expires"`
	Organization   *string `yaml:"organization"`
	PageSize       *int    `yaml:"page_size"`
	Concurrency    *int    `yaml:"concurrency"`
	Timeout        *string `yaml:"timeout"`
	LogFormat      *string `yaml:"log_format"`
	FailOn         *string `yaml:"fail_on"`
	ExceptionsFile *string `yaml:"exceptions_file"`
	Schedule       *string `yaml:"schedule"`
	MetricsFile    *string `yaml:"metrics_file"`
	Listen         *string `yaml:"listen"`
	StopTimeout    *string `yaml:"stop_timeout"`
	Formats        *string `yaml:"formats"`
	Template       *string `yaml:"template"`
	Timezone       *string `yaml:"timezone"`

	Organizations []organizationEntry `yaml:"organizations"`
	Rules         rulesEntry          `yaml:"rules"`
	Notify        []notifyEntry       `yaml:"notify"`
}

// readConfig reads the config file; auditor.yaml, if it is there, when path is empty.
func readConfig(path string) (*Config, error) {
	c := &Config{file: &yamlFile{path: path}}
	if path == "" {
		c.file.path = defaultConfig
	}
	content, err := os.ReadFile(c.file.path)
	if path == "" && errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, &Error{fmt.Errorf("reading the config file: %w", err), "name an existing file with --config"}
	}
	if c.file, err = readYAML(c.file.path, content, c); err != nil {
		return nil, &Error{fmt.Errorf("config file %w", err), "the README lists every setting"}
	}
	return c, nil
}
