package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"scim-auditor/internal/notify"
	"scim-auditor/internal/report"
)

// Notification is a recipient and the results that it wants to hear of: those that meet one of the conditions.
type Notification struct {
	Type   string // webhook, slack, email or ping
	Sender notify.Sender
	On     []Condition
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

// Notifications returns the recipients of the config file. It reads their secrets and sends nothing.
func (s *Settings) Notifications() ([]Notification, error) {
	var all []Notification
	for i, entry := range s.Notify {
		if entry.Attach {
			formats, err := report.ParseFormats(s.Formats)
			if err != nil {
				return nil, s.wrong("formats", err, formatsHint)
			}
			if !slices.Contains(formats, report.FormatXLSX) {
				err := fmt.Errorf("attach: the workbook is not among --formats %s", s.Formats)
				return nil, s.wrongEntry("notify", i, err, "add xlsx to --formats, or take attach out")
			}
		}
		n, err := s.notification(entry)
		if err != nil {
			return nil, s.wrongEntry("notify", i, err, "docs/notifications.md lists what an entry of notify takes")
		}
		all = append(all, n)
	}
	return all, nil
}

func (s *Settings) notification(e notifyEntry) (n Notification, err error) {
	n = Notification{Type: e.Type}
	if !slices.Contains([]string{"webhook", "slack", "email", "ping"}, e.Type) {
		return n, fmt.Errorf("type %q is none of webhook, slack, email and ping", e.Type)
	}
	on := cmp.Or(strings.TrimSpace(e.On), Failure+","+Token)
	if n.On, err = ParseConditions(on, Always, Failure, Token); err != nil {
		return n, fmt.Errorf("on: %q: it takes always, failure, token, changes and findings, "+
			"the last two alone or with :SEVERITY, comma-separated", e.On)
	}
	if e.Type == "email" {
		n.Sender, err = s.email(e)
		return n, err
	}
	url, err := s.secret("url", e.URL, e.URLEnv, e.URLFile)
	if err != nil {
		return n, err
	}
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return n, errors.New("it needs url, url_env or url_file with an https:// or http:// URL")
	}
	switch e.Type {
	case "webhook":
		n.Sender = notify.Webhook{URL: url}
	case "slack":
		n.Sender = notify.Slack{URL: url}
	case "ping":
		n.Sender, n.On = notify.Ping{URL: url}, []Condition{{What: Always}}
	}
	return n, nil
}

func (s *Settings) email(e notifyEntry) (*notify.Email, error) {
	host, portText, err := net.SplitHostPort(e.SMTP)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil {
		return nil, fmt.Errorf("smtp: %q is no host and port such as smtp.example.com:587", e.SMTP)
	}
	email := &notify.Email{
		Host: host, Port: port, TLS: cmp.Or(notify.TLS(e.TLS), notify.StartTLS), Username: e.Username, From: e.From, To: e.To,
		Attach: e.Attach,
	}
	if !slices.Contains([]notify.TLS{notify.StartTLS, notify.ImplicitTLS, notify.None}, email.TLS) {
		return nil, fmt.Errorf("tls: %q is none of starttls, tls and none", e.TLS)
	}
	if e.Username != "" {
		if email.Password, err = s.secret("password", "", e.PasswordEnv, e.PasswordFile); err != nil {
			return nil, err
		}
	}
	return email, email.Check()
}

// secret returns a value that is written in the config file, or that a variable or a file holds so that the config
// file need not.
func (s *Settings) secret(what, value, variable, file string) (string, error) {
	switch {
	case value != "":
		return value, nil
	case variable != "":
		if value = s.getenv(variable); value == "" {
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
