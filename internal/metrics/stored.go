package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/snapshot"
)

// stored are the metrics that Update reads from the store.
type stored struct {
	all []*prometheus.GaugeVec // each of the following

	lastComplete, runComplete, runStarted, runDuration                 *prometheus.GaugeVec
	complete, pages, retries, configurations, changes, failingFindings *prometheus.GaugeVec
}

func (s *Set) addStored() {
	add := func(name, help string, labels ...string) *prometheus.GaugeVec {
		vec := s.gauges(name, help, labels...)
		s.stored.all = append(s.stored.all, vec)
		return vec
	}
	const source, id = "source", "organization_id"
	m := &s.stored
	m.lastComplete = add("last_complete_timestamp_seconds",
		"When the last complete snapshot of the organization was taken.", source, id)
	m.runComplete = add("run_complete", "1 when the last run is complete, else 0.")
	m.runStarted = add("run_started_timestamp_seconds", "When the last run started.")
	m.runDuration = add("run_duration_seconds", "How long the last run took.")
	m.complete = add("organization_complete",
		"1 when the last run has a complete snapshot of the organization, else 0.", source, id)
	m.pages = add("pages", "Pages that the last run read, complete or not.", source, id)
	m.retries = add("retries", "Requests of the last run that had to be sent again.", source, id)
	m.configurations = add("scim_configurations",
		"SCIM configurations in the last run's complete snapshot.", source, id)
	m.changes = add("changes", "Changes in the last run's complete snapshot.", source, id, "kind", "severity")
	m.failingFindings = add("findings",
		"Findings that fail in the last run's complete snapshot.", source, id, "severity")
}

// Update sets the metrics to the last run that has ended. An organization whose snapshot is not complete has no number
// of configurations, changes or findings: unknown values are omitted, never 0.
func (s *Set) Update(ctx context.Context, store *snapshot.Store) error {
	newest, err := store.LatestComplete(ctx)
	if err != nil {
		return err
	}
	runs, err := store.Runs(ctx, 0, 2)
	if err != nil {
		return err
	}
	m := &s.stored
	for _, vec := range m.all {
		vec.Reset()
	}
	// Only under today's label: one that the settings no longer have would look overdue for ever.
	for _, h := range newest {
		m.lastComplete.WithLabelValues(h.Source, h.OrganizationID).Set(float64(h.TakenAt.Unix()))
	}
	for _, r := range runs { // newest first; only the newest can be open
		if r.Outcome != snapshot.Running {
			return m.run(ctx, store, r)
		}
	}
	return nil
}

func (s *stored) run(ctx context.Context, store *snapshot.Store, r snapshot.Run) error {
	s.runComplete.WithLabelValues().Set(oneIf(r.Outcome == snapshot.Complete))
	s.runStarted.WithLabelValues().Set(float64(r.StartedAt.Unix()))
	s.runDuration.WithLabelValues().Set(r.FinishedAt.Sub(r.StartedAt).Truncate(time.Second).Seconds())
	snapshots, err := store.Snapshots(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, h := range snapshots {
		if err := s.organization(ctx, store, h); err != nil {
			return err
		}
	}
	return nil
}

func (s *stored) organization(ctx context.Context, store *snapshot.Store, h snapshot.Snapshot) error {
	complete := h.Outcome == snapshot.Complete
	s.complete.WithLabelValues(h.Source, h.OrganizationID).Set(oneIf(complete))
	s.pages.WithLabelValues(h.Source, h.OrganizationID).Set(float64(h.Pages))
	s.retries.WithLabelValues(h.Source, h.OrganizationID).Set(float64(h.Retries))
	if !complete {
		return nil
	}
	s.configurations.WithLabelValues(h.Source, h.OrganizationID).Set(float64(h.SCIMConfigurations))
	changes, err := store.Changes(ctx, h.ID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		s.changes.WithLabelValues(h.Source, h.OrganizationID, string(c.Kind), string(c.Severity)).Inc()
	}
	failing, err := store.Failing(ctx, h.ID)
	if err != nil {
		return err
	}
	for _, severity := range diff.Severities {
		s.failingFindings.WithLabelValues(h.Source, h.OrganizationID, string(severity)).Set(float64(failing[severity]))
	}
	return nil
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
