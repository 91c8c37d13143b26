package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
)

// call is one request, whatever the number of tries.
type call struct {
	method  string
	page    int // 0 outside a listing
	query   url.Values
	request request
}

// get sends a call until it is answered, fails for good or has been tried often enough. The
// exchange has the last answer that came, also beside an error. backoff.Retry does not fit: its
// RetryAfter knows whole seconds only, and the waits are evidence.
func (c *Client) get(ctx context.Context, k call) (Exchange, error) {
	body, err := json.Marshal(k.request)
	if err != nil {
		return Exchange{}, &Error{
			Code: CodeInvalidArgument, Method: k.method, Page: k.page, Err: fmt.Errorf("encoding the request: %w", err),
		}
	}
	series := backoff.NewExponentialBackOff()
	var retries []Retry
	for tries := 1; ; tries++ {
		x, failure := c.try(ctx, k, body)
		x.Retries = retries
		c.logTry(ctx, k, x, tries, failure)
		if failure == nil {
			return x, nil
		}
		wait, again := c.waitAfter(failure, tries, series)
		if again {
			retries = append(retries, c.logRetry(ctx, k, tries, failure, wait))
			if c.settings.Sleep(ctx, wait) == nil {
				continue
			}
			failure = RunEnded(ctx, ctx.Err())
		}
		if n := len(retries); n > 0 && ctx.Err() != nil {
			// What kept the call from being answered before is what has to be fixed.
			failure.Err = fmt.Errorf("%w; the try before that: %s", failure.Err, retries[n-1].Reason)
		}
		failure.Method, failure.Page, failure.Tries = k.method, k.page, tries
		return x, failure
	}
}

// logRetry logs that another try follows, and returns its evidence.
func (c *Client) logRetry(ctx context.Context, k call, tries int, failure *Error, wait time.Duration) Retry {
	reason := fmt.Sprintf("%v (%s)", failure.Err, failure.Code)
	c.settings.Logger.LogAttrs(ctx, slog.LevelInfo, "api request is tried again",
		slog.String("method", k.method), slog.Int("page", k.page), slog.Int("try", tries),
		slog.String("reason", reason), slog.Duration("wait", wait))
	return Retry{Reason: reason, Waited: wait}
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
