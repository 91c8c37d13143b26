package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/notify"
	"scim-auditor/internal/settings"
)

// heard is what a server received, as path and, for a webhook, what matters of the body.
type heard struct {
	mu       sync.Mutex
	received []string
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received = append(h.received, r.URL.Path)
	if strings.Contains(string(body), `"complete":true,"run":{"id"`) {
		h.received[len(h.received)-1] += " complete"
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/low"): // a webhook of Slack
		_, _ = io.WriteString(w, "ok")
	case strings.HasPrefix(r.URL.Path, "/teams"):
		w.WriteHeader(http.StatusAccepted)
	case strings.HasPrefix(r.URL.Path, "/broken"):
		w.WriteHeader(http.StatusNotFound)
	case strings.HasPrefix(r.URL.Path, "/moved"):
		http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
	}
}

// take returns what was received since the last call.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	received := h.received
	h.received = nil
	return received
}

func TestWhoIsNotifiedOfWhat(t *testing.T) {
	s := newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(1), configuration(2)}
	all := &heard{}
	server := httptest.NewServer(all)
	t.Cleanup(server.Close)
	config := s.path("notify.yaml")
	text := strings.ReplaceAll(`notify:
  - {type: ping, url: URL/ping}
  - {type: webhook, url: URL/failure}
  - {type: webhook, url: URL/high, on: "changes:high"}
  - {type: slack, url: URL/low, on: "changes:low,failure"}
  - {type: webhook, url: URL/always, on: always}
  - {type: webhook, url: URL/broken-secret, on: always}
`, "URL", server.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, night := range []struct {
		name   string
		change func()
		code   int
		want   []string
	}{
		{"the baseline", func() {}, exitComplete, []string{"/ping/start", "/ping", "/always complete", "/broken-secret complete"}},
		{"a renamed configuration", func() { s.state.SCIM[0]["name"] = "renamed" }, exitComplete,
			[]string{"/ping/start", "/ping", "/low", "/always complete", "/broken-secret complete"}},
		{"a removed one", func() { s.state.SCIM = s.state.SCIM[:1] }, exitComplete,
			[]string{"/ping/start", "/ping", "/high complete", "/low", "/always complete", "/broken-secret complete"}},
		{"a failure", func() { s.state.SCIM[0]["enabled"] = "yes" }, exitFailed,
			[]string{"/ping/start", "/ping/fail", "/failure", "/low", "/always", "/broken-secret"}},
	} {
		night.change()
		s.printed.Reset()
		if code := s.run("--config", config); code != night.code {
			t.Errorf("%s: exit code %d, want %d\n%s", night.name, code, night.code, &s.printed)
		}
		if d := cmp.Diff(night.want, all.take()); d != "" {
			t.Errorf("%s (-want +got):\n%s", night.name, d)
		}
		if got := s.printed.String(); !strings.Contains(got, "auditor: error: notifying webhook: the response is HTTP 404, with an empty body (the run itself is not affected)") || strings.Contains(got, "secret") {
			t.Errorf("%s: the notification that failed is not reported, or its URL is:\n%s", night.name, got)
		}
	}
}

