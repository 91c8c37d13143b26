package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/job"
	"scim-auditor/internal/notify"
	"scim-auditor/internal/report"
)

// notifier tells those whom the settings name.
type notifier struct {
	env      environment
	targets  []target
	expiries []tokenExpiry
	deliver  notify.Deliverer
	hostname string
}

// target is one who is told.
type target struct {
	name   string // how errors call it
	ping   *notify.Ping
	send   func(context.Context, *notify.Event) error
	always bool
	// onFailure, onToken and conditions say what it wants to hear of.
	onFailure, onToken bool
	conditions         []condition
}

// wants says whether the target is told about this result, which is nil when the run could not be recorded.
func (t *target) wants(result *job.Result, e *notify.Event) bool {
	if t.always || t.onFailure && (result == nil || !result.Complete()) || t.onToken && len(e.ExpiringTokens) > 0 {
		return true
	}
	for _, c := range t.conditions {
		if result != nil && c.met(result) {
			return true
		}
	}
	return false
}

// Started pings the targets that wait for it. The error names each that could not be reached.
func (n *notifier) Started(ctx context.Context) error {
	return n.each(func(t *target) error {
		if t.ping == nil {
			return nil
		}
		return n.deliver.Deliver(ctx, t.ping.Started)
	})
}

// lastWords is how long telling may go on after the command was to end: a target that does not answer must not keep a server from stopping.
const lastWords = 1500 * time.Millisecond

// Ended tells how the run ended: with a result, or with an error that kept it from being recorded. A run that was not made because another
// one holds the database is none to tell of. Also when ctx has ended it is told, for lastWords more: who is to hear of a failure must hear of one
// by interruption too. The error names each target that could not be told.
func (n *notifier) Ended(ctx context.Context, result *job.Result, err error) error {
	if errors.Is(err, job.ErrLocked) {
		return nil
	}
	ctx, end := withGrace(ctx, lastWords)
	defer end()
	event := n.event(result, err)
	return n.each(func(t *target) error {
		if !t.wants(result, event) {
			return nil
		}
		return n.deliver.Deliver(ctx, func(ctx context.Context) error { return t.send(ctx, event) })
	})
}

func (n *notifier) each(do func(*target) error) error {
	var problems []error
	for i := range n.targets {
		if err := do(&n.targets[i]); err != nil {
			problems = append(problems, fmt.Errorf("notifying %s: %w (the run itself is not touched by this)", n.targets[i].name, err))
		}
	}
	return errors.Join(problems...)
}

// event is what is told.
func (n *notifier) event(result *job.Result, err error) *notify.Event {
	e := &notify.Event{StartedAt: n.env.now().UTC().Truncate(time.Second), Host: n.hostname, Organizations: []notify.Organization{}}
	if err != nil {
		e.Error = err.Error()
	}
	for _, r := range expiringTokens(n.expiries, n.env.now()) {
		e.ExpiringTokens = append(e.ExpiringTokens, notify.Token{Source: r.Source, Detail: r.Detail})
	}
	if result == nil {
		return e
	}
	e.Complete, e.RunID, e.StartedAt, e.Host = result.Complete(), result.Run.ID, result.Run.StartedAt, result.Run.Host
	e.Report = result.ReportFolder
	if result.ReportError != nil {
		e.Error = result.ReportError.Error()
	}
	for _, o := range result.Organizations {
		e.Organizations = append(e.Organizations, organizationEvent(&o))
	}
	return e
}

func organizationEvent(o *job.Organization) notify.Organization {
	told := notify.Organization{Source: o.Source, Name: o.Snapshot.OrganizationName, Complete: o.Err == nil}
	if o.Err != nil {
		told.Error = o.Err.Error()
		return told
	}
	told.Changes, told.Findings = changesBySeverity(o.Changes), o.Failing
	return told
}

