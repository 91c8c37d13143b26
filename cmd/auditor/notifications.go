package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/check"
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
			problems = append(problems, notDelivered(n, ping.Started(ctx)))
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
			problems = append(problems, notDelivered(n, n.Sender.Send(ctx, message)))
		}
	}
	return errors.Join(problems...)
}

// notDelivered returns the error of a notification, or nil.
func notDelivered(n settings.Notification, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("notifying %s: %w (the run itself is not affected)", n.Type, err)
}

// newMessage returns the message for the recipients. It has the numbers of changes without
// their rows, which can be many and contain values of configurations.
func newMessage(result *runResult) *notify.Message {
	withoutChanges := *result
	withoutChanges.Organizations = slices.Clone(result.Organizations)
	for i := range withoutChanges.Organizations {
		withoutChanges.Organizations[i].Changes = nil
	}
	m := &notify.Message{Complete: result.Complete, Subject: result.subject(), Head: result.head(),
		Rows: result.rows(), Result: withoutChanges}
	if result.Report != "" {
		m.Workbook = filepath.Join(result.Report, report.WorkbookFile)
	}
	return m
}

func notifyCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "notify", Args: cobra.NoArgs}
	test := command.Flags().Bool("test", false, "send a message that says it is a test")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		if !*test {
			return usage(errors.New("notify sends only tests: runs send their result themselves"),
				"run \"auditor notify --test\"")
		}
		recipients, err := s.Notifications()
		if err != nil {
			return err
		}
		if len(recipients) == 0 {
			return usage(errors.New("the config file has no notifications"),
				"list them under notify in the config file; docs/notifications.md shows how")
		}
		host, err := env.hostname()
		if err != nil {
			return fmt.Errorf("reading the host name: %w", err)
		}
		return sendTest(cmd.Context(), env, s, recipients, host)
	})
	return command
}

// testResult is what webhooks and commands get for a test. It has no field of a run.
type testResult struct {
	Test    bool      `json:"test"` // true
	Message string    `json:"message"`
	At      time.Time `json:"at"` // UTC
}

// sendTest sends a test to every recipient and prints a line for each. A ping reports runs, so its
// way is only checked.
func sendTest(ctx context.Context, env environment, s *settings.Settings,
	recipients []settings.Notification, host string) error {
	now := env.now().UTC().Truncate(time.Second)
	m := &notify.Message{Test: true, Subject: "SCIM audit: TEST of the notifications",
		Head: []string{"This is a test from " + host + " at " + forPeople(now) + ". No run was made."}}
	m.Result = testResult{true, m.Head[0], now}
	var problems error
	for i, n := range recipients {
		found, err := "delivered", error(nil)
		if _, ping := n.Sender.(notify.Ping); ping {
			found, err = n.Sender.Check(ctx)
			found += "; nothing is sent, because every ping reports a run"
		} else {
			err = n.Sender.Send(ctx, m)
		}
		name := fmt.Sprintf("notification %d (%s)", i+1, n.Type)
		if err != nil {
			printProblem(env.stderr, "error", name+": "+err.Error(), "")
			problems = &failure{code: exitFailed}
		} else if !s.Quiet {
			_, _ = fmt.Fprintf(env.stdout, "%s: %s\n", name, found)
		}
	}
	return problems
}

// checkLimit limits the check of one notification, because a person waits at the terminal.
const checkLimit = 20 * time.Second

// checkNotifications tests the way to each recipient without sending anything. A run succeeds
// without notifications, so a problem is a warning.
func checkNotifications(ctx context.Context, recipients []settings.Notification) (results []check.Result) {
	for i, n := range recipients {
		limited, cancel := context.WithTimeout(ctx, checkLimit)
		found, err := n.Sender.Check(limited)
		cancel()
		r := check.Result{Name: fmt.Sprintf("notification %d (%s)", i+1, n.Type), Status: check.OK, Detail: found}
		if err != nil {
			r.Status, r.Detail = check.Warning, err.Error()
			r.Hint = "correct the entry under notify; \"auditor notify --test\" sends a test"
		}
		results = append(results, r)
	}
	return results
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
