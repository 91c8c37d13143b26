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
	"strings"
	"time"
)

const (
	// maxErrorBytes is how much of the body is read if the status is not 200.
	maxErrorBytes = 1 << 20
	// CallsAtOnce is the highest number of calls at the same time for one organization.
	CallsAtOnce = 7
)

// errSlow is the cause that ends a try after Options.CallTimeout.
var errSlow = errors.New("no full answer in time")

// NewTransport returns a transport that the clients of several organizations can share. It uses the
// proxies from the environment (HTTPS_PROXY, NO_PROXY), the certificates of the system or
// SSL_CERT_FILE, and HTTP/2 if the server supports it. It keeps one idle connection for each call
// at the same time, for a few seconds: the report of a fleet needs their memory.
func NewTransport(organizations int) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, max(organizations, 1)*CallsAtOnce
	transport.IdleConnTimeout = 3 * time.Second
	return transport
}

// try sends the call once. The status of the exchange is 0 if no response came or it must not be
// kept.
func (c *Client) try(ctx context.Context, k call, body []byte) (x Exchange, failure *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.settings.CallTimeout, errSlow)
	defer cancel()
	x.Method, x.Request, x.SentAt = k.method, string(body), c.settings.Now().UTC()
	defer func() { x.Duration = c.settings.Now().Sub(x.SentAt) }()
	req, err := c.newRequest(ctx, k, body)
	if err != nil {
		return x, &Error{Code: CodeConnection, Err: fmt.Errorf("making the request: %w", withoutURL(err))}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return x, c.noAnswer(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	received := c.settings.Now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.ServerDate, x.ClockOffset = date.UTC(), received.Sub(date)
	}
	failure = c.read(ctx, resp, &x, received)
	return x, failure
}

func (c *Client) newRequest(ctx context.Context, k call, body []byte) (*http.Request, error) {
	target := c.settings.BaseURL + "/" + k.method
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.settings.UserAgent)
	req.Header.Set("Authorization", "Bearer "+string(c.settings.Token))
	return req, nil
}

// read reads the body. Bodies are stored as evidence, so a body that contains a secret is dropped.
func (c *Client) read(ctx context.Context, resp *http.Response, x *Exchange, received time.Time) *Error {
	limit := c.settings.MaxResponseBytes
	if resp.StatusCode != http.StatusOK {
		limit = min(limit, maxErrorBytes)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, limit))
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow) {
		return RunEnded(ctx, ctx.Err())
	}
	ok := resp.StatusCode == http.StatusOK
	repeated := c.secrets.find(string(body))
	if repeated == "" && (err == nil || !ok) {
		kept := body
		if !ok {
			kept = c.keptRefusal(body)
		}
		sum := sha256.Sum256(kept)
		x.Status, x.Body = resp.StatusCode, kept
		x.ResponseSHA256, x.ResponseSize = hex.EncodeToString(sum[:]), int64(len(kept))
	}
	if !ok {
		return c.refusal(x.Method, resp, body, received)
	}
	failure := c.accept(ctx, resp, repeated, err)
	if failure != nil {
		failure.Status = resp.StatusCode
	}
	return failure
}

// accept returns an error if the body of a 200 could not be read or must not be used. repeated
// names the secret in it. The content is checked later.
func (c *Client) accept(ctx context.Context, resp *http.Response, repeated string, readErr error) *Error {
	encoding := resp.Header.Get("Content-Encoding")
	tooLarge, isTooLarge := errors.AsType[*http.MaxBytesError](readErr)
	switch {
	case isTooLarge:
		return &Error{
			Code: CodeResponseTooLarge, Err: fmt.Errorf("the answer is larger than %d bytes", tooLarge.Limit),
		}
	case readErr != nil:
		return c.noAnswer(ctx, readErr)
	case repeated != "":
		return &Error{
			Code: CodeMalformedAnswer, Err: fmt.Errorf("the answer repeats %s, so it was not kept", repeated),
		}
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		return &Error{Code: CodeMalformedAnswer, Err: fmt.Errorf(
			"the answer has the content encoding %s, which was not requested", c.quote(encoding))}
	}
	return nil
}

// noAnswer returns the error for a try that ended before the last byte of the response. The error
// is retryable if another try may succeed.
func (c *Client) noAnswer(ctx context.Context, err error) *Error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow) {
		return RunEnded(ctx, ctx.Err())
	}
	if refused, ok := errors.AsType[*Error](err); ok {
		refused.Err = c.secrets.redactError(refused.Err)
		return refused
	}
	if ctx.Err() != nil {
		return &Error{
			Code: CodeTimeout, Err: fmt.Errorf("no full answer within %v", c.settings.CallTimeout), retryable: true,
		}
	}
	cause := c.secrets.redactError(withoutURL(err))
	if isBadCompression(err) {
		return &Error{Code: CodeMalformedAnswer, Err: fmt.Errorf("decompressing the answer: %w", cause)}
	}
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	return &Error{Code: CodeConnection, Err: fmt.Errorf("no full answer: %w", cause), retryable: !badCertificate}
}

// isBadCompression reports whether the body is not valid gzip. A stream that was cut short is not
// bad compression: another try may succeed.
func isBadCompression(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}
