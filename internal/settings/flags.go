package settings

import (
	"time"

	"github.com/spf13/pflag"
)

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
	f.String("token-file", "", "file with the token, instead of ONA_TOKEN, ONA_API_KEY or GITPOD_API_KEY")
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
