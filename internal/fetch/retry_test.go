package fetch

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// retryInfoValue is RetryInfo{retry_delay: {seconds: 2, nanos: 500000000}} in the protobuf wire
// format, unpadded.
const retryInfoValue = "CggIAhCAyrXuAQ"

func retryInfoBody(value, debug string) string {
	return `{"code":"resource_exhausted","message":"slow down","details":[{"type":"x.Other","debug":7},` +
		`{"type":"google.rpc.RetryInfo","value":"` + value + `","debug":` + debug + `}]}`
}

func TestTheServersDelayIsTakenInOrder(t *testing.T) {
	type header = []string
	all := header{"RateLimit-RetryAfter", "3", "Retry-After-Ms", "4500", "Retry-After", "6"}
	for _, c := range []struct {
		name   string
		body   string
		header header
		want   time.Duration
	}{
		{"RetryInfo first", retryInfoBody(retryInfoValue, `{"retryDelay":"99s"}`), all, 2500 * time.Millisecond},
		{"padded RetryInfo", retryInfoBody(retryInfoValue+"==", `null`), all, 2500 * time.Millisecond},
		{"RetryInfo in debug", retryInfoBody("", `{"retryDelay":"1.5s"}`), all, 1500 * time.Millisecond},
		{"RetryInfo that is not base64", retryInfoBody("!!", `{"retryDelay":"1.5s"}`), nil, 1500 * time.Millisecond},
		{"RetryInfo that is cut", retryInfoBody("CggIAhC", `{}`), all, 3 * time.Second},
		{"negative RetryInfo", retryInfoBody("", `{"retryDelay":"-1s"}`), all, 3 * time.Second},
		{"RateLimit-RetryAfter", "", all, 3 * time.Second},
		{"RateLimit-RetryAfter that is no number", "", header{"RateLimit-RetryAfter", "soon", "Retry-After-Ms", "4500"},
			4500 * time.Millisecond},
		{"Retry-After-Ms", "", all[2:], 4500 * time.Millisecond},
		{"Retry-After in seconds", "", all[4:], 6 * time.Second},
		{"Retry-After as a date, by the server's clock", "", header{"Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", "Date",
			"Wed, 21 Oct 2015 07:28:00 GMT"}, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{list: inOrder(respond(429, c.body, c.header...), ok(scimBody))})
			client := newClient(t, api.URL)
			got, err := client.Collect(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]time.Duration{c.want}, *client.waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
			if retries := got.Exchanges[3].Retries; len(retries) != 1 ||
				!strings.HasSuffix(retries[0], "(waited "+c.want.String()+")") {
				t.Errorf("retries in the evidence: %+v", retries)
			}
		})
	}
}

func TestADelayThatSaysNothingLeavesTheExponentialWait(t *testing.T) {
	for _, header := range [][]string{
		{"Retry-After", "0"}, {"Retry-After", "-5"}, {"Retry-After", "soon"}, {"Retry-After",
			"Wed, 21 Oct 2015 07:28:00 GMT"},
	} {
		api := newAPI(t, handlers{list: inOrder(respond(503, "", header...), respond(503, ""), respond(503, ""),
			ok(scimBody))})
		client := newClient(t, api.URL, func(o *Options) { o.MaxWait = 700 * time.Millisecond })
		if _, err := client.Collect(context.Background()); err != nil {
			t.Fatal(err)
		}
		waits := *client.waits
		if len(waits) != 3 {
			t.Fatalf("%v: waits %v, want 3", header, waits)
		}
		for _, wait := range waits {
			if wait < 100*time.Millisecond || wait > 700*time.Millisecond {
				t.Errorf("%v: waits %v, want each between 100ms and 700ms", header, waits)
			}
		}
	}
}

