package period

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// ErrNothingKnown is returned for a period that ended before the first run in the database.
var ErrNothingKnown = errors.New("no data for the period")

// Read reads a period from the database. It is no error if the period has no complete snapshot, or
// if its snapshots are pruned: the report says so. The error wraps ErrNothingKnown if the first run
// started after the period.
func Read(ctx context.Context, store *snapshot.Store, span Span) (*Period, error) {
	p := &Period{Span: span, runs: make(map[int64]*snapshot.Run)}
	if err := p.read(ctx, store); err != nil {
		return nil, fmt.Errorf("reading the period %s for its report: %w", span.String(), err)
	}
	return p, nil
}

func (p *Period) read(ctx context.Context, store *snapshot.Store) error {
	later, err := p.readRegister(ctx, store)
	if err != nil {
		return err
	}
	for _, o := range p.organizations {
		if err := p.readNightsOf(o, later); err != nil {
			return err
		}
		if err := o.read(ctx, store, p.From); err != nil {
			return fmt.Errorf("organization %s: %w", o.name, err)
		}
	}
	p.joinNights()
	p.placeExceptions()
	p.lastHead, err = store.HeadAt(ctx, p.knownUntil())
	return err
}

// readRegister reads the nights and the organizations in the period. It returns the snapshots taken
// after the period that may count for its last night.
func (p *Period) readRegister(ctx context.Context, store *snapshot.Store) (later []*snapshot.Snapshot, err error) {
	runs, errRuns := store.Runs(ctx, 0, 0)
	schedules, errSchedules := store.Schedules(ctx)
	if err := cmp.Or(errRuns, errSchedules); err != nil {
		return nil, err
	}
	for _, s := range schedules {
		p.schedules = append(p.schedules, schedule.Period(s))
	}
	slices.Reverse(runs) // oldest first
	next, err := p.readNights(runs)
	if err != nil {
		return nil, err
	}
	taken, errTaken := store.SnapshotsBetween(ctx, p.From, next)
	known, errKnown := store.CompleteBefore(ctx, p.From)
	tried, errTried := store.FirstFailedBefore(ctx, p.From)
	var within []*snapshot.Snapshot
	for i := range taken {
		if s := &taken[i]; p.contains(s.TakenAt) {
			within = append(within, s)
		} else {
			later = append(later, s)
		}
	}
	p.gather(known, tried, within)
	return later, cmp.Or(errTaken, errKnown, errTried)
}

// read reads the content of the organization's snapshots.
func (o *organization) read(ctx context.Context, store *snapshot.Store, from time.Time) (err error) {
	if err := o.readChanges(ctx, store); err != nil {
		return err
	}
	if err := o.readFindings(ctx, store, from); err != nil {
		return err
	}
	if err := o.readConfigurations(ctx, store); err != nil {
		return err
	}
	if o.exceptions, err = store.Standings(ctx, o.id, o.after, o.upTo); err != nil {
		return err
	}
	o.totals, err = store.Counts(ctx, o.id, o.after, o.upTo)
	return err
}

// gather groups the snapshots taken in the period by organization. known has the last complete
// snapshot before the period of each organization, tried the first failed one.
func (p *Period) gather(known, tried []snapshot.Snapshot, taken []*snapshot.Snapshot) {
	owners := make(owners)
	// Complete snapshots come last: their organization id is certain.
	for _, outcome := range []snapshot.Outcome{snapshot.Failed, snapshot.Complete} {
		for _, s := range slices.Backward(taken) {
			owners.learn(s, outcome)
		}
	}
	openings, begins := make(map[string]*snapshot.Snapshot), make(map[string]time.Time)
	for i := range known {
		owners.learn(&known[i], snapshot.Complete)
		openings[known[i].OrganizationID] = &known[i]
	}
	for _, s := range slices.Backward(tried) {
		begins[owners.of(&s)] = s.TakenAt
	}
	found := make(map[string]*organization)
	for _, s := range taken {
		owners.learn(s, snapshot.Complete)
		key := owners.of(s)
		if found[key] == nil {
			found[key] = &organization{opening: openings[key], begins: cmp.Or(begins[key], s.TakenAt)}
		}
		found[key].snapshots = append(found[key].snapshots, s)
	}
	for i := range known {
		if found[known[i].OrganizationID] == nil {
			p.absent = append(p.absent, &known[i])
		}
	}
	p.order(slices.Collect(maps.Values(found)))
}

// owners maps each source to an organization id. A failed snapshot without an organization id
// belongs to the last organization of its source, else to the next one. If the source has neither,
// it counts as an organization of its own.
type owners map[string]string

// learn records the organization of a snapshot that has this outcome and an organization id.
func (o owners) learn(s *snapshot.Snapshot, outcome snapshot.Outcome) {
	if s.OrganizationID != "" && s.Outcome == outcome {
		o[s.Source] = s.OrganizationID
	}
}

// of returns the organization id of a snapshot, or its source if the id is not known.
func (o owners) of(s *snapshot.Snapshot) string {
	return cmp.Or(s.OrganizationID, o[s.Source], s.Source)
}

// order sorts the organizations by name and makes the names unique.
func (p *Period) order(organizations []*organization) {
	for _, o := range organizations {
		o.sortSnapshots()
	}
	slices.SortFunc(organizations, func(a, b *organization) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id), cmp.Compare(a.source, b.source))
	})
	var names, distinguishing []string
	for _, o := range organizations {
		names, distinguishing = append(names, o.name), append(distinguishing, cmp.Or(o.id, o.source))
	}
	p.organizations, p.names = organizations, report.NewNames("all organizations", names, distinguishing)
	for i, o := range organizations {
		o.index, o.name = i, p.names.Of(i)
	}
}

// sortSnapshots sets the fields that follow from the snapshots: their groups, and the id and the
// name of the organization.
func (o *organization) sortSnapshots() {
	last, stretch := o.snapshots[len(o.snapshots)-1], o.snapshots
	if o.opening != nil {
		o.after, stretch = o.opening.ID, append([]*snapshot.Snapshot{o.opening}, stretch...)
	}
	o.upTo, o.source = last.ID, last.Source
	for _, s := range stretch {
		o.id = cmp.Or(s.OrganizationID, o.id)
		if s.ID < o.after {
			continue // the local clock was ahead when it was taken
		}
		if s != o.opening {
			o.since = append(o.since, s)
		}
		if complete(s) {
			o.complete, o.name = append(o.complete, s), s.OrganizationName
		}
		if pruned(s) {
			o.pruned = append(o.pruned, s)
			o.lost += s.Changes
		}
	}
	if o.opening != nil && pruned(o.opening) {
		o.lost -= o.opening.Changes // they belong to the previous period
	}
	if n := len(o.complete); n > 0 && o.complete[n-1] != o.opening {
		o.closing = o.complete[n-1]
	}
	o.name = cmp.Or(o.name, o.source, o.id)
}
