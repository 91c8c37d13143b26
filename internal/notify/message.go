// Package notify delivers the result of a run to people and machines: by webhook, by Slack, by e-mail, and as a ping to
// a service that alerts if the ping is missing.
package notify

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Message is the result of a run for the recipients.
type Message struct {
	// Complete is true if every organization is complete and the report is written.
	Complete bool
	// Subject is one line, Text the full message.
	Subject, Text string
	// Result is sent to webhooks as JSON.
	Result any
	// Workbook is the path of the report's workbook, empty if there is none.
	Workbook string
}

// Sender sends a message once. It returns a backoff.PermanentError if a retry cannot succeed.
type Sender interface {
	Send(context.Context, *Message) error
}

const (
	// maxTries is the most tries for a message, limit the most time for all of them.
	maxTries = 4
	limit    = time.Minute
)

// firstWait is the wait after the first try. Each further wait is longer. Tests shorten it.
var firstWait = 2 * time.Second

// Deliver calls send until it succeeds, returns a permanent error, or has used all tries or a minute. It returns the
// last error.
func Deliver(ctx context.Context, send func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = firstWait
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		// One try that hangs must leave time for the next.
		try, done := context.WithTimeout(ctx, limit/3)
		defer done()
		return struct{}{}, send(try)
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(maxTries))
	return err
}
