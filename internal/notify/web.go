package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Webhook posts the message's result as JSON. No error shows the URL, which may be a secret.
type Webhook struct{ URL string }

// Send posts the message. Any 2xx status is success, unless the response is JSON that reports a
// failure.
func (w Webhook) Send(ctx context.Context, m *Message) error {
	return post(ctx, w.URL, m.Result, func(r response) bool { return !r.failed() })
}

// Check connects to the host.
func (w Webhook) Check(ctx context.Context) (string, error) { return reach(ctx, w.URL) }

// Ping is a dead man's switch: a service that alerts if the ping for a complete run is missing. As
// with healthchecks.io, the URL reports success, URL/start the start, and URL/fail a failure.
type Ping struct{ URL string }

// Started reports that a run begins.
func (p Ping) Started(ctx context.Context) error { return p.call(ctx, "/start") }

// Send reports how the run ended. It fails for a test, because every ping reports a run.
func (p Ping) Send(ctx context.Context, m *Message) error {
	switch {
	case m.Test:
		return errors.New("a ping reports a run, so there is none for a test")
	case m.Complete:
		return p.call(ctx, "")
	}
	return p.call(ctx, "/fail")
}

// Check connects to the host.
func (p Ping) Check(ctx context.Context) (string, error) { return reach(ctx, p.URL) }

func (p Ping) call(ctx context.Context, suffix string) error {
	u, err := url.Parse(p.URL)
	if err != nil {
		return errUnusableURL
	}
	u.Path = strings.TrimRight(u.Path, "/") + suffix
	return retry(ctx, func(ctx context.Context) error {
		// healthchecks.io answers an unknown UUID with 200 and "OK (not found)", and too many pings
		// with 200 and "OK (rate limited)": https://healthchecks.io/docs/http_api/
		return request(ctx, http.MethodGet, u, nil, func(r response) bool {
			return !r.failed() && !strings.HasPrefix(r.body, "OK (")
		})
	})
}

var errUnusableURL = errors.New("the URL cannot be parsed")

// response is a response with a 2xx status.
type response struct {
	status int
	body   string // without spaces around it
}

// stated returns what a body reports that is a JSON object in one of the ways that chat services
// have: {"ok": …}, {"success": …} or {"result": "success"}. known is false for any other body.
func (r response) stated() (success, known bool) {
	var flags struct {
		OK      *bool  `json:"ok"`
		Success *bool  `json:"success"`
		Result  string `json:"result"`
	}
	if json.Unmarshal([]byte(r.body), &flags) != nil {
		return false, false
	}
	if flag := cmp.Or(flags.OK, flags.Success); flag != nil {
		return *flag, true
	}
	return flags.Result == "success", flags.Result == "success" || flags.Result == "error"
}

// failed reports whether the body reports a failure.
func (r response) failed() bool {
	success, known := r.stated()
	return known && !success
}

// post sends the body as JSON, with retries. Delivered reports whether a response with a 2xx status
// confirms the delivery.
func post(ctx context.Context, target string, body any, delivered func(response) bool) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding the message: %w", err)
	}
	u, err := url.Parse(target)
	if err != nil {
		return errUnusableURL
	}
	return retry(ctx, func(ctx context.Context) error {
		return request(ctx, http.MethodPost, u, text, delivered)
	})
}

// client does not follow redirects: a POST could become a GET that succeeds although nothing was
// delivered.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// request sends one request.
func request(ctx context.Context, method string, u *url.URL, body []byte, delivered func(response) bool) error {
	resp, err := exchange(ctx, method, u, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // to its end, so that the connection can be reused
	r := response{resp.StatusCode, strings.TrimSpace(string(text))}
	err = fmt.Errorf("the response is HTTP %d, %s", r.status, excerpt(u, r.body))
	wait, stated := retryAfter(resp.Header)
	busy := r.status >= 500 || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout
	switch {
	case r.status >= 200 && r.status < 300 && delivered(r):
		return nil
	case busy && stated:
		return fmt.Errorf("%w; %w", err, &backoff.RetryAfterError{Duration: wait})
	case busy:
		return err
	case r.status >= 300 && r.status < 400:
		return backoff.Permanent(fmt.Errorf("%w; it is a redirect, so set the URL to its target", err))
	case r.status < 300:
		err = fmt.Errorf("%w; this does not confirm the delivery", err)
	}
	return backoff.Permanent(err)
}

// exchange sends one request and returns the response. The caller closes its body.
func exchange(ctx context.Context, method string, u *url.URL, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, backoff.Permanent(errUnusableURL)
	}
	req.URL = u // NewRequest parses the "*" of OPTIONS as a path
	req.Header.Set("User-Agent", "scim-auditor")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // the outer error shows the URL
	}
	return resp, err
}

// reach tests the name, the connection and the certificate of the host. Its request concerns the
// server and no path of it: https://www.rfc-editor.org/rfc/rfc9110#name-options
func reach(ctx context.Context, target string) (found string, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return "", errUnusableURL
	}
	resp, err := exchange(ctx, http.MethodOptions, &url.URL{Scheme: u.Scheme, Host: u.Host, Opaque: "*"}, nil)
	if err != nil {
		return "", err
	}
	return u.Host + " responds", resp.Body.Close()
}

// shortestWait keeps a service that asks for no wait from being called in a tight loop.
const shortestWait = time.Second

// retryAfter returns how long the service asks to wait:
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header http.Header) (wait time.Duration, stated bool) {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return max(time.Duration(seconds*float64(time.Second)), shortestWait), true
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(header.Get("Date"))
	return max(until.Sub(now), shortestWait), err == nil
}

// excerptLength is how many bytes of a response an error shows.
const excerptLength = 200

// excerpt returns the beginning of a response in one line. The parts of the URL that may be secret
// are hidden, because some servers repeat them.
func excerpt(u *url.URL, body string) string {
	const shortestSecret = 6
	secrets := append([]string{u.String(), u.RequestURI()}, strings.Split(u.EscapedPath(), "/")...)
	secrets = append(secrets, strings.Split(u.Path, "/")...)
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	if u.User != nil {
		secrets = append(secrets, u.User.String())
	}
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			body = strings.ReplaceAll(body, secret, "[URL]")
		}
	}
	line := strings.Join(strings.Fields(strings.ToValidUTF8(body, "�")), " ")
	return cmp.Or(cut(line, excerptLength), "with an empty body")
}
