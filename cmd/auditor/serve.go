package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
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
	command := &cobra.Command{Use: "serve", Args: cobra.NoArgs}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		v := &service{env: env, metrics: metrics.New(readVersion().Version)}
		v.settings.Store(s)
		return v.serve(cmd.Context())
	})
	return command
}

type service struct {
	env     environment
	metrics *metrics.Set
	// settings is replaced when SIGHUP reloads the settings. A run in progress keeps the old
	// ones.
	settings atomic.Pointer[settings.Settings]
}

// serve makes the scheduled runs until ctx ends, and then returns nil.
func (v *service) serve(ctx context.Context) (err error) {
	s := v.settings.Load()
	cron, err := v.checkSettings(s)
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
		v.run(ctx, runOptions{trigger: snapshot.TriggerCatchUp, scheduledFor: missed, metrics: v.metrics})
	}
	v.announce(cron.Next(v.env.now()))
	loop := schedule.Loop{Now: v.env.now, Do: v.scheduled, Skipped: v.skipped, Changed: changed}
	loop.Run(ctx, cron, begun)
	return nil
}

// checkSettings returns the schedule, or an error that would make every run fail.
func (v *service) checkSettings(s *settings.Settings) (*schedule.Schedule, error) {
	cron, err := s.RequireSchedule()
	if err != nil {
		return nil, err
	}
	_, sourcesErr := s.Sources(newLogger(v.env, s))
	_, exceptionsErr := s.Exceptions()
	_, leaversErr := s.LeaverList()
	_, reportErr := reportOptions(v.env, s) // with the key that signs
	_, timestampsErr := timestamps(s)
	_, notifyErr := s.Notifications()
	return cron, cmp.Or(sourcesErr, exceptionsErr, leaversErr, reportErr, timestampsErr, notifyErr)
}

// begin records the schedule and reads the metrics. It returns the time of the last expected
// night if that was missed, else the zero time.
func (v *service) begin(ctx context.Context, s *settings.Settings, now time.Time) (missed time.Time, err error) {
	err = openToRun(ctx, s, false, now, func(store *snapshot.Store) error {
		nights, err := store.NewestNights(ctx, now, now)
		if err != nil {
			return err
		}
		if n := len(nights); n > 0 && nights[n-1].Status == schedule.Missed {
			missed = schedule.Missing(nights[n-1:])[0].Last
		}
		if err := v.setSchedule(ctx, store, s, now); err != nil {
			return err
		}
		v.metrics.SetTokenExpiries(s.TokenExpiries)
		return v.metrics.Update(ctx, store, s.DB, now)
	})
	return missed, err
}

func (v *service) setSchedule(ctx context.Context, store *snapshot.Store, s *settings.Settings, now time.Time) error {
	host, err := v.env.hostname()
	if err != nil {
		return fmt.Errorf("reading the host name: %w", err)
	}
	return store.SetSchedule(ctx, scheduleChange(s, host), now)
}

func (v *service) scheduled(ctx context.Context, night time.Time) (clockWrong bool) {
	clockWrong = v.run(ctx, runOptions{trigger: snapshot.TriggerSchedule, scheduledFor: night, metrics: v.metrics})
	if cron, err := v.settings.Load().RequireSchedule(); err == nil {
		v.announce(cron.Next(v.env.now()))
	}
	return clockWrong
}

// announce prints when the next run is due, and sets its metric.
func (v *service) announce(next time.Time) {
	v.metrics.Next.Set(float64(next.Unix()))
	if s := v.settings.Load(); !s.Quiet && !next.IsZero() {
		_, _ = fmt.Fprintf(v.env.stdout, "next run: %s\n", forPeople(next))
	}
}

// run makes one run and prints its result. When ctx ends, the run may continue for
// --stop-timeout; after that it is abandoned and recorded as failed. run reports whether the clock
// was wrong.
func (v *service) run(ctx context.Context, options runOptions) (clockWrong bool) {
	s := v.settings.Load()
	running, end := withGrace(ctx, s.StopTimeout)
	defer end()
	result, err := runOnce(running, v.env, s, options)
	switch {
	case err == nil:
		v.metrics.Runs.WithLabelValues(string(result.Run.Outcome)).Inc()
		clockWrong = result.Run.ClockWrong
		err = printRun(v.env, s, result, false)
	case errors.Is(err, job.ErrLocked):
		v.metrics.SkippedNights.Inc()
		err = fmt.Errorf("skipping the run due at %s: %w", forPeople(options.scheduledFor), err)
	default:
		v.metrics.Runs.WithLabelValues("error").Inc()
	}
	printError(v.env.stderr, err)
	return clockWrong
}

// skipped logs and counts the scheduled times that passed without a run.
func (v *service) skipped(nights schedule.Gap) {
	v.metrics.SkippedNights.Add(float64(nights.Nights))
	newLogger(v.env, v.settings.Load()).Warn("scheduled_times_skipped",
		slog.Int("count", nights.Nights), slog.Time("first", nights.First), slog.Time("last", nights.Last),
		slog.String("why", "a run took longer than the schedule's interval, or the machine slept"))
}

