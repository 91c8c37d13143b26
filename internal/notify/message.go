// Package notify delivers the result of a run to people and machines: webhooks, Slack, e-mail, and a ping that is
// missed when nothing ran at all.
package notify

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Message is the result of a run as its recipients get it.
type Message struct {
	// Complete says that every organization is complete and the report is written.
	Complete bool
	// Subject is one line, Text the whole in lines.
	Subject, Text string
	// Result is what a webhook gets as JSON.
	Result any
	// Workbook is the path of the report's workbook, empty when there is none.
	Workbook string
}

// Sender sends a message once. An error that another try cannot change is a backoff.PermanentError.
type Sender interface {
	Send(context.Context, *Message) error
}

const (
	// maxTries is how often a message is sent at most, and limit how long all tries may take together.
	maxTries = 4
	limit    = time.Minute
)

// firstWait is the wait after the first try; each further wait is longer. Tests make it shorter.
var firstWait = 2 * time.Second

// Deliver sends a message until the recipient takes it, refuses it for good, or the tries or a minute are used up. It
// returns the last error.
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
