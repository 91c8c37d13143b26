// Package metrics exposes the last run in the store, and the counters of a server, in the
// format of Prometheus.
package metrics

import (
	"cmp"
	"context"
	_ "embed" // for storedMetrics
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

const namespace = "auditor"

// Set holds the metrics of one process. Every series has the label database: the exporter drops a
// series of one file that another file has too. A Set is safe for concurrent use.
type Set struct {
	database atomic.Pointer[string] // id of the database; nil until Update reads it
	registry *prometheus.Registry
	tokens   *prometheus.GaugeVec
	// whole is held while several metrics change, so that Gather sees all of an update or nothing.
	whole  sync.RWMutex
	stated map[string]time.Time            // the expiries of tokens in the settings, by source
	stored map[string]*prometheus.GaugeVec // by name, as in stored.tsv

	// What a server counts from its start. These are nil until CountServer adds them.
	Runs                         *prometheus.CounterVec // by outcome
	SkippedNights, FailedReloads prometheus.Counter
	Next                         prometheus.Gauge // Unix time
}

// New returns a set with only the version of the tool.
func New(toolVersion string) *Set {
	s := &Set{registry: prometheus.NewRegistry(), stored: make(map[string]*prometheus.GaugeVec)}
	s.gauges("build_info", "1, with the version of auditor.", "version").WithLabelValues(toolVersion).Set(1)
	s.tokens = s.gauges("token_expires_timestamp_seconds",
		"When the token of the organization expires: by the API if it is its user's only token, else by the settings, else "+
			"the earliest end of its user's tokens.", "source")
	for line := range strings.Lines(storedMetrics) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		s.stored[columns[0]] = s.gauges(columns[0], columns[2], strings.Fields(columns[1])...)
	}
	return s
}

func (s *Set) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	options := prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}
	return promauto.With(s.registry).NewGaugeVec(options, labels)
}

// CountServer adds the metrics of a server.
func (s *Set) CountServer() {
	add := promauto.With(s.registry)
	s.Runs = add.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "runs_total",
		Help: "Runs since the start of this process, by outcome: complete, failed, or error if the run could not be " +
			"recorded."}, []string{"outcome"})
	s.SkippedNights = add.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "skipped_nights_total",
		Help: "Scheduled times that passed without a run since the start of this process, because another run was " +
			"busy or the machine slept."})
	s.FailedReloads = add.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "settings_reload_failures_total",
		Help: "SIGHUPs since the start of this process that did not change the settings because of an error."})
	s.Next = add.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "next_scheduled_timestamp_seconds",
		Help: "When the next run is due."})
	for _, outcome := range []string{"complete", "failed", "error"} {
		s.Runs.WithLabelValues(outcome)
	}
}

// SetTokenExpiries sets the expiry of each source's token according to the settings. A source whose
// setting is the same keeps the value that Update set.
func (s *Set) SetTokenExpiries(at map[string]time.Time) {
	s.whole.Lock()
	defer s.whole.Unlock()
	for source := range s.stated {
		if _, stated := at[source]; !stated {
			s.tokens.DeleteLabelValues(source)
		}
	}
	for source, expires := range at {
		if !expires.Equal(s.stated[source]) {
			s.tokens.WithLabelValues(source).Set(float64(expires.Unix()))
		}
	}
	s.stated = at
}

// Gather returns the metrics with the label database.
func (s *Set) Gather() ([]*dto.MetricFamily, error) {
	s.whole.RLock()
	defer s.whole.RUnlock()
	families, err := s.registry.Gather()
	id := s.database.Load()
	if id == nil {
		return families, err
	}
	label := &dto.LabelPair{Name: new("database"), Value: id}
	for _, family := range families {
		for _, m := range family.Metric {
			m.Label = append([]*dto.LabelPair{label}, m.Label...)
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		}
	}
	return families, err
}

// setOwnToken sets the expiry of the token of a snapshot according to the API: if it is that of the
// token itself, or if the settings do not have it.
func (s *Set) setOwnToken(h snapshot.Snapshot) {
	if own := h.OwnToken; !own.Ends.IsZero() && (own.Tokens == 1 || s.stated[h.Source].IsZero()) {
		s.tokens.WithLabelValues(h.Source).Set(float64(own.Ends.Unix()))
	}
}

// Handler serves the metrics to Prometheus.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s, promhttp.HandlerOpts{})
}

// WriteFile writes the metrics for the textfile collector of the node exporter. The file is
// readable by everyone, because the collector runs as another user and no metric is secret. It is
// replaced completely or not at all. Of a link, the file to which it leads is replaced. A device, a
// pipe or a folder is never replaced.
func (s *Set) WriteFile(path string) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	if err := evidence.Regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the metrics: %w", err)
	}
	if err := prometheus.WriteToTextfile(path, s); err != nil {
		return fmt.Errorf("writing the metrics to %s: %w", path, err)
	}
	return nil
}

