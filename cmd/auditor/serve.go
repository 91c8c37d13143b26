package main

import (
	"cmp"
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
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func serveCommand(env environment) *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run on a schedule in the foreground, with health and metrics",
		Long: `serve does what "auditor run" does at each time of a cron schedule, until SIGTERM ends it. Runs
never overlap: a time that comes while a run is busy is skipped, counted and logged. Times that
passed while serve was stopped are caught up by one run at the start, for the last of them; the
others are recorded as missed. SIGHUP reads the settings again.`,
		Example: `  auditor serve --schedule "0 2 * * *" --token-file /etc/auditor/token \
    --db /var/lib/auditor/auditor.db --listen 127.0.0.1:9477
  auditor serve --schedule "CRON_TZ=Europe/Berlin 30 2 * * mon-fri"`,
		Args: cobra.NoArgs,
	}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		v := &service{env: env, metrics: metrics.New(readVersion().Version)}
		v.settings.Store(s)
		return v.serve(cmd.Context())
	})
	settings.AddFlags(command.Flags(), settings.CollectionFlags, settings.ExceptionFlags, settings.ScheduleFlags,
		settings.ReportFlags, settings.ServerFlags)
	return command
}

// service is a running "auditor serve".
type service struct {
	env     environment
	metrics *metrics.Set
	// settings are replaced as a whole when they are read again; a run in progress keeps those that it began with.
	settings atomic.Pointer[settings.Settings]
}

// serve follows the schedule until ctx ends, which is no error.
func (v *service) serve(ctx context.Context) (err error) {
	s := v.settings.Load()
	follow, err := v.checkSettings(s)
	if err != nil {
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

// checkSettings returns the schedule, or what would make every run fail before the first one is due.
func (v *service) checkSettings(s *settings.Settings) (*schedule.Schedule, error) {
	follow, err := s.RequireSchedule()
	if err != nil {
		return nil, err
	}
	_, sourcesErr := s.Sources(newLogger(v.env, s))
	_, exceptionsErr := s.Exceptions()
	_, reportErr := s.Report("")
	_, notifyErr := s.Notifications()
	return follow, cmp.Or(sourcesErr, exceptionsErr, reportErr, notifyErr)
}

// begin records the schedule, reads the metrics, and returns the night to catch up: the last that was expected, if
// nothing ran for it. It is the zero time when there is none.
func (v *service) begin(ctx context.Context, s *settings.Settings, now time.Time) (missed time.Time, err error) {
	err = openToRun(ctx, s.DB, now, func(store *snapshot.Store) error {
		nights, err := store.Nights(ctx, time.Time{}, 0, now, 0)
		if err != nil {
			return err
		}
		if n := len(nights); n > 0 && nights[n-1].Status == schedule.Missed {
			missed = nights[n-1].ScheduledAt
		}
		if err := store.SetSchedule(ctx, s.Cron, now); err != nil {
			return err
		}
		v.metrics.SetTokenExpiries(s.TokenExpiries)
		return v.metrics.Update(ctx, store)
	})
	return missed, err
}

func (v *service) scheduled(ctx context.Context, night time.Time) {
	v.night(ctx, occasion{trigger: snapshot.TriggerSchedule, scheduledFor: night, metrics: v.metrics})
	if follow, err := v.settings.Load().RequireSchedule(); err == nil {
		v.announce(follow.Next(v.env.now()))
	}
}

// announce publishes when the next run is due.
func (v *service) announce(next time.Time) {
	v.metrics.Next.Set(float64(next.Unix()))
	if s := v.settings.Load(); !s.Quiet && !next.IsZero() {
		_, _ = fmt.Fprintf(v.env.stdout, "next run: %s\n", forPeople(next))
	}
}

// night makes one run and prints its result. When ctx ends, the run may go on for --stop-timeout; then it is abandoned
// and recorded as failed.
func (v *service) night(ctx context.Context, why occasion) {
	s := v.settings.Load()
	running, end := withGrace(ctx, s.StopTimeout)
	defer end()
	result, err := runOnce(running, v.env, s, why)
	switch {
	case err == nil:
		v.metrics.Runs.WithLabelValues(string(result.Run.Outcome)).Inc()
		err = printRun(v.env, s, result, false)
	case errors.Is(err, job.ErrLocked):
		v.metrics.SkippedNights.Inc()
		err = fmt.Errorf("skipping the run of %s: %w", forPeople(why.scheduledFor), err)
	default:
		v.metrics.Runs.WithLabelValues("error").Inc()
	}
	printError(v.env.stderr, err)
}

// skipped logs and counts the scheduled times that passed without a run.
func (v *service) skipped(nights []time.Time) {
	v.metrics.SkippedNights.Add(float64(len(nights)))
	newLogger(v.env, v.settings.Load()).Warn("scheduled_times_skipped",
		slog.Int("count", len(nights)), slog.Time("first", nights[0]), slog.Time("last", nights[len(nights)-1]),
		slog.String("why", "a run took longer than the schedule's interval, or the machine slept"))
}

// reloadOnHangup reads the settings again at each SIGHUP until ctx ends. Wrong settings are printed and change nothing.
func (v *service) reloadOnHangup(ctx context.Context, changed chan<- *schedule.Schedule) {
	hangups, stop := v.env.hangups()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		follow, err := v.reload(ctx)
		if err != nil {
			v.metrics.FailedReloads.Inc()
			printError(v.env.stderr, fmt.Errorf("reading the settings again, which stay as they were: %w", err))
			continue
		}
		if follow == nil {
			continue
		}
		select {
		case changed <- follow:
			v.announce(follow.Next(v.env.now()))
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the command line, the environment and the config file as at the start. It returns the schedule if it is
// another one than before. A new schedule is recorded at once, also while a run is in progress: which nights are
// expected must not wait for the next one.
func (v *service) reload(ctx context.Context) (*schedule.Schedule, error) {
	command, rest, err := newRoot(v.env).Find(v.env.args)
	if err != nil {
		return nil, err
	}
	if err := command.ParseFlags(rest); err != nil {
		return nil, err
	}
	s, err := settings.Load(command.Flags(), v.env.getenv)
	if err != nil {
		return nil, err
	}
	before := v.settings.Load()
	if s.DB != before.DB || s.Listen != before.Listen {
		return nil, errors.New("db and listen cannot change while auditor is serving: restart it")
	}
	follow, err := v.checkSettings(s)
	if err != nil {
		return nil, err
	}
	if s.Cron == before.Cron {
		follow = nil
	} else if err := readDatabase(ctx, s.DB, func(store *snapshot.Store) error {
		return store.SetSchedule(ctx, s.Cron, v.env.now())
	}); err != nil {
		return nil, err
	}
	v.settings.Store(s)
	// An alert about a token that was replaced ends with this.
	v.metrics.SetTokenExpiries(s.TokenExpiries)
	return follow, nil
}
