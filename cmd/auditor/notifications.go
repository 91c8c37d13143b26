package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"scim-auditor/internal/job"
	"scim-auditor/internal/notify"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
)

// notifyStarted reports the start of a run to the recipients of type ping. The error names each
// failed recipient.
func notifyStarted(ctx context.Context, recipients []settings.Notification) error {
	var problems []error
	for _, n := range recipients {
		if ping, ok := n.Sender.(notify.Ping); ok {
			problems = append(problems, deliver(ctx, n, ping.Started))
		}
	}
	return errors.Join(problems...)
}

// notifyGrace is how long notifications may continue after ctx has ended: a recipient that does
// not respond must not keep a server from stopping.
const notifyGrace = 1500 * time.Millisecond

// notifyEnded sends the result to every recipient with a condition that it meets. RunErr says
// why the run could not be recorded, if so. If another run held the lock, notifyEnded sends
// nothing. It continues for notifyGrace after ctx has ended, so that an interrupted run is also
// reported. The error names each failed recipient.
func notifyEnded(ctx context.Context, recipients []settings.Notification, result *runResult, runErr error) error {
	if errors.Is(runErr, job.ErrLocked) {
		return nil
	}
	ctx, end := withGrace(ctx, notifyGrace)
	defer end()
	message := newMessage(result)
	var problems []error
	for _, n := range recipients {
		if slices.ContainsFunc(n.On, result.meets) {
			send := func(ctx context.Context) error { return n.Sender.Send(ctx, message) }
			problems = append(problems, deliver(ctx, n, send))
		}
	}
	return errors.Join(problems...)
}

// deliver calls send with retries.
func deliver(ctx context.Context, n settings.Notification, send func(context.Context) error) error {
	if err := notify.Deliver(ctx, send); err != nil {
		return fmt.Errorf("notifying %s: %w (the run itself is not affected)", n.Type, err)
	}
	return nil
}

// newMessage returns the message for the recipients. It has the numbers of changes without
// their rows, which can be many and contain values of configurations.
func newMessage(result *runResult) *notify.Message {
	withoutChanges := *result
	withoutChanges.Organizations = slices.Clone(result.Organizations)
	for i := range withoutChanges.Organizations {
		withoutChanges.Organizations[i].Changes = nil
	}
	m := &notify.Message{Complete: result.Complete, Subject: result.subject(), Text: result.text(),
		Result: withoutChanges}
	if result.Report != "" {
		m.Workbook = filepath.Join(result.Report, report.WorkbookFile)
	}
	return m
}

// withGrace returns a context that ends when the allowed time has passed after the end of ctx.
func withGrace(ctx context.Context, allowed time.Duration) (context.Context, context.CancelFunc) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(allowed, cancel) })
	return running, func() {
		stop()
		cancel()
	}
}
