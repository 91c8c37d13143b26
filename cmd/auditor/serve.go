package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/job"
	"scim-auditor/internal/metrics"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

func serveCommand(env environment, s *settings) *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run on a schedule in the foreground, with health and metrics",
		Long: "serve does what \"auditor run\" does at each time of a cron schedule, until SIGTERM ends it. Runs never overlap: a time that comes while\n" +
			"a run is busy is skipped, counted and told. Times that passed while serve was stopped are caught up by one run at the start, for\n" +
			"the last of them; the others are recorded as missed. SIGHUP reads the settings again.",
		Example: "  auditor serve --schedule \"0 2 * * *\" --token-file /etc/auditor/token --db /var/lib/auditor/auditor.db --listen 127.0.0.1:9477\n" +
			"  auditor serve --schedule \"CRON_TZ=Europe/Berlin 30 2 * * mon-fri\"",
		Args: cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		v := &service{env: env, metrics: metrics.New(readVersion().Version)}
		v.settings.Store(s)
		return v.serve(cmd.Context())
	})
	s.addCollectionFlags(command.Flags())
	s.addScheduleFlags(command.Flags())
	s.addReportFlags(command.Flags())
	s.addServerFlags(command.Flags())
	return command
}

// service is a running "auditor serve".
type service struct {
	env     environment
	metrics *metrics.Set
	// settings are replaced as a whole when they are read again; a run in progress keeps those that it began with.
	settings atomic.Pointer[settings]
}

// serve follows the schedule until ctx ends, which is no error.
func (v *service) serve(ctx context.Context) (err error) {
	s := v.settings.Load()
	follow, err := s.parseSchedule()
	if err != nil {
		return err
	}
	if err := v.checkSettings(s); err != nil {
		return err
	}
	v.metrics.CountServer()
	begun := v.env.now()
	missed, err := v.begin(ctx, s, begun)
	if err != nil {
		return err
	}
	stop, err := v.listen(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	changed := make(chan *schedule.Schedule)
	go v.reloadOnHangup(ctx, changed)
	if !missed.IsZero() {
		v.night(ctx, occasion{trigger: snapshot.TriggerCatchUp, scheduledFor: missed, metrics: v.metrics})
	}
	v.announce(follow.Next(v.env.now()))
	loop := schedule.Loop{Now: v.env.now, Do: v.scheduled, Skipped: v.skipped, Changed: changed}
	loop.Run(ctx, follow, begun)
	return nil
}

// checkSettings finds what would make every run fail before the first one is due.
func (v *service) checkSettings(s *settings) error {
	if err := s.checkServer(); err != nil {
		return err
	}
	if _, err := s.sources(v.env, s.logger(v.env.stderr)); err != nil {
		return err
	}
	if _, err := s.exceptions(); err != nil {
		return err
	}
	if _, err := s.reportOptions(); err != nil {
		return err
	}
	_, err := s.notifier(v.env)
	return err
}

// begin records the schedule, reads the metrics, and gives the night to catch up: the last that was expected, if nothing ran for it. It is
// the zero time when there is none.
func (v *service) begin(ctx context.Context, s *settings, now time.Time) (missed time.Time, err error) {
	err = s.alone(ctx, func(store *snapshot.Store) error {
		nights, err := store.Nights(ctx, time.Time{}, 0, now, 0)
		if err != nil {
			return err
		}
		if n := len(nights); n > 0 && nights[n-1].Status == schedule.Missed {
			missed = nights[n-1].ScheduledAt
		}
		if err := store.SetSchedule(ctx, s.schedule, now); err != nil {
			return err
		}
		v.metrics.SetTokenExpiries(knownExpiries(s.expiries))
		return v.metrics.Update(ctx, store)
	})
	return missed, err
}

func (v *service) scheduled(ctx context.Context, night time.Time) {
	v.night(ctx, occasion{trigger: snapshot.TriggerSchedule, scheduledFor: night, metrics: v.metrics})
	follow, err := v.settings.Load().parseSchedule()
	if err == nil {
		v.announce(follow.Next(v.env.now()))
	}
}

// announce says when the next run is due.
func (v *service) announce(next time.Time) {
	v.metrics.SetNext(next)
	if s := v.settings.Load(); !s.quiet && !next.IsZero() {
		_, _ = fmt.Fprintf(v.env.stdout, "next run: %s\n", next.Format(timeForPeople))
	}
}

// night makes one run and tells what came of it. When ctx ends, the run may go on for the time that the settings allow, and is then abandoned:
// it is recorded as failed.
func (v *service) night(ctx context.Context, o occasion) {
	s := v.settings.Load()
	running, end := withGrace(ctx, s.stopTimeout)
	defer end()
	result, err := runOn(running, v.env, s, o)
	if err == nil {
		v.metrics.CountRun(string(result.Run.Outcome))
		printProblems(v.env.stderr, printResult(v.env, s, result, false))
		return
	}
	if errors.Is(err, job.ErrLocked) {
		v.metrics.CountSkipped(1)
		err = fmt.Errorf("skipping the run of %s: %w", o.scheduledFor.Format(timeForPeople), err)
	} else {
		v.metrics.CountRun("error")
	}
	printFailure(v.env.stderr, err)
}

// skipped tells the scheduled times that passed without a run.
func (v *service) skipped(nights []time.Time) {
	v.metrics.CountSkipped(len(nights))
	v.settings.Load().logger(v.env.stderr).Warn("scheduled_times_skipped",
		slog.Int("count", len(nights)), slog.Time("first", nights[0]), slog.Time("last", nights[len(nights)-1]),
		slog.String("why", "a run took longer than the schedule's interval, or the machine slept"))
}

// withGrace gives a context that ends as long after ctx as is allowed.
func withGrace(ctx context.Context, allowed time.Duration) (context.Context, context.CancelFunc) {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(allowed):
			cancel()
		case <-running.Done():
		}
	})
	return running, func() {
		stop()
		cancel()
	}
}
