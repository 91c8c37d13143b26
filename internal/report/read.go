package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// Read builds the model of a run from the store. It also reads a run that has not ended or has no
// snapshot: the report says that the run is not complete.
func Read(ctx context.Context, store *snapshot.Store, runID int64) (*Model, error) {
	m, err := read(ctx, store, runID)
	if err != nil {
		return nil, fmt.Errorf("reading run %d for its report: %w", runID, err)
	}
	return m, nil
}

func read(ctx context.Context, store *snapshot.Store, runID int64) (*Model, error) {
	run, err := store.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	m := &Model{Run: run, Rules: finding.Rules()}
	if m.Head, err = store.Head(ctx, runID); err != nil {
		return nil, err
	}
	if m.Runs, err = store.Runs(ctx, runID, shownRuns); err != nil {
		return nil, err
	}
	before := m.Since().Add(-time.Second) // a night at Since itself is shown
	if m.Nights, err = store.Nights(ctx, before, runID, run.StartedAt, 0); err != nil {
		return nil, err
	}
	firstOfTrend := m.Runs[min(trendRuns, len(m.Runs))-1].ID
	if m.Totals, err = store.Totals(ctx, firstOfTrend, runID); err != nil {
		return nil, err
	}
	snapshots, err := store.Snapshots(ctx, runID)
	if err != nil {
		return nil, err
	}
	for _, s := range snapshots {
		o := &Organization{Snapshot: s}
		m.Organizations = append(m.Organizations, o)
		if err := o.read(ctx, store); err != nil {
			return nil, fmt.Errorf("snapshot %d of %s: %w", s.ID, o.name(), err)
		}
	}
	return m, m.readTimeline(ctx, store)
}

// read reads the data of o.Snapshot.
func (o *Organization) read(ctx context.Context, store *snapshot.Store) error {
	var err error
	if o.Findings, err = store.Findings(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if o.Exchanges, err = store.Exchanges(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if !o.complete() {
		o.LastComplete, err = lastComplete(ctx, store, o.Snapshot)
		return err
	}
	if err := o.readBaselines(ctx, store); err != nil {
		return fmt.Errorf("reading its baseline: %w", err)
	}
	return o.readInventory(ctx, store)
}

// readBaselines finds the snapshots that this one was compared with. If the baseline could not read
// SSO configurations or policies, these were compared with the last complete snapshot that could.
// Retention never deletes the newest such snapshot, so this finds the one that was used.
func (o *Organization) readBaselines(ctx context.Context, store *snapshot.Store) error {
	if o.Snapshot.BaselineID == 0 {
		return nil
	}
	b, err := store.Snapshot(ctx, o.Snapshot.BaselineID)
	if err != nil {
		return err
	}
	o.Baseline, o.SSOBaseline, o.PoliciesBaseline = &b, &b, &b
	if b.SSONotAssessed != "" {
		o.SSOBaseline, err = snapshotOrNil(store.LastWithSSO(ctx, o.Snapshot.OrganizationID, b.ID))
		if err != nil {
			return err
		}
	}
	if b.PoliciesNotAssessed != "" {
		o.PoliciesBaseline, err = snapshotOrNil(store.LastWithPolicies(ctx, o.Snapshot.OrganizationID, b.ID))
	}
	return err
}

// snapshotOrNil returns nil for a snapshot that was not found.
func snapshotOrNil(s snapshot.Snapshot, found bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !found {
		return nil, err
	}
	return &s, nil
}

func (o *Organization) readInventory(ctx context.Context, store *snapshot.Store) error {
	id := o.Snapshot.ID
	var err error
	if o.Shown, err = store.Shown(ctx, o.Snapshot); err != nil {
		return err
	}
	if o.Changes, err = store.Changes(ctx, id); err != nil {
		return err
	}
	if o.AuditLog, err = store.AuditLog(ctx, id); err != nil {
		return err
	}
	if o.Acceptances, err = store.Acceptances(ctx, id); err != nil {
		return err
	}
	o.ViewSCIM, o.ViewSSO, err = store.CountRows(ctx, id)
	return err
}

// lastComplete finds the newest complete snapshot before a failed one. If the failed one has no
// organization id, it finds the newest with the same label in the settings.
func lastComplete(ctx context.Context, store *snapshot.Store, failed snapshot.Snapshot) (*snapshot.Snapshot, error) {
	if failed.OrganizationID != "" {
		return snapshotOrNil(store.LastComplete(ctx, failed.OrganizationID, failed.ID))
	}
	runs, err := store.Runs(ctx, failed.RunID, 0) // all: it may have failed in every shown run
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		snapshots, err := store.Snapshots(ctx, run.ID)
		if err != nil {
			return nil, err
		}
		for i := range snapshots {
			s := &snapshots[i]
			if s.Source == failed.Source && s.Outcome == snapshot.Complete && s.ID < failed.ID {
				return s, nil
			}
		}
	}
	return nil, nil
}

// readTimeline reads the changes of all organizations since Since, oldest first.
func (m *Model) readTimeline(ctx context.Context, store *snapshot.Store) error {
	for _, o := range m.Organizations {
		if o.id() == "" {
			continue
		}
		changes, err := store.Timeline(ctx, o.id(), m.Since(), o.Snapshot.ID)
		if err != nil {
			return err
		}
		m.Timeline = append(m.Timeline, changes...)
	}
	slices.SortStableFunc(m.Timeline, func(a, b snapshot.Change) int { return a.TakenAt.Compare(b.TakenAt) })
	return nil
}
