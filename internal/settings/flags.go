package settings

import "time"

// Flag is a flag of the command that runs.
type Flag struct {
	Text string // its value, which is the default when it is not set
	Set  bool   // whether the command line has it
}

// Definition describes a setting that is a flag, an environment variable and (unless it is only for the command
// line) a key of the config file. Its Default is a string, an int, a bool or a time.Duration.
type Definition struct {
	Name, Short string
	Default     any
	Usage       string
}

// CommonFlags are the settings of every command.
var CommonFlags = []Definition{
	{"config", "", "", `config file (default "auditor.yaml" in the working folder, if it is there)`},
	{"db", "", "auditor.db", "database file"},
	{"out", "", "reports/out", "folder that the reports are written into"},
	{"log-format", "", "text", "format of the log on standard error: text or json"},
	{"verbose", "v", false, "log every request with its timing"},
	{"quiet", "q", false, "print nothing but errors, and warnings of a token that expires"},
}

// CollectionFlags are the settings of a command that reads the API.
var CollectionFlags = []Definition{
	{"base-url", "", "https://app.gitpod.io/api", "base URL of the API, with /api"},
	{"token-file", "", "", "file with the token, instead of ONA_TOKEN or GITPOD_API_KEY"},
	{"token-expires", "", "", "day on which the token expires, as Ona showed it when the token was made; " +
		"a warning follows 14 days before"},
	{"organization", "", "", "id of the organization that the token must belong to"},
	{"page-size", "", 100, "configurations asked for at once, 1 to 100"},
	{"concurrency", "", 4, "organizations collected at once"},
	{"timeout", "", 30 * time.Minute, "longest time for the collection of all organizations"},
}

// ExceptionFlags is the setting of a command that reads or writes exceptions.
var ExceptionFlags = []Definition{
	{"exceptions-file", "", "", "file with accepted findings (default \"" + defaultExceptionsFile +
		"\" in the working folder, if it is there)"},
}

// ScheduleFlags are the settings of a command that makes or checks scheduled runs.
var ScheduleFlags = []Definition{
	{"schedule", "", "", `cron expression of the runs, in UTC unless CRON_TZ=ZONE stands before it, such as ` +
		`"0 2 * * *"; "none" takes it back`},
	{"metrics-file", "", "", "file that each run writes its metrics into, for the textfile collector of the node " +
		"exporter"},
}

// ExitCodeFlags is the setting of a run whose exit code says more.
var ExitCodeFlags = []Definition{
	{"fail-on", "", "", "exit with 3 when these are there: changes, findings, or either with :SEVERITY, comma-separated"},
}

// ServerFlags are the settings of auditor serve alone.
var ServerFlags = []Definition{
	{"listen", "", "", "address for /healthz, /readyz and /metrics, such as 127.0.0.1:9477; without a host, loopback; " +
		"none when empty"},
	{"stop-timeout", "", 3 * time.Second, "how long a run in progress may go on after SIGTERM before it is abandoned"},
}

// ReportFlags are the settings of a command that writes reports.
var ReportFlags = []Definition{
	{"formats", "", "xlsx,md,json,csv", "kinds of files that a report has, of xlsx, md, json, csv and jsonl, " +
		"comma-separated"},
	{"template", "", "", "file with a template for the Markdown report, instead of the built-in one"},
	{"timezone", "", "", "zone such as Europe/Berlin, for a second column beside each column of times in UTC"},
}
