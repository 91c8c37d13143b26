package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// listen serves /healthz, /readyz and /metrics until stop is called. It does nothing if no address is set.
func (v *service) listen(ctx context.Context, s *settings.Settings) (stop func() error, err error) {
	if s.Listen == "" {
		return func() error { return nil }, nil
	}
	address, stop, err := serveHTTP(ctx, s.Listen, v.handler())
	if err != nil {
		return nil, failed(err, "another process may use the port; choose another with --listen")
	}
	if !s.Quiet {
		_, _ = fmt.Fprintf(v.env.stdout, "listening on http://%s\n", address)
	}
	return stop, nil
}

// serveHTTP serves on an address until stop is called. It returns the address with the actual port.
func serveHTTP(ctx context.Context, address string, handler http.Handler) (at string, stop func() error, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return listener.Addr().String(), func() error {
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

// ready returns an error if the last night whose run must be over has no complete run. A run may start up to
// schedule.Grace after its scheduled time and take up to --timeout.
func (v *service) ready(ctx context.Context) error {
	s := v.settings.Load()
	return readDatabase(ctx, s.DB, func(store *snapshot.Store) error {
		now := v.env.now()
		nights, err := store.Nights(ctx, time.Time{}, 0, now, 0)
		if err != nil {
			return err
		}
		return lateNight(nights, now.Add(-schedule.Grace-s.Timeout))
	})
}

// lateNight returns an error if neither the last night up to the deadline nor a later one has a complete run. Without
// a night up to the deadline it returns nil.
func lateNight(nights []schedule.Night, deadline time.Time) error {
	for i := len(nights) - 1; i >= 0; i-- {
		switch n := nights[i]; {
		case n.Status == schedule.Complete || n.Status == schedule.CaughtUp:
			return nil
		case !n.ScheduledAt.After(deadline):
			return fmt.Errorf("no complete run since the run due at %s, whose status is %s", forPeople(n.ScheduledAt), n.Status)
		}
	}
	return nil
}
