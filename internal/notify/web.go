package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cenkalti/backoff/v5"
)

// Webhook posts the message's result as JSON. No error shows the URL, which may be a secret.
type Webhook struct{ URL string }

// Send posts the message once.
func (w Webhook) Send(ctx context.Context, m *Message) error {
	return post(ctx, w.URL, m.Result)
}

// Slack posts the message's text to an incoming webhook of Slack, or of a compatible service.
type Slack struct{ URL string }

// slackText escapes the characters that start links and mentions in Slack,
// https://docs.slack.dev/messaging/formatting-message-text.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send posts the message once.
func (s Slack) Send(ctx context.Context, m *Message) error {
	return post(ctx, s.URL, map[string]string{"text": slackText.Replace(m.Text)})
}

// Ping is a dead man's switch: a service that alerts if the ping for a complete run is missing. As with
// healthchecks.io, the URL reports success, URL/start the start, and URL/fail a failure.
type Ping struct{ URL string }

// Started reports that a run begins.
func (p Ping) Started(ctx context.Context) error { return p.call(ctx, "/start") }

// Send reports how the run ended.
func (p Ping) Send(ctx context.Context, m *Message) error {
	if m.Complete {
		return p.call(ctx, "")
	}
	return p.call(ctx, "/fail")
}

func (p Ping) call(ctx context.Context, suffix string) error {
	u, err := url.Parse(p.URL)
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be parsed"))
	}
	u.Path = strings.TrimRight(u.Path, "/") + suffix
	return request(ctx, http.MethodGet, u.String(), nil)
}

func post(ctx context.Context, target string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return backoff.Permanent(fmt.Errorf("encoding the message: %w", err))
	}
	return request(ctx, http.MethodPost, target, text)
}

// client does not follow redirects: a POST could become a GET that succeeds although nothing was delivered.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// request sends one request.
func request(ctx context.Context, method, target string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be parsed"))
	}
	req.Header.Set("User-Agent", "scim-auditor")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the outer error shows the URL
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be reused
	return statusError(resp.StatusCode)
}

// statusError returns nil for a 2xx status, and a permanent error if a retry cannot succeed.
func statusError(status int) error {
	err := fmt.Errorf("the response is HTTP %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return err
	case status >= 300 && status < 400:
		return backoff.Permanent(fmt.Errorf("%w, a redirect; set the URL to its target", err))
	}
	return backoff.Permanent(err)
}
