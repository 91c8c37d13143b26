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

// notifyStarted pings the recipients that wait for it. The error names each that could not be reached.
func notifyStarted(ctx context.Context, recipients []settings.Notification) error {
	var problems []error
	for _, n := range recipients {
		if ping, ok := n.Sender.(notify.Ping); ok {
			problems = append(problems, deliver(ctx, n, ping.Started))
		}
	}
	return errors.Join(problems...)
}

// lastWords is how long notifying may go on after the command was to end: a recipient that does not answer must not
// keep a server from stopping.
const lastWords = 1500 * time.Millisecond

// notifyEnded reports how the run ended. RunErr is what kept it from being recorded; a run that was not made because
// another one holds the database is not reported. When ctx has ended, it goes on for lastWords: an interrupted run is a
// failure too. The error names each recipient that could not be notified.
func notifyEnded(ctx context.Context, recipients []settings.Notification, result *runResult, runErr error) error {
	if errors.Is(runErr, job.ErrLocked) {
		return nil
	}
	ctx, end := withGrace(ctx, lastWords)
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

// deliver sends a message as often as it takes.
func deliver(ctx context.Context, n settings.Notification, send func(context.Context) error) error {
	if err := notify.Deliver(ctx, send); err != nil {
		return fmt.Errorf("notifying %s: %w (the run itself is not touched by this)", n.Type, err)
	}
	return nil
}

// newMessage is what the recipients get. Changes stay on this machine but for their numbers: they can be many, and hold
// the values of configurations.
func newMessage(result *runResult) *notify.Message {
	short := *result
	short.Organizations = slices.Clone(result.Organizations)
	for i := range short.Organizations {
		short.Organizations[i].Changes = nil
	}
	m := &notify.Message{Complete: result.Complete, Subject: result.subject(), Text: result.text(), Result: short}
	if result.Report != "" {
		m.Workbook = filepath.Join(result.Report, report.WorkbookFile)
	}
	return m
}

// withGrace returns a context that ends the allowed time after ctx.
func withGrace(ctx context.Context, allowed time.Duration) (context.Context, context.CancelFunc) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(allowed, cancel) })
	return running, func() {
		stop()
		cancel()
	}
}
