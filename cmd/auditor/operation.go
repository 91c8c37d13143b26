package main

import (
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"

	"scim-auditor/internal/schedule"
)

// operation are the settings of a job that runs unattended.
type operation struct {
	schedule, metricsFile, listen string
	stopTimeout                   time.Duration
	notify                        []notifyEntry
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

// addServerFlags are the settings of serve alone.
func (o *operation) addServerFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.listen, "listen", "", "address for /healthz, /readyz and /metrics, such as 127.0.0.1:9477; without a host, loopback; none when empty")
	flags.DurationVar(&o.stopTimeout, "stop-timeout", 3*time.Second, "how long a run in progress may go on after SIGTERM before it is abandoned")
}

// parseSchedule reads the setting, which "none" is no schedule for.
func (o *operation) parseSchedule() (*schedule.Schedule, error) {
	const example = "--schedule takes five fields, a descriptor or @every, such as \"0 2 * * *\", \"CRON_TZ=Europe/Berlin 30 4 * * mon-fri\" or \"@daily\""
	if o.schedule == "" || o.schedule == schedule.None {
		return nil, usage(fmt.Errorf("there is no schedule"), example)
	}
	parsed, err := schedule.Parse(o.schedule)
	if err != nil {
		return nil, usage(err, example)
	}
	return parsed, nil
}

// checkSchedule accepts what run may record: nothing, "none" or an expression.
func (o *operation) checkSchedule() error {
	if o.schedule == "" || o.schedule == schedule.None {
		return nil
	}
	_, err := o.parseSchedule()
	return err
}

// listenAddress is the address with loopback for a host that is not named.
func (o *operation) listenAddress() (string, error) {
	host, port, err := net.SplitHostPort(o.listen)
	if err != nil {
		return "", usage(fmt.Errorf("--listen %q: %w", o.listen, err), "--listen takes a host and a port, such as 127.0.0.1:9477")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