// reloadOnHangup reloads the settings at each SIGHUP until ctx ends. It prints an error, and
// the old settings stay.
func (v *service) reloadOnHangup(ctx context.Context, changed chan<- *schedule.Schedule) {
	hangups, stop := v.env.hangups()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		switch cron, err := v.reload(ctx); {
		case err != nil:
			v.metrics.FailedReloads.Inc()
			printError(v.env.stderr, fmt.Errorf("reloading the settings (the old ones stay in use): %w", err))
		case cron != nil:
			select {
			case changed <- cron:
				v.announce(cron.Next(v.env.now()))
			case <-ctx.Done():
			}
		}
	}
}

// reload reads the command line, the environment and the config file again. It returns the
// schedule if it has changed, else nil. It records a new schedule at once, even during a run,
// so that every night from now on is expected.
func (v *service) reload(ctx context.Context) (*schedule.Schedule, error) {
	s, err := v.load()
	if err != nil {
		return nil, err
	}
	before := v.settings.Load()
	if s.DB != before.DB || s.Listen != before.Listen {
		return nil, errors.New("db and listen cannot change while serve is running; restart it")
	}
	cron, err := v.checkSettings(s)
	if err != nil {
		return nil, err
	}
	if s.Cron == before.Cron {
		cron = nil
	} else if err := readDatabase(ctx, s.DB, func(store *snapshot.Store) error {
		return v.setSchedule(ctx, store, s, v.env.now())
	}); err != nil {
		return nil, err
	}
	v.settings.Store(s)
	// After a token was replaced, this ends its alert.
	v.metrics.SetTokenExpiries(s.TokenExpiries)
	return cron, nil
}

func (v *service) load() (*settings.Settings, error) {
	command, rest, err := newRoot(v.env).Find(v.env.args)
	if err == nil {
		err = command.ParseFlags(rest)
	}
	if err != nil {
		return nil, err
	}
	return settings.Load(command.Flags(), v.env.getenv)
}

// listen serves /healthz, /readyz and /metrics until stop is called. It does nothing if no
// address is set.
func (v *service) listen(ctx context.Context, s *settings.Settings) (stop func() error, err error) {
	if s.Listen == "" {
		return func() error { return nil }, nil
	}
	address, stop, err := serveHTTP(ctx, s.Listen, v.handler(), maxConnections)
	if err != nil {
		return nil, failed(err, "another process may use the port; choose another with --listen")
	}
	if !s.Quiet {
		_, _ = fmt.Fprintf(v.env.stdout, "listening on http://%s\n", address)
	}
	return stop, nil
}

// The bounds on the connections to a server, so that they leave file descriptors for a run.
const (
	maxConnections = 32
	idleTimeout    = 30 * time.Second
)

// connections bounds the connections to a server: one too many closes the one that has waited for
// a request for longest, so that a probe is answered at once however many others wait.
type connections struct {
	limit   int
	mu      sync.Mutex
	open    int
	waiting []net.Conn // for a request, longest first
}

// changed is the server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = slices.DeleteFunc(c.waiting, func(w net.Conn) bool { return w == conn })
	switch state {
	case http.StateNew:
		c.open++
		c.waiting = append(c.waiting, conn)
		if c.open > c.limit {
			_ = c.waiting[0].Close() // the server then reports it as closed
			c.waiting = c.waiting[1:]
		}
	case http.StateIdle:
		c.waiting = append(c.waiting, conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

// serveHTTP serves on an address until stop is called, at most so many connections at once. It
// returns the address with the actual port.
func serveHTTP(ctx context.Context, address string, handler http.Handler, limit int,
) (at string, stop func() error, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: idleTimeout, ConnState: (&connections{limit: limit}).changed,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return listener.Addr().String(), func() error {
		if err := cmp.Or(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("listening on %s: %w", address, err)
		}
		return nil
	}, nil
}

func (v *service) handler() http.Handler {
	mux := http.NewServeMux()
	// http.Error writes a line of plain text with any status.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "serving", http.StatusOK)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := v.ready(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		http.Error(w, "ready", http.StatusOK)
	})
	mux.Handle("GET /metrics", v.metrics.Handler())
	return mux
}

// ready returns an error if neither the last night whose run must be over nor a later one has a
// complete run. A run may start up to schedule.Grace after its scheduled time and take up to
// --timeout.
func (v *service) ready(ctx context.Context) error {
	s := v.settings.Load()
	return readDatabase(ctx, s.DB, func(store *snapshot.Store) error {
		now := v.env.now()
		deadline := now.Add(-schedule.Grace - s.Timeout)
		periods, err := store.Schedules(ctx, now)
		if err != nil {
			return err
		}
		if text := recordedLater(periods, now); text != "" {
			return errors.New(text)
		}
		nights, err := store.NewestNights(ctx, deadline, now)
		for _, n := range slices.Backward(nights) {
			switch {
			case n.Status == schedule.Complete || n.Status == schedule.CaughtUp:
				return nil
			case !n.ScheduledAt.After(deadline):
				return fmt.Errorf("no complete run since the run due at %s, whose status is %s",
					forPeople(n.ScheduledAt), n.Status)
			}
		}
		return err
	})
}
