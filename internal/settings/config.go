package settings

import (
	"errors"
	"fmt"
	"os"
)

// Config has a field for each key of the config file. In Settings, a field that is also a flag has the value that
// applies.
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
	Notify        []notifyEntry       `yaml:"notify"`
}

const defaultConfig = "auditor.yaml"

// readConfig reads the config file over the defaults; auditor.yaml, if it is there, when path is empty.
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