// storedMetrics has a line for each metric that Update reads from the store: its name, labels
// and help.
//
//go:embed stored.tsv
var storedMetrics string

func (s *Set) set(name string, value float64, labels ...string) {
	s.stored[name].WithLabelValues(labels...).Set(value)
}

// Update sets the metrics to the last run that has ended in the database, which has this path. For
// an organization without a complete snapshot, it omits the numbers of configurations, changes and
// findings: unknown values are omitted, never 0. Runs recorded later than now do not count. A run
// with a wrong clock is not complete, and changes no time.
func (s *Set) Update(ctx context.Context, store *snapshot.Store, path string, now time.Time) error {
	id, err := store.DatabaseID(ctx)
	if err != nil {
		return err
	}
	s.database.Store(&id)
	if now, err = rightTime(ctx, store, now); err != nil {
		return err
	}
	newest, err := store.LatestComplete(ctx, now)
	if err != nil {
		return err
	}
	last, ended, err := store.LastEnded(ctx, now)
	if err != nil {
		return err
	}
	s.whole.Lock()
	defer s.whole.Unlock()
	s.forget()
	s.set("database_info", 1, path)
	// Use only the newest label: a label that was renamed in the settings would look overdue
	// forever.
	for _, h := range newest {
		s.set("last_complete_timestamp_seconds", float64(h.TakenAt.Unix()), h.Source, h.OrganizationID)
	}
	if !ended {
		return nil
	}
	if err := s.run(ctx, store, last, newest); err != nil {
		s.forget() // a part of a run would look like all of it
		return err
	}
	return nil
}

// rightTime returns now or, if the newest run had a wrong clock, the server's time when it began. It
// is never before the newest run whose clock a server confirmed.
func rightTime(ctx context.Context, store *snapshot.Store, now time.Time) (time.Time, error) {
	confirmed, err := store.LastConfirmed(ctx)
	if err != nil {
		return now, err
	}
	if now.Before(confirmed) {
		now = confirmed
	}
	runs, err := store.Runs(ctx, 0, 1)
	if err != nil || len(runs) == 0 || !runs[0].ClockWrong {
		return now, err
	}
	snapshots, err := store.Snapshots(ctx, runs[0].ID)
	for _, h := range snapshots {
		if h.ServerClockKnown {
			return runs[0].StartedAt.Add(-h.ServerClockOffset), err
		}
	}
	return now, err
}

// forget removes what earlier updates set.
func (s *Set) forget() {
	for _, vec := range s.stored {
		vec.Reset()
	}
	s.tokens.Reset()
	for source, expires := range s.stated {
		s.tokens.WithLabelValues(source).Set(float64(expires.Unix()))
	}
}

// run sets the metrics to a run. newest are the newest complete snapshots of all organizations.
func (s *Set) run(ctx context.Context, store *snapshot.Store, r snapshot.Run, newest []snapshot.Snapshot) error {
	s.set("run_complete", oneIf(r.Outcome == snapshot.Complete))
	if !r.ClockWrong {
		s.set("run_started_timestamp_seconds", float64(r.StartedAt.Unix()))
		s.set("run_duration_seconds", r.FinishedAt.Sub(r.StartedAt).Truncate(time.Second).Seconds())
	}
	snapshots, err := store.Snapshots(ctx, r.ID)
	for _, h := range snapshots {
		if err := s.organization(ctx, store, h); err != nil {
			return err
		}
		// A night that failed may not have read when the token ends.
		for _, last := range newest {
			if last.Source == h.Source {
				s.setOwnToken(last)
			}
		}
	}
	return err
}

func (s *Set) organization(ctx context.Context, store *snapshot.Store, h snapshot.Snapshot) error {
	complete := h.Outcome == snapshot.Complete
	s.set("organization_complete", oneIf(complete), h.Source, h.OrganizationID)
	s.set("pages", float64(h.Pages), h.Source, h.OrganizationID)
	s.set("retries", float64(h.Retries), h.Source, h.OrganizationID)
	if !complete {
		return nil
	}
	s.set("scim_configurations", float64(h.SCIMConfigurations), h.Source, h.OrganizationID)
	changes, err := store.Changes(ctx, h.ID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		s.stored["changes"].WithLabelValues(h.Source, h.OrganizationID, string(c.Kind), string(c.Severity)).Inc()
	}
	failing, err := store.Failing(ctx, h.ID)
	if err != nil {
		return err
	}
	for _, severity := range diff.Severities {
		s.set("findings", float64(failing[severity]), h.Source, h.OrganizationID, string(severity))
	}
	return nil
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
