package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	servicePrefix = "gitpod.v1."
	// maxRedirects bounds a chain of redirects within one host.
	maxRedirects = 5
	// maxErrorBytes is how much of an answer other than 200 is read.
	maxErrorBytes = 1 << 20
	// callsAtOnce is the most calls of one organization that are under way at once, see firstCalls.
	callsAtOnce = 4
)

// NewTransport returns a transport that the clients of several organizations share: proxies as the environment says (HTTPS_PROXY, NO_PROXY),
// TLS as the system or SSL_CERT_FILE trusts, HTTP/2 where the server has it, and as many kept connections to a host as calls of these
// organizations are under way at once.
func NewTransport(organizations int) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, max(organizations, 1)*callsAtOnce
	return transport
}

// call is one request, whatever the number of tries.
type call struct {
	method string
	page   int // 0 outside a listing
	query  url.Values
	body   []byte
}

// answer is an Exchange with what only the collector needs of it.
type answer struct {
	Exchange
	// clockOffset is the local clock minus the server's when the header came; meaningful when ServerDate is set.
	clockOffset time.Duration
}

// try sends the request once. Status is 0 in the answer when none came or when it must not be kept.
func (c *Client) try(ctx context.Context, k call) (a answer, failure *Error) {
	tryCtx, cancel := context.WithTimeout(ctx, c.settings.CallTimeout)
	defer cancel()
	a.Method, a.Request, a.SentAt = k.method, k.body, c.settings.Now().UTC()
	defer func() { a.Duration = c.settings.Now().Sub(a.SentAt) }()
	req, err := c.request(tryCtx, k)
	if err != nil {
		return a, &Error{Code: CodeConnection, Err: fmt.Errorf("making the request: %w", withoutURL(err))}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return a, c.noAnswer(ctx, tryCtx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	received := c.settings.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.ServerDate, a.clockOffset = date.UTC(), received.Sub(date)
	}
	failure = c.read(ctx, tryCtx, resp, &a, received)
	return a, failure
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	target := c.settings.BaseURL + "/" + k.method
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(k.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.settings.UserAgent)
	req.Header.Set("Authorization", "Bearer "+string(c.settings.Token))
	return req, nil
}

// read takes the body in. An answer that repeats the token is dropped whole: answers are stored as evidence.
func (c *Client) read(ctx, tryCtx context.Context, resp *http.Response, a *answer, received time.Time) *Error {
	limit := c.settings.MaxResponseBytes
	if resp.StatusCode != http.StatusOK {
		limit = min(limit, maxErrorBytes)
	}
	body, err := readAll(http.MaxBytesReader(nil, resp.Body, limit), min(resp.ContentLength, limit))
	if ctx.Err() != nil {
		return runEnded(ctx)
	}
	if !c.settings.Token.inBytes(body) {
		a.Status, a.Body = resp.StatusCode, body
	}
	if resp.StatusCode != http.StatusOK {
		return c.refusal(resp, body, received)
	}
	return c.accept(ctx, tryCtx, resp, a, err)
}

// readAll reads to the end into a buffer of the expected size, which is not known when it is negative.
func readAll(r io.Reader, expected int64) ([]byte, error) {
	var b bytes.Buffer
	if expected > 0 {
		b.Grow(int(expected) + bytes.MinRead) // ReadFrom wants that much room before it sees the end
	}
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

func (a *answer) drop() { a.Status, a.Body = 0, nil }

// seal adds the hash of the body. It is not part of a try, so that the next page need not wait for it.
func (x *Exchange) seal() {
	if x.Status != 0 && x.SHA256 == "" {
		sum := sha256.Sum256(x.Body)
		x.SHA256, x.Size = hex.EncodeToString(sum[:]), int64(len(x.Body))
	}
}

// accept decides on a 200 by how its body could be read; what the body says is judged later.
func (c *Client) accept(ctx, tryCtx context.Context, resp *http.Response, a *answer, readErr error) *Error {
	encoding := resp.Header.Get("Content-Encoding")
	tooLarge, isTooLarge := errors.AsType[*http.MaxBytesError](readErr)
	var failure *Error
	switch {
	case isTooLarge:
		a.drop()
		failure = &Error{Code: CodeResponseTooLarge, Err: fmt.Errorf("the answer is larger than %d bytes", tooLarge.Limit)}
	case readErr != nil:
		a.drop()
		failure = c.noAnswer(ctx, tryCtx, readErr)
	case a.Status == 0:
		failure = malformed("the answer repeats the token, so it was not kept")
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		failure = malformed("the answer has the content encoding %s, which was not asked for", c.quote(encoding))
	default:
		return nil
	}
	failure.Status = resp.StatusCode
	return failure
}

// noAnswer is a failure before the last byte. Everything that may pass by itself is worth another try.
func (c *Client) noAnswer(ctx, tryCtx context.Context, err error) *Error {
	if ctx.Err() != nil {
		return runEnded(ctx)
	}
	if refused, ok := errors.AsType[*redirectError](err); ok {
		return &Error{Code: CodeRedirectRefused, Status: refused.status, Err: c.settings.Token.redactError(refused)}
	}
	if tryCtx.Err() != nil {
		return &Error{Code: CodeTimeout, Err: fmt.Errorf("no full answer within %v", c.settings.CallTimeout), retry: retry{again: true}}
	}
	cause := c.settings.Token.redactError(withoutURL(err))
	if isBadCompression(err) {
		return malformed("decompressing the answer: %w", cause)
	}
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	return &Error{Code: CodeConnection, Err: fmt.Errorf("no full answer: %w", cause), retry: retry{again: !badCertificate}}
}

// isBadCompression tells bytes that never were gzip from a stream that was cut.
func isBadCompression(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// redirectError is a redirect that is not followed.
type redirectError struct {
	status int
	why    string
}

func (e *redirectError) Error() string { return e.why }

// checkRedirect lets a POST go on as a POST to the same scheme, host and port. net/http would drop the Authorization on the way to another
// host, so that a good token looks like a bad one, and would turn a POST into a GET on 301, 302 and 303.
func checkRedirect(next *http.Request, via []*http.Request) error {
	from, to := origin(via[len(via)-1].URL), origin(next.URL)
	why := ""
	switch {
	case from != to:
		why = fmt.Sprintf("refusing the redirect from %s to %s: the token is meant for the first alone", from, to)
	case next.Method != http.MethodPost:
		why = fmt.Sprintf("refusing the redirect at %s, which would turn the POST into a %s", from, next.Method)
	case len(via) > maxRedirects:
		why = fmt.Sprintf("more than %d redirects at %s", maxRedirects, from)
	default:
		return nil
	}
	refused := &redirectError{why: plain(why)}
	if next.Response != nil {
		refused.status = next.Response.StatusCode
	}
	return refused
}

// origin is scheme, host and port, the port left out where it is the scheme's own.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}
