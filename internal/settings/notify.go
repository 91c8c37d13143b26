package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/notify"
	"scim-auditor/internal/report"
)

// Notification is a recipient. It is notified of results that meet at least one of the
// conditions.
type Notification struct {
	Type   string // an item of notifyTypes
	Sender notify.Sender
	On     []Condition
}

type notifyEntry struct {
	Type         string   `yaml:"type"`
	On           string   `yaml:"on"`
	URL          string   `yaml:"url"`
	URLEnv       string   `yaml:"url_env"`
	URLFile      string   `yaml:"url_file"`
	SMTP         string   `yaml:"smtp"`
	TLS          string   `yaml:"tls"`
	Username     string   `yaml:"username"`
	PasswordEnv  string   `yaml:"password_env"`
	PasswordFile string   `yaml:"password_file"`
	HELO         string   `yaml:"helo"`
	From         string   `yaml:"from"`
	To           []string `yaml:"to"`
	Attach       bool     `yaml:"attach"`
	Command      []string `yaml:"command"`
	TimeLimit    string   `yaml:"time_limit"`
}

// notifyTypes are the types of a notification. Those before email have a URL.
var notifyTypes = []string{"webhook", "slack", "teams", "ping", "email", "command"}

// Notifications returns the recipients in the config file. It reads their secrets and sends
// nothing.
func (s *Settings) Notifications() ([]Notification, error) {
	var all []Notification
	for i, entry := range s.Notify {
		if entry.Attach {
			formats, err := report.ParseFormats(s.Formats)
			if err != nil {
				return nil, s.wrong("formats", err, formatsHint)
			}
			if !slices.Contains(formats, report.FormatXLSX) {
				err := fmt.Errorf("attach needs the workbook, which --formats %s leaves out", s.Formats)
				return nil, s.wrongEntry("notify", i, err, "add xlsx to --formats, or remove attach")
			}
		}
		n, err := s.notification(entry)
		if err != nil {
			return nil, s.wrongEntry("notify", i, err, "docs/notifications.md lists the keys of an entry")
		}
		all = append(all, n)
	}
	return all, nil
}

func (s *Settings) notification(e notifyEntry) (n Notification, err error) {
	n = Notification{Type: e.Type}
	if !slices.Contains(notifyTypes, e.Type) {
		return n, fmt.Errorf("type %q; expected one of %s", e.Type, strings.Join(notifyTypes, ", "))
	}
	on := cmp.Or(strings.TrimSpace(e.On), Failure+","+Token)
	if n.On, err = ParseConditions(on, Always, Failure, Token); err != nil {
		return n, fmt.Errorf("on %q; expected a comma-separated list of always, failure, token, coverage, changes and "+
			"findings, the last two alone or with :SEVERITY", e.On)
	}
	switch e.Type {
	case "email":
		n.Sender, err = s.email(e)
		return n, err
	case "command":
		n.Sender, err = s.command(e)
		return n, err
	}
	url, err := s.secret("url", e.URL, e.URLEnv, e.URLFile)
	if err != nil {
		return n, err
	}
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return n, errors.New("url, url_env or url_file must have a URL with https:// or http://")
	}
	switch e.Type {
	case "webhook":
		n.Sender = notify.Webhook{URL: url}
	case "slack":
		n.Sender = notify.Slack{URL: url}
	case "teams":
		n.Sender = notify.Teams{URL: url}
	case "ping":
		n.Sender, n.On = notify.Ping{URL: url}, []Condition{{What: Always}}
	}
	return n, nil
}

func (s *Settings) email(e notifyEntry) (*notify.Email, error) {
	host, portText, err := net.SplitHostPort(e.SMTP)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil {
		return nil, errors.New("smtp: expected a host and a port such as smtp.example.com:587, without user and password")
	}
	email := &notify.Email{
		Host: host, Port: port, TLS: cmp.Or(notify.TLS(e.TLS), notify.StartTLS), Username: e.Username, HELO: e.HELO,
		From: e.From, To: e.To, Attach: e.Attach,
	}
	if !slices.Contains([]notify.TLS{notify.StartTLS, notify.ImplicitTLS, notify.None}, email.TLS) {
		return nil, fmt.Errorf("tls %q; expected starttls, tls or none", e.TLS)
	}
	if e.Username != "" {
		if email.Password, err = s.secret("password", "", e.PasswordEnv, e.PasswordFile); err != nil {
			return nil, err
		}
	}
	return email, email.Validate()
}

// commandLimit is how long a command of a notification may take if its entry has no time_limit.
const commandLimit = 30 * time.Second

// commandVariables are the variables of the environment that the command of a notification gets.
// All others stay out, because they may be tokens and passwords.
var commandVariables = []string{
	"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

func (s *Settings) command(e notifyEntry) (c notify.Command, err error) {
	if len(e.Command) == 0 || e.Command[0] == "" {
		return c, errors.New("command is empty; expected a list of the program and its arguments")
	}
	c = notify.Command{Args: e.Command, Limit: commandLimit}
	if e.TimeLimit != "" {
		if c.Limit, err = time.ParseDuration(e.TimeLimit); err != nil || c.Limit <= 0 {
			return c, fmt.Errorf("time_limit %q; expected a duration such as 30s", e.TimeLimit)
		}
	}
	for _, name := range commandVariables {
		if value := s.getenv(name); value != "" {
			c.Environment = append(c.Environment, name+"="+value)
		}
	}
	return c, nil
}

// secret returns a value from the config file, an environment variable or a file.
func (s *Settings) secret(what, value, variable, file string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case variable != "":
		return s.fromVariable(what+"_env", variable)
	case file != "":
		text, err := fromFile(what+"_file", file)
		return strings.TrimSpace(text), err
	}
	return "", fmt.Errorf("set %s_env or %s_file", what, what)
}

// Condition is an item of --fail-on or of on in a notification: changes or findings of a
// severity or above, or an event of a run, which has no severity.
type Condition struct {
	What  string // "changes", "findings" or one of the events
	Least diff.Severity
}

// The events of a run, for on in a notification.
const (
	Always   = "always"
	Failure  = "failure"
	Coverage = "coverage" // a part was not read in full, or a part or an organization is no longer asked for
	Token    = "token"    // a token expires soon or has expired
)

// ParseConditions reads "coverage", "changes" and "findings", the last two alone or with
// ":SEVERITY", and the events, comma-separated.
func ParseConditions(text string, events ...string) ([]Condition, error) {
	var all []Condition
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		what, severity, _ := strings.Cut(item, ":")
		c := Condition{what, cmp.Or(diff.Severity(severity), diff.Info)}
		switch {
		case item == Coverage || slices.Contains(events, item):
			c.Least = ""
		case what != "changes" && what != "findings" || !slices.Contains(diff.Severities, c.Least):
			return nil, fmt.Errorf("unknown value %q", item)
		}
		all = append(all, c)
	}
	return all, nil
}

// Met reports whether these numbers of changes and failing findings meet the condition.
func (c Condition) Met(changes, findings map[diff.Severity]int) bool {
	counts := changes
	if c.What == "findings" {
		counts = findings
	}
	for _, severity := range diff.Severities { // the most serious first
		if counts[severity] > 0 {
			return true
		}
		if severity == c.Least {
			break
		}
	}
	return false
}
