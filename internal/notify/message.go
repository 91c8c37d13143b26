// Package notify delivers the result of a run to people and machines: by webhook, to Slack and
// Microsoft Teams, by e-mail, to a command, and as a ping to a service that alerts if the ping is
// missing.
package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Message is the result of a run for the recipients.
type Message struct {
	// Complete is true if every organization is complete, and the report is written and its counts tie
	// out.
	Complete bool
	// Test is true if the message only shows that notifications arrive. No run was made.
	Test bool
	// Subject is the outcome in one line.
	Subject string
	// Head has the lines that follow: run, counts, report. Rows has a line for each organization,
	// the most serious first. A service that takes only short messages gets the first rows, and the
	// number of the others.
	Head, Rows []string
	// Result is sent to webhooks and commands as JSON.
	Result any
	// Workbook is the path of the report's workbook, empty if there is none.
	Workbook string
}

// Sender delivers messages to one recipient.
type Sender interface {
	// Send delivers the message. It retries within a minute while a retry can succeed. An error may
	// mean that only a part of the recipients, or only a part of the message, was reached; its text
	// says so.
	Send(context.Context, *Message) error
	// Check tests the way to the recipient without sending anything. It returns what it found in a
	// few words.
	Check(context.Context) (found string, err error)
}

// Text returns the whole message.
func (m *Message) Text() string {
	return strings.Join(m.lines(0, nil), "\n") + "\n"
}

// longestLine is the longest line, in bytes, of a message to a service that takes only short
// messages.
const longestLine = 500

// lines returns the lines of the message whose sizes are at most limit together. If not all fit,
// the last line is the number of the others. All lines are returned if limit is 0.
func (m *Message) lines(limit int, size func(line string) int) []string {
	all := append(append([]string{m.Subject}, m.Head...), m.Rows...)
	if limit == 0 {
		return all
	}
	// The number of the others is counted as if it were needed, so that it always fits.
	left := limit - size(andMore(len(all)))
	for i, line := range all {
		all[i] = cut(line, longestLine)
		if left -= size(all[i]); left < 0 {
			return append(all[:i], andMore(len(all)-i))
		}
	}
	return all
}

func andMore(lines int) string {
	return fmt.Sprintf("and %d more", lines)
}

// cut returns at most n bytes of text, with "…" in place of the rest.
func cut(text string, n int) string {
	const rest = "…"
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n-len(rest)], "") + rest
}

const (
	// maxTries is the most tries for a message, limit the most time for all of them.
	maxTries = 4
	limit    = time.Minute
)

// firstWait is the wait after the first try. Each further wait is longer. Tests shorten it.
var firstWait = 2 * time.Second

// retry calls try until it succeeds, returns a permanent error, or has used all tries or a minute.
// It returns the last error of try, also if ctx ends. A service that says when to try again is
// tried then, while the minute lasts.
func retry(ctx context.Context, try func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = firstWait
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tries := 0
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		// One try that hangs must leave time for the next.
		one, done := context.WithTimeout(ctx, limit/3)
		defer done()
		err := try(one)
		if err != nil {
			last = err
		}
		if _, stated := errors.AsType[*backoff.RetryAfterError](err); !stated {
			tries++
		}
		if tries == maxTries {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(limit))
	if cause := context.Cause(ctx); err != nil && cause != nil && last != nil && !errors.Is(last, cause) {
		return fmt.Errorf("%w; %w", last, cause)
	}
	return err
}
