package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/notify"
)

func message() *notify.Message {
	return &notify.Message{Subject: "SCIM audit: NOT COMPLETE", Text: "globex: <!channel> & <https://evil.example|click>\n",
		Result: map[string]string{"report": "out/run-7"}}
}

func deliver(t *testing.T, s notify.Sender) error {
	t.Helper()
	return notify.Deliver(t.Context(), func(ctx context.Context) error { return s.Send(ctx, message()) })
}

// listener is a server that answers with each status in turn, and with 200 from then on.
type listener struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	paths    []string
	bodies   []string
}

func listen(t *testing.T, statuses ...int) *listener {
	l := &listener{statuses: statuses}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.paths, l.bodies = append(l.paths, r.Method+" "+r.URL.Path), append(l.bodies, string(body))
		if err != nil || len(l.statuses) == 0 {
			return
		}
		status := l.statuses[0]
		l.statuses = l.statuses[1:]
		if status == 0 {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
		w.WriteHeader(status)
	}))
	l.Config.ErrorLog = nil
	t.Cleanup(l.Close)
	return l
}

func TestAWebhookIsTriedAgainUntilItTakesTheMessage(t *testing.T) {
	l := listen(t, 500, 0, 429)
	if err := deliver(t, notify.Webhook{URL: l.URL + "/secret"}); err != nil {
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
		statuses []int
		requests int
		want     string
	}{
		"for good":          {[]int{404, 200}, 1, "HTTP 404"},
		"again and again":   {[]int{503, 503, 503, 503, 200}, 4, "HTTP 503"},
		"by broken answers": {[]int{0, 0, 0, 0, 200}, 4, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, test.statuses...)
			err := deliver(t, notify.Webhook{URL: l.URL + "/secret"})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want one with %s and without the URL", err, test.want)
			}
			if test.want != "EOF" && len(l.paths) != test.requests {
				t.Errorf("%d requests, want %d", len(l.paths), test.requests)
			}
		})
	}
}

func TestSlackGetsTextThatItCannotTakeForMarkup(t *testing.T) {
	l := listen(t)
	if err := (notify.Slack{URL: l.URL}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(l.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"text": "globex: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAPingReportsStartSuccessAndFailure(t *testing.T) {
	l := listen(t)
	ping := notify.Ping{URL: l.URL + "/uuid/"}
	good := message()
	good.Complete = true
	for _, send := range []func() error{
		func() error { return ping.Started(t.Context()) },
		func() error { return ping.Send(t.Context(), good) },
		func() error { return ping.Send(t.Context(), message()) },
	} {
		if err := send(); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff([]string{"GET /uuid/start", "GET /uuid", "GET /uuid/fail"}, l.paths); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