func TestDelaysBeyondAllMeasureAreRefusedNotWrapped(t *testing.T) {
	huge := base64.RawStdEncoding.EncodeToString([]byte("\x0a\x0f\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x10\xff\xff\xff\x7f"))
	for name, answer := range map[string]http.HandlerFunc{
		"RetryInfo": respond(429, retryInfoBody(huge, `{}`)), "seconds": respond(429, "", "Retry-After",
			"9223372036854775807"),
	} {
		api := newAPI(t, handlers{list: answer})
		_, err := newClient(t, api.URL).Collect(context.Background())
		if err == nil || !strings.Contains(err.Error(), "longer than the 2m0s allowed") || len(api.sent(list)) != 1 {
			t.Errorf("%s: %v after %d tries", name, err, len(api.sent(list)))
		}
	}
}

// roundTrip answers without a network, so that a test can run in a bubble of fake time.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answerWith(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
		Request: r}
}

func bubbleClient(t *testing.T, f roundTrip) *Client {
	t.Helper()
	client, err := New(Options{BaseURL: "https://api.example", Token: testToken, Now: time.Now, Transport: f})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestWaitsPassInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		client := bubbleClient(t, func(r *http.Request) (*http.Response, error) {
			if tries++; tries <= 2 {
				return answerWith(r, 429, retryInfoBody(retryInfoValue, "null")), nil
			}
			return answerWith(r, 404, `{"code":"not_found"}`), nil
		})
		start := time.Now()
		removal, x, err := client.ConfirmRemoved(t.Context(), ona.GetSCIMConfiguration, scimA)
		if err != nil || !removal.Confirmed || len(x.Retries) != 2 {
			t.Errorf("removal %+v, %d retries, error %v", removal, len(x.Retries), err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %v, want the two waits of 2.5s", took)
		}
	})
}

func TestTheEndOfTheRunEndsAWaitAtOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit func(context.Context) (context.Context, context.CancelFunc)
		code  string
		is    error
	}{
		{"interrupted", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, CodeCanceled, context.Canceled},
		{"out of time", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, CodeTimeout, context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := bubbleClient(t, func(r *http.Request) (*http.Response, error) {
					return answerWith(r, 429, `{"code":"resource_exhausted","details":[{"type":"google.rpc.RetryInfo","debug":{"retryDelay":"90s"}}]}`), nil
				})
				start := time.Now()
				ctx, cancel := c.limit(t.Context())
				defer cancel()
				_, err := client.Collect(ctx)
				failure, _ := errors.AsType[*Error](err)
				if failure == nil || failure.Code != c.code || !errors.Is(err, c.is) {
					t.Errorf("got %v, want %s", err, c.code)
				}
				if !strings.Contains(err.Error(), "; the try before that: HTTP 429") {
					t.Errorf("it does not say what the wait was for: %v", err)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("the wait went on for %v after the run was over", took-time.Second)
				}
			})
		})
	}
}

func TestTheEndOfTheRunInALaterTryTellsWhyTheOneBeforeFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		client := bubbleClient(t, func(r *http.Request) (*http.Response, error) {
			if tries++; tries == 1 {
				return nil, errors.New("connection refused")
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := client.Collect(ctx)
		if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Code != CodeTimeout || failure.Tries != 2 ||
			!strings.Contains(err.Error(), "; the try before that: no full answer: connection refused (connection)") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnInterruptEndsARequestAtOnce(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{"before the header": hang, "in the body": hangInBody} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			var interrupted time.Time
			api := newAPI(t, handlers{list: func(w http.ResponseWriter, r *http.Request) {
				time.AfterFunc(20*time.Millisecond, func() { interrupted = time.Now(); cancel() })
				handler(w, r)
			}})
			_, err := newClient(t, api.URL).Collect(ctx)
			took := time.Since(interrupted)
			if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Code != CodeCanceled ||
				!errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %s", err, CodeCanceled)
			}
			if took > 20*time.Second { // a try may take a minute
				t.Errorf("went on for %v", took)
			}
			if len(api.sent(list)) != 1 {
				t.Error("an interrupted request was tried again")
			}
		})
	}
}

func TestAServersCanceledIsNotTheRunsInterrupt(t *testing.T) {
	api := newAPI(t, handlers{list: connect(499, CodeCanceled)})
	_, err := newClient(t, api.URL).Collect(context.Background())
	if errors.Is(err, context.Canceled) {
		t.Errorf("the run was not interrupted: %v", err)
	}
}
