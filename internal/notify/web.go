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

// Webhook posts the event as JSON. Its URL may be a secret: no error shows it. The client must not follow redirects, here and below.
type Webhook struct {
	URL    string
	Client *http.Client
}

// Send posts the event once.
func (w *Webhook) Send(ctx context.Context, e *Event) error {
	return post(ctx, w.Client, w.URL, e)
}

// Slack posts the event's text to an incoming webhook of Slack or of what takes the same form.
type Slack struct {
	URL    string
	Client *http.Client
}

// slackText escapes what Slack would read as a link or a mention, https://docs.slack.dev/messaging/formatting-message-text.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send posts the event once.
func (s *Slack) Send(ctx context.Context, e *Event) error {
	return post(ctx, s.Client, s.URL, map[string]string{"text": slackText.Replace(e.Text())})
}

// Ping is a dead man's switch: a service that raises the alarm when the ping for a good end stays out. It takes the form that healthchecks.io
// and others share: the URL for success, with /start and /fail after it for the others.
type Ping struct {
	URL    string
	Client *http.Client
}

// Started tells that a run begins.
func (p *Ping) Started(ctx context.Context) error { return p.call(ctx, "/start") }

// Send tells how the run ended.
func (p *Ping) Send(ctx context.Context, e *Event) error {
	if e.Complete {
		return p.call(ctx, "")
	}
	return p.call(ctx, "/fail")
}

func (p *Ping) call(ctx context.Context, suffix string) error {
	u, err := url.Parse(p.URL)
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be read"))
	}
	u.Path = strings.TrimRight(u.Path, "/") + suffix
	return do(ctx, p.Client, http.MethodGet, u.String(), nil)
}

func post(ctx context.Context, client *http.Client, target string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return backoff.Permanent(fmt.Errorf("encoding the message: %w", err))
	}
	return do(ctx, client, http.MethodPost, target, text)
}

// do makes one request. An error that another try cannot mend is permanent.
func do(ctx context.Context, client *http.Client, method, target string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be read"))
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
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	return judge(resp.StatusCode)
}

func judge(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return fmt.Errorf("the answer is HTTP %d", status)
	}
	if status >= 300 && status < 400 {
		return backoff.Permanent(fmt.Errorf("the answer is HTTP %d: it redirects to another URL, which is to be named itself", status))
	}
	return backoff.Permanent(fmt.Errorf("the answer is HTTP %d", status))
}
