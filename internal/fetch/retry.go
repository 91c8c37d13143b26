package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// call is one request; it may be sent several times.
type call struct {
	method  string
	page    int // 0 outside a listing
	query   url.Values
	request request
}

// get sends a call until it succeeds, fails permanently or reaches MaxTries. The exchange has the
// last response, even if get returns an error. backoff.Retry does not fit: its RetryAfter supports
// whole seconds only, and the waits are part of the evidence.
func (c *Client) get(ctx context.Context, k call) (Exchange, error) {
	body, err := json.Marshal(k.request)
	if err != nil {
		return Exchange{}, &Error{
			Code: CodeInvalidArgument, Method: k.method, Page: k.page, Err: fmt.Errorf("encoding the request: %w", err),
		}
	}
	series := backoff.NewExponentialBackOff()
	var retries []string
	lastReason := ""
	for tries := 1; ; tries++ {
		x, failure := c.try(ctx, k, body)
		x.Retries = retries
		c.logTry(ctx, k, x, tries, failure)
		if failure == nil {
			return x, nil
		}
		wait, again := c.waitAfter(failure, tries, series)
		if again {
			lastReason = c.logRetry(ctx, k, tries, failure, wait)
			retries = append(retries, fmt.Sprintf("%s (waited %s)", lastReason, wait))
			if c.settings.Sleep(ctx, wait) == nil {
				continue
			}
			failure = RunEnded(ctx, ctx.Err())
		}
		if len(retries) > 0 && ctx.Err() != nil {
			// The reason of the try before is what the operator has to fix.
			failure.Err = fmt.Errorf("%w; the try before that: %s", failure.Err, lastReason)
		}
		failure.Method, failure.Page, failure.Tries = k.method, k.page, tries
		return x, failure
	}
}

// logRetry logs that another try follows and returns the reason.
func (c *Client) logRetry(ctx context.Context, k call, tries int, failure *Error, wait time.Duration) string {
	reason := fmt.Sprintf("%v (%s)", failure.Err, failure.Code)
	c.settings.Logger.LogAttrs(ctx, slog.LevelInfo, "api request is tried again",
		slog.String("method", k.method), slog.Int("page", k.page), slog.Int("try", tries),
		slog.String("reason", reason), slog.Duration("wait", wait))
	return reason
}

func (c *Client) logTry(ctx context.Context, k call, x Exchange, tries int, failure *Error) {
	status, outcome := x.Status, "ok"
	if failure != nil {
		status, outcome = failure.Status, failure.Code
	}
	c.settings.Logger.LogAttrs(ctx, slog.LevelDebug, "api request",
		slog.String("method", k.method), slog.Int("page", k.page), slog.Int("try", tries),
		slog.Int("status", status), slog.String("outcome", outcome), slog.Duration("duration", x.Duration),
		slog.Int("bytes", len(x.Body)))
}

// sleep is the default of Options.Sleep.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitAfter returns how long to wait before the next try: as long as the server asks for, otherwise
// by exponential backoff with jitter. again is false if no try follows.
func (c *Client) waitAfter(
	failure *Error, tries int, series *backoff.ExponentialBackOff,
) (wait time.Duration, again bool) {
	longest := c.settings.MaxWait
	switch {
	case !failure.retryable || tries >= c.settings.MaxTries:
		return 0, false
	case failure.serverWait == 0:
		return min(series.NextBackOff(), longest), true
	case failure.serverWait > longest:
		failure.Err = fmt.Errorf("%w; the server asks to wait %v, longer than the %v allowed",
			failure.Err, failure.serverWait, longest)
		return 0, false
	}
	return failure.serverWait, true
}

// requestedWait returns how long the server says to wait; 0 if it does not say. It skips a header
// or detail that cannot be parsed.
func requestedWait(details []connectDetail, header http.Header, received time.Time) time.Duration {
	for _, d := range []time.Duration{
		retryInfo(details),
		headerNumber(header, "RateLimit-RetryAfter", time.Second),
		headerNumber(header, "Retry-After-Ms", time.Millisecond),
		headerNumber(header, "Retry-After", time.Second),
		headerDate(header, received),
	} {
		if d > 0 {
			return d
		}
	}
	return 0
}

func headerNumber(header http.Header, name string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get(name)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, int64(math.MaxInt64/unit))) * unit
}

// headerDate reads a Retry-After that is a date. The date is on the server's clock, so the wait is
// counted from the Date of the response.
func headerDate(header http.Header, received time.Time) time.Duration {
	until, err := http.ParseTime(header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		received = date
	}
	return until.Sub(received)
}

// retryInfo reads google.rpc.RetryInfo from the protobuf in value, or else from the JSON in debug.
func retryInfo(details []connectDetail) time.Duration {
	for _, detail := range details {
		if detail.typeName() != "google.rpc.RetryInfo" {
			continue
		}
		// Its only field is a google.protobuf.Duration.
		var delay durationpb.Duration
		if field := protobufField(detail.message(), 1); field != nil && proto.Unmarshal(field, &delay) == nil {
			return delay.AsDuration()
		}
		debug, err := readMembers(detail.Debug)
		if err != nil {
			continue
		}
		text, err := debug.text("retryDelay")
		if d, parseErr := time.ParseDuration(text); err == nil && parseErr == nil {
			return d
		}
	}
	return 0
}
