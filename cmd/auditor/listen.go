package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// listen answers /healthz, /readyz and /metrics until stop is called, if the settings want it.
func (v *service) listen(ctx context.Context, s *settings) (stop func() error, err error) {
	if s.listen == "" {
		return func() error { return nil }, nil
	}
	address, err := s.listenAddress()
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, failed(fmt.Errorf("listening on %s: %w", address, err), "another process may hold the port: name another with --listen")
	}
	server := &http.Server{Handler: v.handler(), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if !s.quiet {
		_, _ = fmt.Fprintf(v.env.stdout, "listening on http://%s\n", listener.Addr())
	}
	return func() error {
		if err := server.Close(); err != nil {
			return fmt.Errorf("closing the listener: %w", err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("listening on %s: %w", address, err)
		}
		return nil
	}, nil
}

func (v *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "serving") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := v.ready(r.Context()); err != nil {
			writeText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		writeText(w, http.StatusOK, "ready")
	})
	mux.Handle("GET /metrics", v.metrics.Handler())
	return mux
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// ready is an error unless the last complete run is as young as the schedule allows: a run may begin within schedule.Grace of its time and
// take as long as --timeout.
func (v *service) ready(ctx context.Context) (err error) {
	s := v.settings.Load()
	store, err := snapshot.OpenExisting(ctx, s.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	now := v.env.now()
	nights, err := store.Nights(ctx, time.Time{}, 0, now, 0)
	if err != nil {
		return err
	}
	return judgeReady(nights, now.Add(-schedule.Grace-s.timeout))
}

// judgeReady is an error unless a run is complete for the last night up to the deadline or for a later one. Before the first deadline there
// is nothing to be late with.
func judgeReady(nights []schedule.Night, deadline time.Time) error {
	for i := len(nights) - 1; i >= 0; i-- {
		switch n := nights[i]; {
		case n.Status == schedule.Complete || n.Status == schedule.CaughtUp:
			return nil
		case !n.ScheduledAt.After(deadline):
			return fmt.Errorf("no run is complete since that of %s was due, which is %s", n.ScheduledAt.Format(timeForPeople), n.Status)
		}
	}
	return nil
}
