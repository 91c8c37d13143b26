package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/schedule"
)

// operation are the settings of a job that runs unattended.
type operation struct {
	schedule, metricsFile, listen, failOn string
	stopTimeout                           time.Duration
	notify                                []notifyEntry
}

// operationConfig are their keys in the config file.
type operationConfig struct {
	Schedule    *string       `yaml:"schedule"`
	MetricsFile *string       `yaml:"metrics_file"`
	Listen      *string       `yaml:"listen"`
	StopTimeout *string       `yaml:"stop_timeout"`
	Notify      []notifyEntry `yaml:"notify"`
}

func (c *operationConfig) value(setting string) (string, bool) {
	value := map[string]*string{
		"schedule": c.Schedule, "metrics-file": c.MetricsFile, "listen": c.Listen, "stop-timeout": c.StopTimeout,
	}[setting]
	if value == nil {
		return "", false
	}
	return *value, true
}

// addScheduleFlags are the settings of the commands that make or check scheduled runs.
func (o *operation) addScheduleFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.schedule, "schedule", "", "cron expression of the runs, in UTC unless CRON_TZ=ZONE goes before it, such as \"0 2 * * *\"; \"none\" takes it back")
	flags.StringVar(&o.metricsFile, "metrics-file", "", "file that each run writes its metrics into, for the textfile collector of the node exporter")
}

// addFailOnFlag is the setting of a run whose exit code tells more.
func (o *operation) addFailOnFlag(flags *pflag.FlagSet) {
	flags.StringVar(&o.failOn, "fail-on", "", "exit with 3 when these are there: changes, findings, or either with :SEVERITY, comma-separated")
}

// addServerFlags are the settings of serve alone.
func (o *operation) addServerFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "", "address for /healthz, /readyz and /metrics, such as 127.0.0.1:9477; without a host, loopback; none when empty")
	flags.DurationVar(&o.stopTimeout, "stop-timeout", 3*time.Second, "how long a run in progress may go on after SIGTERM before it is abandoned")
}

const scheduleExample = "it is five fields, a descriptor or @every, such as \"0 2 * * *\", \"CRON_TZ=Europe/Berlin 30 4 * * mon-fri\" or \"@daily\""

// parseSchedule reads the setting, which "none" is no schedule for.
func (s *settings) parseSchedule() (*schedule.Schedule, error) {
	if s.schedule == "" || s.schedule == schedule.None {
		return nil, usage(errors.New("there is no schedule"), "--schedule gives it: "+scheduleExample)
	}
	parsed, err := schedule.Parse(s.schedule)
	if err != nil {
		return nil, s.wrong("schedule", err, scheduleExample)
	}
	return parsed, nil
}

// checkSchedule accepts what run may record: nothing, "none" or an expression.
func (s *settings) checkSchedule() error {
	if s.schedule == "" || s.schedule == schedule.None {
		return nil
	}
	_, err := s.parseSchedule()
	return err
}

// checkServer finds settings that only serve uses and that it could not.
func (s *settings) checkServer() error {
	if s.stopTimeout < 0 {
		return s.wrong("stop-timeout", fmt.Errorf("%s is negative", s.stopTimeout), "it is a duration such as 3s; 0s abandons a run at once")
	}
	if s.listen == "" {
		return nil
	}
	_, err := s.listenAddress()
	return err
}

// listenAddress is the address with loopback for a host that is not named.
func (s *settings) listenAddress() (string, error) {
	host, port, err := net.SplitHostPort(s.listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", s.wrong("listen", fmt.Errorf("%q: %w", s.listen, err), "it is a host and a port, such as 127.0.0.1:9477, or a port alone, such as :9477")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// conditions are what --fail-on names.
func (s *settings) conditions() ([]condition, error) {
	all, err := parseFailOn(s.failOn)
	if err != nil {
		return nil, s.wrong("fail-on", err, "it takes changes and findings, each alone or with :critical, :high, :medium, :low or :info, such as changes,findings:high")
	}
	return all, nil
}
