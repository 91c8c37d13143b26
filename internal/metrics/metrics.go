// Package metrics exposes the last run in the store, and what a server counts, in the format of Prometheus.
package metrics

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "auditor"

// Set is the metrics of one process. It is safe for concurrent use.
type Set struct {
	// Server is nil unless CountServer added it.
	*Server
	registry *prometheus.Registry
	tokens   *prometheus.GaugeVec
	stored   stored
}

// Server is what a server counts from its start on.
type Server struct {
	Runs          *prometheus.CounterVec // by outcome
	SkippedNights prometheus.Counter
	FailedReloads prometheus.Counter
	Next          prometheus.Gauge // Unix time
}

// New returns a set that has the version of the tool and no other value.
func New(toolVersion string) *Set {
	s := &Set{registry: prometheus.NewRegistry()}
	s.gauges("build_info", "1, with the version of auditor.", "version").WithLabelValues(toolVersion).Set(1)
	s.tokens = s.gauges("token_expires_timestamp_seconds",
		"When the token of the organization expires, by the settings.", "source")
	s.addStored()
	return s
}

func (s *Set) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	options := prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}
	return promauto.With(s.registry).NewGaugeVec(options, labels)
}

// CountServer adds the metrics of a server.
func (s *Set) CountServer() {
	add := promauto.With(s.registry)
	s.Server = &Server{
		Runs: add.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "runs_total",
			Help: "Runs since the start of this process, by outcome: complete, failed, or error when the run could not be " +
				"recorded."}, []string{"outcome"}),
		SkippedNights: add.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "skipped_nights_total",
			Help: "Scheduled times that passed without a run since the start of this process, because another run was " +
				"busy or the machine slept."}),
		FailedReloads: add.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "settings_reload_failures_total",
			Help: "SIGHUPs since the start of this process after which the settings stayed as they were."}),
		Next: add.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "next_scheduled_timestamp_seconds",
			Help: "When the next run is due."}),
	}
	for _, outcome := range []string{"complete", "failed", "error"} {
		s.Runs.WithLabelValues(outcome)
	}
}

// SetTokenExpiries sets when the tokens expire, by source. A source without a known expiry has no value.
func (s *Set) SetTokenExpiries(at map[string]time.Time) {
	s.tokens.Reset()
	for source, expires := range at {
		s.tokens.WithLabelValues(source).Set(float64(expires.Unix()))
	}
}

// Handler answers the requests of Prometheus.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
}

// WriteFile writes the metrics for the textfile collector of the node exporter, readable by everyone: the collector
// runs as another user, and nothing in the metrics is secret. The file appears whole or stays as it was.
func (s *Set) WriteFile(path string) error {
	if err := prometheus.WriteToTextfile(path, s.registry); err != nil {
		return fmt.Errorf("writing the metrics to %s: %w", path, err)
	}
	return nil
}
