package period

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/finding"
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
	p := &Period{Span: span, rules: finding.Rules()}
	if err := p.read(ctx, store); err != nil {
		return nil, fmt.Errorf("reading the period %s for its report: %w", span.String(), err)
	}
	return p, nil
}

func (p *Period) read(ctx context.Context, store *snapshot.Store) error {
	runs, err := store.Runs(ctx, 0, 0)
	if err != nil {
		return err
	}
	if p.schedules, err = store.Schedules(ctx); err != nil {
		return err
	}
	slices.Reverse(runs) // oldest first
	if err := p.readNights(runs); err != nil {
		return err
	}
	taken, err := store.SnapshotsBetween(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	// A snapshot from before the first night after the period may stand for its last night.
	later, err := store.SnapshotsBetween(ctx, p.To.Add(time.Second), p.nextNight())
	if err != nil {
		return err
	}
	known, err := store.CompleteBefore(ctx, p.From)
	if err != nil {
		return err
	}
	tried, err := store.FirstFailedBefore(ctx, p.From)
	if err != nil {
		return err
	}
	p.gather(known, tried, taken)
	for _, o := range p.organizations {
		if err := o.readNights(p, later); err != nil {
			return err
		}
		if err := o.read(ctx, store, p.From); err != nil {
			return fmt.Errorf("organization %s: %w", o.name, err)
		}
	}
	p.placeExceptions()
	return nil
}

// nextNight is the first night after the period.
func (p *Period) nextNight() time.Time {
	if in, found := schedule.InForce(p.expected, p.To); found {
		if s, err := schedule.Parse(in.Expression); err == nil { // readNights has parsed it
			return s.Next(p.To)
		}
	}
	return p.To.Add(24 * time.Hour)
}

// read reads what the database holds of the snapshots of the organization.
func (o *organization) read(ctx context.Context, store *snapshot.Store, from time.Time) error {
	if err := o.readChanges(ctx, store); err != nil {
		return err
	}
	if err := o.readFindings(ctx, store, from); err != nil {
		return err
	}
	if err := o.readConfigurations(ctx, store); err != nil {
		return err
	}
	var err error
	if o.exceptions, err = store.Standings(ctx, o.id, o.after, o.upTo); err != nil {
		return err
	}
	o.totals, err = store.Counts(ctx, o.id, o.after, o.upTo)
	return err
}

// gather makes the organizations of the snapshots taken in the period. known are the last complete
// snapshots before it, tried the first failed ones.
func (p *Period) gather(known, tried, taken []snapshot.Snapshot) {
	owners := make(owners)
	// Complete snapshots come last: they are sure of their organization.
	for _, outcome := range []snapshot.Outcome{snapshot.Failed, snapshot.Complete} {
		for _, s := range slices.Backward(taken) {
			if s.Outcome == outcome {
				owners.learn(&s)
			}
		}
	}
	openings := make(map[string]*snapshot.Snapshot)
	for i := range known {
		owners.learn(&known[i])
		openings[known[i].OrganizationID] = &known[i]
	}
	begins := make(map[string]time.Time)
	for _, s := range slices.Backward(tried) {
		begins[cmp.Or(owners.of(&s), s.Source)] = s.TakenAt
	}
	found := make(map[string]*organization)
	for i := range taken {
		s := &taken[i]
		if s.Outcome == snapshot.Complete {
			owners.learn(s)
		}
		id := owners.of(s)
		key := cmp.Or(id, s.Source)
		if found[key] == nil {
			found[key] = &organization{id: id, opening: openings[id], begins: cmp.Or(begins[key], s.TakenAt)}
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

func (o owners) learn(s *snapshot.Snapshot) {
	if s.OrganizationID != "" {
		o[s.Source] = s.OrganizationID
	}
}

func (o owners) of(s *snapshot.Snapshot) string { return cmp.Or(s.OrganizationID, o[s.Source]) }

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
		o.name = p.names.Of(i)
	}
}

// sortSnapshots sets what the organization's snapshots are to the period, and its name.
func (o *organization) sortSnapshots() {
	all := o.snapshots
	o.upTo = all[len(all)-1].ID
	if o.opening != nil {
		o.after, all = o.opening.ID, append([]*snapshot.Snapshot{o.opening}, all...)
	}
	for _, s := range all {
		o.source = s.Source
		follows := s.ID > o.after
		if s != o.opening && !follows {
			continue // it was taken by a clock that was ahead
		}
		if follows {
			o.since = append(o.since, s)
		}
		if s.Outcome == snapshot.Complete {
			o.complete, o.name = append(o.complete, s), s.OrganizationName
		}
		if !s.PrunedAt.IsZero() {
			o.pruned = append(o.pruned, s)
		}
		if follows && !s.PrunedAt.IsZero() {
			o.lost += s.Changes
		}
	}
	if n := len(o.complete); n > 0 && o.complete[n-1] != o.opening {
		o.closing = o.complete[n-1]
	}
	o.name = cmp.Or(o.name, o.source, o.id)
}
