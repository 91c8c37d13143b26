package notify_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/notify"
)

func message() *notify.Message {
	return &notify.Message{Subject: "SCIM audit: NOT COMPLETE",
		Rows:   []string{"globex: <!channel> & <https://evil.example|click>"},
		Result: map[string]string{"report": "out/run-7"}}
}

// reply is what a server answers. A status of 0 breaks the connection without an answer.
type reply struct {
	status     int
	body       string
	retryAfter string
}

// listener is a server that answers with each reply in turn, and with the last one from then on.
type listener struct {
	*httptest.Server
	mu      sync.Mutex
	replies []reply
	paths   []string
	bodies  []string
	times   []time.Time
}

func listen(t *testing.T, replies ...reply) *listener {
	l := &listener{replies: replies}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.paths, l.bodies = append(l.paths, r.Method+" "+r.URL.Path), append(l.bodies, string(body))
		l.times = append(l.times, time.Now())
		answer := l.replies[0]
		if len(l.replies) > 1 {
			l.replies = l.replies[1:]
		}
		if answer.status == 0 {
			panic(http.ErrAbortHandler)
		}
		if answer.retryAfter != "" {
			w.Header().Set("Retry-After", answer.retryAfter)
		}
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, answer.body)
	}))
	l.Config.ErrorLog = nil
	t.Cleanup(l.Close)
	return l
}

func TestAWebhookIsTriedAgainUntilItTakesTheMessage(t *testing.T) {
	l := listen(t, reply{status: 500}, reply{}, reply{status: 429}, reply{status: 200})
	if err := (notify.Webhook{URL: l.URL + "/secret"}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if len(l.bodies) != 4 {
		t.Errorf("%d requests, want 4", len(l.bodies))
	}
	if got := l.bodies[3]; got != `{"report":"out/run-7"}` {
		t.Errorf("the webhook got %s", got)
	}
}

func TestAWebhookThatFailsIsReportedWithoutItsURL(t *testing.T) {
	for name, test := range map[string]struct {
		replies  []reply
		requests int
		want     string
	}{
		"for good":          {[]reply{{status: 404}, {status: 200}}, 1, "HTTP 404"},
		"again and again":   {[]reply{{status: 503}}, 4, "HTTP 503"},
		"by broken answers": {[]reply{{}}, 4, "EOF"},
		"with a reason": {[]reply{{status: 403, body: "\n{\"error\":\n\"channel_is_archived\"}"}}, 1,
			`HTTP 403, {"error": "channel_is_archived"}`},
		"with its own URL": {[]reply{{status: 404, body: "Cannot POST /T00/secret-of-this?key=secret-of-that"}}, 1,
			"Cannot POST [URL]"},
		"with part of it": {[]reply{{status: 404, body: "unknown secret-of-this or secret-of-that"}}, 1,
			"unknown [URL] or [URL]"},
		"with a long text": {[]reply{{status: 400, body: strings.Repeat("é", 5000)}}, 1, "é…"},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, test.replies...)
			err := notify.Webhook{URL: l.URL + "/T00/secret-of-this?key=secret-of-that"}.Send(t.Context(), message())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") ||
				len(err.Error()) > 400 {
				t.Errorf("error %v, want one with %s and without the URL", err, test.want)
			}
			if test.want != "EOF" && len(l.paths) != test.requests {
				t.Errorf("%d requests, want %d", len(l.paths), test.requests)
			}
		})
	}
}