func TestANotificationThatIsRedirectedIsNotDelivered(t *testing.T) {
	s := newSite(t, nil)
	all := &heard{}
	server := httptest.NewServer(all)
	t.Cleanup(server.Close)
	if err := os.WriteFile(s.path("notify.yaml"), []byte("notify: [{type: webhook, url: "+server.URL+"/moved, on: always}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := s.run("--config", s.path("notify.yaml")); code != exitComplete {
		t.Errorf("exit code %d", code)
	}
	if d := cmp.Diff([]string{"/moved complete"}, all.take()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if want := "auditor: error: notifying webhook: the response is HTTP 301, with an empty body; it is a redirect"; !strings.Contains(s.printed.String(), want) {
		t.Errorf("it does not say %q:\n%s", want, &s.printed)
	}
}

func TestARunThatCannotBeRecordedIsNotified(t *testing.T) {
	s := newSite(t, nil)
	all := &heard{}
	server := httptest.NewServer(all)
	t.Cleanup(server.Close)
	for name, text := range map[string]string{"notify.yaml": "notify: [{type: webhook, url: " + server.URL + "/failure}]\n", "auditor.db": "a letter"} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, args := range map[string][]string{
		"a database that is none": nil, "a token that is not there": {"--token-file", s.path("nowhere")}, "broken exceptions": {"--exceptions-file", s.path("nowhere")},
	} {
		if code := s.run(append(args, "--config", s.path("notify.yaml"))...); code != exitUsage {
			t.Errorf("%s: exit code %d", name, code)
		}
		if d := cmp.Diff([]string{"/failure"}, all.take()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestANotificationThatCannotWorkIsAWrongSetting(t *testing.T) {
	s := newSite(t, nil)
	s.variables = map[string]string{"QUOTED": `"https://hooks.slack.com/services/T0/B0/X"`}
	for entry, want := range map[string]string{
		"{type: pigeon, url: 'https://x.example'}": `type "pigeon"; expected`,
		"{type: email, smtp: 'mail.example:25', tls: none, username: u, password_env: ONA_TOKEN, from: a@x.example, to: [b@x.example]}": "in the clear",
		"{type: email, smtp: 'mail.example:25', helo: 'my host', from: a@x.example, to: [b@x.example]}":                                 `helo "my host"; expected`,
		"{type: command}": "command is empty",
		"{type: command, command: [''], time_limit: 1s}":     "command is empty",
		"{type: command, command: [true], time_limit: soon}": `time_limit "soon"; expected`,
		"{type: teams}":                                                           "set url_env or url_file",
		"{type: slack, true: failure}":                                            "the key true is not a text; for the key on, write \"on\" with the quotes",
		"{type: slack, 1: failure}":                                               "the key 1 is not a text",
		"{type: slack, url_env: QUOTED}":                                          "the environment variable that url_env names has a value in quotes",
		"{type: webhook}":                                                         "set url_env or url_file",
		"{type: webhook, url: 'ftp://x.example'}":                                 "https://",
		"{type: webhook, url: 'https://x.example', on: storms}":                   `on "storms"; expected`,
		"{type: webhook, url: 'https://x.example', colour: red}":                  "colour",
		"{type: email, smtp: mail.example, from: a@x.example, to: [b@x.example]}": "expected a host and a port",
		"{type: email, smtp: 'mail.example:25', tls: maybe, from: a@x.example, to: [b@x.example]}":  `tls "maybe"; expected`,
		"{type: email, smtp: 'mail.example:25', from: a@x.example}":                                 "no recipient",
		"{type: email, smtp: 'mail.example:25', username: u, from: a@x.example, to: [b@x.example]}": "password_env",
	} {
		if err := os.WriteFile(s.path("notify.yaml"), []byte("notify:\n  - "+entry+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.printed.Reset()
		if code := s.run("--config", s.path("notify.yaml")); code != exitUsage || !strings.Contains(s.printed.String(), want) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s", entry, code, exitUsage, want, &s.printed)
		}
	}
}

// notifySite is a site with a config file that has one notification of each type.
func notifySite(t *testing.T) (s *site, all *heard, config string) {
	t.Helper()
	s = newSite(t, nil)
	s.fill()
	all = &heard{}
	server := httptest.NewServer(all)
	t.Cleanup(server.Close)
	config = s.path("notify.yaml")
	text := strings.NewReplacer("URL", server.URL, "FOLDER", s.folder).Replace(`notify:
  - {type: webhook, url: URL/webhook-secret, on: findings:critical}
  - {type: slack, url: URL/low-secret}
  - {type: teams, url: URL/teams-secret}
  - {type: ping, url: URL/ping-secret}
  - {type: command, command: [/bin/sh, -c, "cat > FOLDER/command.json"]}
`)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, all, config
}

func TestATestReachesEveryRecipientAndSaysThatItIsOne(t *testing.T) {
	s, all, config := notifySite(t)
	if code := s.tonight("notify", "--test", "--config", config); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	if d := cmp.Diff([]string{"/webhook-secret", "/low-secret", "/teams-secret"}, all.take()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	printed := s.printed.String()
	for _, want := range []string{"notification 1 (webhook): delivered", "notification 2 (slack): delivered", "notification 3 (teams): delivered",
		"notification 4 (ping): 127.0.0.1:", "nothing is sent, because every ping reports a run", "notification 5 (command): delivered"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not in:\n%s", want, printed)
		}
	}
	text, err := os.ReadFile(s.path("command.json"))
	if err != nil || !strings.HasPrefix(string(text), `{"test":true,"message":"This is a test from host at `) {
		t.Errorf("the command got %s, error %v", text, err)
	}
	if strings.Contains(printed+string(text), "secret") {
		t.Errorf("a URL is printed:\n%s", printed)
	}
	if _, err := os.Stat(s.path("auditor.db")); err == nil {
		t.Error("a database was made")
	}
}

func TestATestThatDoesNotArriveFails(t *testing.T) {
	s, all, config := notifySite(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, bytes.ReplaceAll(text, []byte("/low-"), []byte("/broken-")), 0o600); err != nil {
		t.Fatal(err)
	}
	code := s.tonight("notify", "--test", "--config", config)
	const want = "auditor: error: notification 2 (slack): the response is HTTP 404"
	if code != exitFailed || !strings.Contains(s.printed.String(), want) || len(all.take()) != 3 {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	for _, args := range [][]string{{"notify"}, {"notify", "--test", "--config", os.DevNull}} {
		if code := s.tonight(args[0], args[1:]...); code != exitUsage {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
}

func TestTheCheckTriesTheWayToEveryRecipient(t *testing.T) {
	s, all, config := notifySite(t)
	if code := s.tonight("check", "--config", config); code != exitComplete {
		t.Errorf("exit code %d\n%s", code, &s.printed)
	}
	for _, want := range []string{"notification 1 (webhook)", "notification 4 (ping)", " responds", "/bin/sh can be started"} {
		if !strings.Contains(s.printed.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &s.printed)
		}
	}
	if got := all.take(); len(got) > 0 {
		t.Errorf("the check sent %v", got)
	}
}

// silentRecipient never answers.
type silentRecipient struct{ called bool }

func (s *silentRecipient) Send(ctx context.Context, _ *notify.Message) error {
	s.called = true
	<-ctx.Done()
	return ctx.Err()
}

func (*silentRecipient) Check(context.Context) (string, error) { return "", nil }

func TestATargetThatDoesNotAnswerKeepsNothingFromStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := &silentRecipient{}
		recipients := []settings.Notification{{Type: "webhook", On: []settings.Condition{{What: settings.Always}}, Sender: silent}}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		begun := time.Now()
		err := notifyEnded(ctx, recipients, newResult(nil, context.Canceled), context.Canceled)
		if took := time.Since(begun); err == nil || !silent.called || took > notifyGrace {
			t.Errorf("error %v after %s; called: %v", err, took, silent.called)
		}
	})
}
