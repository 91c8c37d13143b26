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

// ErrNothingKnown is the error of a period that ended before the first run of the database.
var ErrNothingKnown = errors.New("nothing is known of the period")

// Read reads a period from the database. A period without a complete snapshot, or whose snapshots were
// removed by retention, is no error: its report says so. The error wraps ErrNothingKnown where the
// database begins after the period.
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
	p.listNights()
	p.placeExceptions()
	return nil
}

// readRegister reads the nights and the organizations of the period from the registers of runs and of
// snapshots. It returns the snapshots after the period that may stand for its last night.
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

// read reads what the database holds of the snapshots of the organization.
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

// gather makes the organizations of the snapshots taken in the period. known are the last complete
// snapshots before it, tried the first failed ones.
func (p *Period) gather(known, tried []snapshot.Snapshot, taken []*snapshot.Snapshot) {
	owners := make(owners)
	// Complete snapshots come last: they are sure of their organization.
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

// owners has the organization id of each source. A failed snapshot that did not know its organization
// belongs to the one that its source had last, else to the one that it has next. Where there is
// neither, the source stands for an organization that is not known.
type owners map[string]string

// learn learns from a snapshot with this outcome that knows its organization.
func (o owners) learn(s *snapshot.Snapshot, outcome snapshot.Outcome) {
	if s.OrganizationID != "" && s.Outcome == outcome {
		o[s.Source] = s.OrganizationID
	}
}

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

// sortSnapshots sets what the organization's snapshots are to the period, its id and its name.
func (o *organization) sortSnapshots() {
	last, stretch := o.snapshots[len(o.snapshots)-1], o.snapshots
	if o.opening != nil {
		o.after, stretch = o.opening.ID, append([]*snapshot.Snapshot{o.opening}, stretch...)
	}
	o.upTo, o.source = last.ID, last.Source
	for _, s := range stretch {
		o.id = cmp.Or(s.OrganizationID, o.id)
		if s.ID < o.after {
			continue // it was taken by a clock that was ahead
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
		o.lost -= o.opening.Changes // they are of the period before
	}
	if n := len(o.complete); n > 0 && o.complete[n-1] != o.opening {
		o.closing = o.complete[n-1]
	}
	o.name = cmp.Or(o.name, o.source, o.id)
}