// Every service has its own way to confirm a message. Anything else with status 200 is a failure
// that the service reports, such as Teams in MicrosoftDocs/msteams-docs#7425, or the page of a
// proxy.
func TestOnlyWhatAServiceConfirmsIsDelivered(t *testing.T) {
	senders := map[string]func(url string) notify.Sender{
		"webhook": func(url string) notify.Sender { return notify.Webhook{URL: url} },
		"slack":   func(url string) notify.Sender { return notify.Slack{URL: url} },
		"teams":   func(url string) notify.Sender { return notify.Teams{URL: url} },
		"ping":    func(url string) notify.Sender { return notify.Ping{URL: url} },
	}
	const teamsError = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413"
	for _, test := range []struct {
		service   string
		reply     reply
		delivered bool
	}{
		{"slack", reply{status: 200, body: "ok"}, true},
		{"slack", reply{status: 200, body: "ok\n"}, true},
		{"slack", reply{status: 200, body: `{"success":true}`}, true},              // Rocket.Chat
		{"slack", reply{status: 200, body: `{"result":"success","msg":""}`}, true}, // Zulip
		{"slack", reply{status: 200, body: `{"ok":true}`}, true},                   // a workflow of Slack
		{"slack", reply{status: 200, body: `{"ok":false,"error":"invalid_auth"}`}, false},
		{"slack", reply{status: 200, body: `{"result":"error","msg":"no stream"}`}, false},
		{"slack", reply{status: 200, body: "<html>Sign in to the guest network</html>"}, false},
		{"slack", reply{status: 200}, false},
		{"slack", reply{status: 404, body: "no_service"}, false},
		{"teams", reply{status: 202}, true},
		{"teams", reply{status: 200, body: "1"}, true},
		{"teams", reply{status: 200, body: teamsError}, false},
		{"teams", reply{status: 400, body: `{"error":{"code":"WorkflowTriggerIsNotEnabled"}}`}, false},
		{"webhook", reply{status: 204}, true},
		{"webhook", reply{status: 200, body: "thanks"}, true},
		{"webhook", reply{status: 200, body: `{"ok":false,"error":"invalid_auth"}`}, false},
		{"webhook", reply{status: 200, body: `{"success":false}`}, false},
		{"ping", reply{status: 200, body: "OK"}, true},
		{"ping", reply{status: 202, body: "Got it, thanks!"}, true},
		{"ping", reply{status: 200, body: "OK (not found)"}, false},
		{"ping", reply{status: 200, body: "OK (rate limited)"}, false},
		{"ping", reply{status: 200, body: `{"ok":false,"msg":"Monitor not found or not active."}`}, false},
	} {
		l := listen(t, test.reply)
		err := senders[test.service](l.URL).Send(t.Context(), message())
		if (err == nil) != test.delivered {
			t.Errorf("%s answers %d %q: error %v", test.service, test.reply.status, test.reply.body, err)
		}
		if !test.delivered && (err == nil || !strings.Contains(err.Error(), test.reply.body)) {
			t.Errorf("%s: error %v does not show the answer %q", test.service, err, test.reply.body)
		}
		if len(l.paths) != 1 {
			t.Errorf("%s answers %q: %d requests", test.service, test.reply.body, len(l.paths))
		}
	}
}

func TestAServiceIsTriedWhenItSays(t *testing.T) {
	for name, test := range map[string]struct {
		retryAfter string
		least      time.Duration
	}{
		"in seconds":  {"1", time.Second},
		"at a time":   {time.Now().Add(3 * time.Second).UTC().Format(http.TimeFormat), time.Second},
		"immediately": {"0", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t, reply{429, "rate_limited", test.retryAfter}, reply{503, "busy", "1"}, reply{status: 200, body: "ok"})
			if err := (notify.Slack{URL: l.URL}).Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			if len(l.times) != 3 || l.times[1].Sub(l.times[0]) < test.least {
				t.Errorf("requests at %v, want 3 with %s between them", l.times, test.least)
			}
		})
	}
}

func TestAServiceThatAsksForALongWaitIsNotTriedAgain(t *testing.T) {
	l := listen(t, reply{429, "rate_limited", "3600"})
	err := notify.Slack{URL: l.URL}.Send(t.Context(), message())
	const want = "the response is HTTP 429, rate_limited; retry after 1h0m0s"
	if err == nil || err.Error() != want || len(l.paths) != 1 {
		t.Errorf("error %v after %d requests, want %s", err, len(l.paths), want)
	}
}

func TestAPingReportsStartSuccessAndFailure(t *testing.T) {
	l := listen(t, reply{status: 200})
	ping := notify.Ping{URL: l.URL + "/uuid/"}
	good, test := message(), message()
	good.Complete, test.Test = true, true
	for _, send := range []func() error{
		func() error { return ping.Started(t.Context()) },
		func() error { return ping.Send(t.Context(), good) },
		func() error { return ping.Send(t.Context(), message()) },
	} {
		if err := send(); err != nil {
			t.Error(err)
		}
	}
	if err := ping.Send(t.Context(), test); err == nil {
		t.Error("a test is sent as if it were a run")
	}
	if d := cmp.Diff([]string{"GET /uuid/start", "GET /uuid", "GET /uuid/fail"}, l.paths); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTheCheckOfAURLSendsNothingToIt(t *testing.T) {
	l := listen(t, reply{status: 200})
	for _, sender := range []notify.Sender{
		notify.Webhook{URL: l.URL + "/secret"}, notify.Slack{URL: l.URL + "/secret"}, notify.Teams{URL: l.URL + "/secret"},
		notify.Ping{URL: l.URL + "/secret"},
	} {
		found, err := sender.Check(t.Context())
		if err != nil || !strings.HasSuffix(found, " responds") || strings.Contains(found, "secret") {
			t.Errorf("%T: %q, %v", sender, found, err)
		}
	}
	if len(l.paths) > 0 {
		t.Errorf("the service was asked for %v", l.paths)
	}
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for target, want := range map[string]string{
		secure.URL:                         "certificate",
		"http://127.0.0.1:1":               "refused",
		"https://auditor.invalid/a/secret": "no such host",
	} {
		if _, err := (notify.Webhook{URL: target}).Check(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", target, err, want)
		}
	}
}
