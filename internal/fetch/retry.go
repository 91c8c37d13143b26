package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
)

// retry says whether a failed try is worth another, and how long the server said to wait; 0 when it did not say.
type retry struct {
	again bool
	told  time.Duration
}

// sleep is Options.Sleep with a timer.
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

// ask encodes the request and sends it, see do.
func (c *Client) ask(ctx context.Context, k call, request any) (answer, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return answer{}, &Error{Code: CodeInvalidArgument, Method: k.method, Page: k.page, Err: fmt.Errorf("encoding the request: %w", err)}
	}
	k.body = body
	return c.do(ctx, k)
}

// do sends the request until it is answered, fails for good or has been tried often enough. The answer is the last one that came, also beside
// an error. backoff.Retry is not used: its RetryAfter knows whole seconds only, and the waits are evidence.
func (c *Client) do(ctx context.Context, k call) (answer, error) {
	pause := backoff.NewExponentialBackOff()
	var retries []Retry
	for tries := 1; ; tries++ {
		a, failure := c.try(ctx, k)
		a.Retries = retries
		c.trace(ctx, k, a, tries, failure)
		if failure == nil {
			return a, nil
		}
		if ctx.Err() != nil && !failure.again {
			failure = failure.after(retries)
		}
		failure.Method, failure.Page, failure.Tries = k.method, k.page, tries
		if !failure.again || tries >= c.settings.MaxTries {
			return a, failure
		}
		wait, err := c.waitAfter(failure, pause)
		if err != nil {
			failure.Err = err
			return a, failure
		}
		reason := fmt.Sprintf("%v (%s)", failure.Err, failure.Code)
		retries = append(retries, Retry{Reason: reason, Waited: wait})
		c.settings.Logger.LogAttrs(ctx, slog.LevelInfo, "api request is tried again", slog.String("method", k.method), slog.Int("page", k.page),
			slog.Int("try", tries), slog.String("reason", reason), slog.Duration("wait", wait))
		if c.settings.Sleep(ctx, wait) != nil {
			ended := runEnded(ctx).after(retries)
			ended.Method, ended.Page, ended.Tries = k.method, k.page, tries
			return a, ended
		}
	}
}

// waitAfter is the wait that the server asks for, or else the next of an exponential series with jitter.
func (c *Client) waitAfter(failure *Error, pause *backoff.ExponentialBackOff) (time.Duration, error) {
	longest := c.settings.MaxWait
	next := min(pause.NextBackOff(), longest)
	if failure.told == 0 {
		return next, nil
	}
	if failure.told > longest {
		return 0, fmt.Errorf("%w; the server asks to wait %v, longer than the %v allowed", failure.Err, failure.told, longest)
	}
	return failure.told, nil
}

// trace logs one try.
func (c *Client) trace(ctx context.Context, k call, a answer, tries int, failure *Error) {
	status, outcome := a.Status, "ok"
	if failure != nil {
		status, outcome = failure.Status, failure.Code
	}
	c.settings.Logger.LogAttrs(ctx, slog.LevelDebug, "api request", slog.String("method", k.method), slog.Int("page", k.page),
		slog.Int("try", tries), slog.Int("status", status), slog.String("outcome", outcome), slog.Duration("duration", a.Duration),
		slog.Int("bytes", len(a.Body)))
}