// notifier makes the targets of the config file. It sends nothing.
func (s *settings) notifier(env environment) (*notifier, error) {
	hostname, err := env.hostname()
	if err != nil {
		return nil, fmt.Errorf("asking for the host's name: %w", err)
	}
	n := &notifier{env: env, expiries: s.expiries, hostname: hostname}
	for i, entry := range s.notify {
		if entry.Attach {
			formats, err := report.ParseFormats(s.formats)
			if err != nil {
				return nil, s.wrong("formats", err, formatsExample)
			}
			if reports := (report.Options{Formats: formats}); !reports.Has(report.FormatXLSX) {
				return nil, s.wrongEntry("notify", i, fmt.Errorf("attach: the workbook is not among --formats %s", s.formats), "add xlsx to --formats, or take attach out")
			}
		}
		t, err := entry.target(env)
		if err != nil {
			return nil, s.wrongEntry("notify", i, err, "the README lists what an entry of notify takes")
		}
		n.targets = append(n.targets, *t)
	}
	return n, nil
}

// notifyEntry is an entry of notify in the config file.
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
	From         string   `yaml:"from"`
	To           []string `yaml:"to"`
	Attach       bool     `yaml:"attach"`
}

func (e *notifyEntry) target(env environment) (*target, error) {
	if !slices.Contains([]string{"webhook", "slack", "email", "ping"}, e.Type) {
		return nil, fmt.Errorf("type %q is none of webhook, slack, email and ping", e.Type)
	}
	t := &target{name: e.Type}
	if err := e.conditions(t); err != nil {
		return nil, err
	}
	if e.Type == "email" {
		email, err := e.email(env)
		if err != nil {
			return nil, err
		}
		t.send = email.Send
		return t, nil
	}
	address, err := secret(env, "url", e.URL, e.URLEnv, e.URLFile)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return nil, errors.New("it needs url, url_env or url_file with an https:// or http:// URL")
	}
	// After a redirect a POST may be a GET, whose good answer would tell nobody that nothing was delivered.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	switch e.Type {
	case "webhook":
		t.send = (&notify.Webhook{URL: address, Client: client}).Send
	case "slack":
		t.send = (&notify.Slack{URL: address, Client: client}).Send
	case "ping":
		t.ping = &notify.Ping{URL: address, Client: client}
		t.send, t.always = t.ping.Send, true
	}
	return t, nil
}

// conditions reads "on": always, failure, token, and what --fail-on takes; failure and token when it is empty.
func (e *notifyEntry) conditions(t *target) error {
	var rest []string
	for item := range strings.SplitSeq(e.On, ",") {
		switch item = strings.TrimSpace(item); item {
		case "always":
			t.always = true
		case "failure":
			t.onFailure = true
		case "token":
			t.onToken = true
		case "":
		default:
			rest = append(rest, item)
		}
	}
	conditions, err := parseFailOn(strings.Join(rest, ","))
	if err != nil {
		return fmt.Errorf("on: %q: it takes always, failure, token, changes and findings, the last two alone or with :SEVERITY, comma-separated", e.On)
	}
	t.conditions = conditions
	if strings.TrimSpace(e.On) == "" {
		t.onFailure, t.onToken = true, true
	}
	return nil
}

func (e *notifyEntry) email(env environment) (*notify.Email, error) {
	host, portText, err := net.SplitHostPort(e.SMTP)
	if err != nil {
		return nil, fmt.Errorf("smtp: %q is no host and port such as smtp.example.com:587", e.SMTP)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("smtp: %q has no port number", e.SMTP)
	}
	email := &notify.Email{Host: host, Port: port, TLS: notify.TLS(e.TLS), Username: e.Username, From: e.From, To: e.To}
	switch email.TLS {
	case "":
		email.TLS = notify.StartTLS
	case notify.StartTLS, notify.ImplicitTLS, notify.None:
	default:
		return nil, fmt.Errorf("tls: %q is none of starttls, tls and none", e.TLS)
	}
	if e.Username != "" {
		if email.Password, err = secret(env, "password", "", e.PasswordEnv, e.PasswordFile); err != nil {
			return nil, err
		}
	}
	if e.Attach {
		email.Attach = attachment
	}
	return email, email.Check()
}

func attachment(e *notify.Event) string {
	if e.Report == "" {
		return ""
	}
	return filepath.Join(e.Report, report.WorkbookFile)
}

// secret is a value that is written, or named by a variable or a file, so that the config file need not hold it.
func secret(env environment, what, value, variable, file string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case variable != "":
		if value = env.getenv(variable); value == "" {
			return "", fmt.Errorf("%s_env: %s is not set", what, variable)
		}
		return value, nil
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s_file: %w", what, err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	return "", fmt.Errorf("it needs %s_env or %s_file", what, what)
}
