package notify

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Deliverer sends with retries. A zero field stands for its default.
type Deliverer struct {
	// FirstWait is the wait after the first try, two seconds by default; each further wait is longer.
	FirstWait time.Duration
	// Tries is how often a message is sent at most, 4 by default.
	Tries uint
	// Limit bounds all tries of one message together, a minute by default.
	Limit time.Duration
}

// Deliver calls send until it succeeds, fails for good or the limits are reached, and gives its last error.
func (d Deliverer) Deliver(ctx context.Context, send func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = orDefault(d.FirstWait, 2*time.Second)
	ctx, cancel := context.WithTimeout(ctx, orDefault(d.Limit, time.Minute))
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		// One try that hangs must leave time for the next.
		try, done := context.WithTimeout(ctx, orDefault(d.Limit, time.Minute)/3)
		defer done()
		return struct{}{}, send(try)
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(orDefault(d.Tries, 4)))
	return err
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}
