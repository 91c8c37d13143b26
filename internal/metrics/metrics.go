// Package metrics exposes the last run in the store, and what a server counts, in the format of Prometheus.
package metrics

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "auditor"

// Set is the metrics of one process. It is safe for concurrent use.
type Set struct {
	registry *prometheus.Registry
	tokens   *prometheus.GaugeVec
	stored   stored

	runs          *prometheus.CounterVec
	skippedNights prometheus.Counter
	failedReloads prometheus.Counter
	next          prometheus.Gauge
}

// New returns a set that has the version of the tool and no other value. CountServer adds the counters of a server.
func New(toolVersion string) *Set {
	s := &Set{registry: prometheus.NewRegistry()}
	s.gauges("build_info", "1, with the version of auditor.", "version").WithLabelValues(toolVersion).Set(1)
	s.tokens = s.gauges("token_expires_timestamp_seconds",
		"When the token of the organization expires, by the settings.", "source")
	s.addStored()
	return s
}

func (s *Set) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	s.registry.MustRegister(vec)
	return vec
}

// CountServer adds what a server counts from its start on.
func (s *Set) CountServer() {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}
	}
	s.runs = prometheus.NewCounterVec(counter("runs_total",
		"Runs since the start of this process, by outcome: complete, failed, or error when the run could not be recorded."),
		[]string{"outcome"})
	s.skippedNights = prometheus.NewCounter(counter("skipped_nights_total", "Scheduled times that passed without a run "+
		"since the start of this process, because another run was busy or the machine slept."))
	s.failedReloads = prometheus.NewCounter(counter("settings_reload_failures_total",
		"SIGHUPs since the start of this process after which the settings stayed as they were."))
	s.next = prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "next_scheduled_timestamp_seconds", Help: "When the next run is due.",
	})
	s.registry.MustRegister(s.runs, s.skippedNights, s.failedReloads, s.next)
	for _, outcome := range []string{"complete", "failed", "error"} {
		s.runs.WithLabelValues(outcome)
	}
}

// CountRun counts a run of the server.
func (s *Set) CountRun(outcome string) { s.runs.WithLabelValues(outcome).Inc() }

// CountSkipped counts scheduled times that pass without a run.
func (s *Set) CountSkipped(nights int) { s.skippedNights.Add(float64(nights)) }

// CountFailedReload counts a reload of settings that failed.
func (s *Set) CountFailedReload() { s.failedReloads.Inc() }

// SetNext sets when the next run is due.
func (s *Set) SetNext(at time.Time) { s.next.Set(float64(at.Unix())) }

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
