package settings

import (
	"time"

	"github.com/spf13/pflag"
)

// A setting is a flag, an environment variable and a key of the config file. The flags of only the command line are
// config, verbose and quiet.

// AddFlags adds groups of flags to those of a command.
func AddFlags(to *pflag.FlagSet, groups ...func(*pflag.FlagSet)) {
	for _, group := range groups {
		group(to)
	}
}

// CommonFlags are the settings of every command.
func CommonFlags(f *pflag.FlagSet) {
	f.String("config", "", `config file (default "auditor.yaml" in the working folder, if it is there)`)
	f.String("db", "auditor.db", "database file")
	f.String("out", "reports/out", "folder that the reports are written into")
	f.String("log-format", "text", "format of the log on standard error: text or json")
	f.BoolP("verbose", "v", false, "log every request with its timing")
	f.BoolP("quiet", "q", false, "print nothing but errors, and warnings of a token that expires")
}

// CollectionFlags are the settings of a command that reads the API.
func CollectionFlags(f *pflag.FlagSet) {
	f.String("base-url", "https://app.gitpod.io/api", "base URL of the API, with /api")
	f.String("token-file", "", "file with the token, instead of ONA_TOKEN or GITPOD_API_KEY")
	f.String("token-expires", "", "day on which the token expires, as Ona showed it when the token was made; "+
		"a warning follows 14 days before")
	f.String("organization", "", "id of the organization that the token must belong to")
	f.Int("page-size", 100, "configurations asked for at once, 1 to 100")
	f.Int("concurrency", 4, "organizations collected at once")
	f.Duration("timeout", 30*time.Minute, "longest time for the collection of all organizations")
}

// ExceptionFlags is the setting of a command that reads or writes exceptions.
func ExceptionFlags(f *pflag.FlagSet) {
	f.String("exceptions-file", "", "file with accepted findings (default \""+defaultExceptionsFile+
		"\" in the working folder, if it is there)")
}

// ScheduleFlags are the settings of a command that makes or checks scheduled runs.
func ScheduleFlags(f *pflag.FlagSet) {
	f.String("schedule", "", `cron expression of the runs, in UTC unless CRON_TZ=ZONE stands before it, such as `+
		`"0 2 * * *"; "none" takes it back`)
	f.String("metrics-file", "", "file that each run writes its metrics into, for the textfile collector of the node "+
		"exporter")
}

// ExitCodeFlags is the setting of a run whose exit code says more.
func ExitCodeFlags(f *pflag.FlagSet) {
	f.String("fail-on", "", "exit with 3 when these are there: changes, findings, or either with :SEVERITY, "+
		"comma-separated")
}

// ServerFlags are the settings of auditor serve alone.
func ServerFlags(f *pflag.FlagSet) {
	f.String("listen", "", "address for /healthz, /readyz and /metrics, such as 127.0.0.1:9477; without a host, "+
		"loopback; none when empty")
	f.Duration("stop-timeout", 3*time.Second, "how long a run in progress may go on after SIGTERM before it is abandoned")
}

// ReportFlags are the settings of a command that writes reports.
func ReportFlags(f *pflag.FlagSet) {
	f.String("formats", "xlsx,md,json,csv", "kinds of files that a report has, of xlsx, md, json, csv and jsonl, "+
		"comma-separated")
	f.String("template", "", "file with a template for the Markdown report, instead of the built-in one")
	f.String("timezone", "", "zone such as Europe/Berlin, for a second column beside each column of times in UTC")
}
