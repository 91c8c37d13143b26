package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// ErrNothingKnown is the reason why there is no report of a period that ended before the first run of the database.
var ErrNothingKnown = errors.New("nothing is known of the period")

// ReadPeriod builds the model of a period from the store. A period in which nothing is complete, or of which retention removed the rows, is
// read too: its report says so. The error wraps ErrNothingKnown where the database begins after the period.
func ReadPeriod(ctx context.Context, store *snapshot.Store, span Span) (*Period, error) {
	p := &Period{Span: span, Rules: finding.Rules()}
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
	slices.Reverse(runs) // oldest first
	if len(runs) == 0 {
		return fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	p.Began = runs[0].StartedAt
	if p.Began.After(p.To) {
		return fmt.Errorf("%w: the first run of the database began on %s", ErrNothingKnown, utc(p.Began))
	}
	if p.Schedules, err = store.Schedules(ctx); err != nil {
		return err
	}
	periods, err := p.readNights(runs)
	if err != nil {
		return err
	}
	all, err := store.SnapshotsBetween(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	later, err := store.SnapshotsBetween(ctx, p.To.Add(time.Second), p.nextNight(periods))
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
	p.gather(known, tried, all)
	for i := range p.Organizations {
		o := &p.Organizations[i]
		if err := o.judgeNights(p, periods, later); err != nil {
			return err
		}
		if err := o.read(ctx, store); err != nil {
			return fmt.Errorf("organization %s: %w", o.name, err)
		}
	}
	return nil
}

// nextNight is the first night after the period. A snapshot that was taken before it may belong to the last night of the period.
func (p *Period) nextNight(periods []schedule.Period) time.Time {
	next := p.To.Add(24 * time.Hour)
	if in, found := schedule.InForce(periods, p.To); found {
		if s, err := schedule.Parse(in.Expression); err == nil { // readNights has parsed it
			next = s.Next(p.To)
		}
	}
	return next
}

// gather makes the organizations of the snapshots. A failed snapshot that did not know its organization belongs to the one that its source had
// last, else to the one that it has next; where there is neither, the source stands for an organization that is not known. From before the period
// are known the last complete snapshots, and tried the first failed ones.
func (p *Period) gather(known, tried, all []snapshot.Snapshot) {
	owners := make(map[string]string)                                                // by source
	for _, outcome := range []snapshot.Outcome{snapshot.Failed, snapshot.Complete} { // the complete ones are sure
		for i := len(all) - 1; i >= 0; i-- {
			if s := &all[i]; s.Outcome == outcome && s.OrganizationID != "" {
				owners[s.Source] = s.OrganizationID
			}
		}
	}
	openings := make(map[string]*snapshot.Snapshot)
	for i := range known {
		owners[known[i].Source], openings[known[i].OrganizationID] = known[i].OrganizationID, &known[i]
	}
	begins := make(map[string]time.Time)
	for i := len(tried) - 1; i >= 0; i-- {
		begins[cmp.Or(tried[i].OrganizationID, owners[tried[i].Source], tried[i].Source)] = tried[i].TakenAt
	}
	places := make(map[string]int)
	for i := range all {
		s := &all[i]
		if s.Outcome == snapshot.Complete {
			owners[s.Source] = s.OrganizationID
		}
		id := cmp.Or(s.OrganizationID, owners[s.Source])
		key := cmp.Or(id, s.Source)
		place, found := places[key]
		if !found {
			place = len(p.Organizations)
			places[key] = place
			p.Organizations = append(p.Organizations, periodOrganization{id: id, opening: openings[id], begins: cmp.Or(begins[key], s.TakenAt)})
		}
		o := &p.Organizations[place]
		o.snapshots = append(o.snapshots, *s)
	}
	for i := range p.Organizations {
		p.Organizations[i].describe()
	}
	slices.SortStableFunc(p.Organizations, func(a, b periodOrganization) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	for i := range known {
		if _, found := places[known[i].OrganizationID]; !found {
			p.Absent = append(p.Absent, known[i])
		}
	}
}

// describe finds the name and the closing snapshot.
func (o *periodOrganization) describe() {
	o.byID = make(map[int64]*snapshot.Snapshot)
	if o.opening != nil {
		o.byID[o.opening.ID], o.name, o.source = o.opening, o.opening.OrganizationName, o.opening.Source
	}
	for i := range o.snapshots {
		s := &o.snapshots[i]
		o.byID[s.ID], o.source = s, s.Source
		if s.Outcome != snapshot.Complete {
			continue
		}
		o.name = s.OrganizationName
		if o.opening == nil || s.ID > o.opening.ID {
			o.closing = s
		}
	}
	o.name = cmp.Or(o.name, o.source, o.id)
}

// after and upTo bound the snapshots whose changes and findings the period shows: those after the opening one.
func (o *periodOrganization) after() int64 {
	if o.opening == nil {
		return 0
	}
	return o.opening.ID
}

func (o *periodOrganization) upTo() int64 { return o.snapshots[len(o.snapshots)-1].ID }

// within yields the snapshots of the period after the opening one.
func (o *periodOrganization) within() []*snapshot.Snapshot {
	var all []*snapshot.Snapshot
	for i := range o.snapshots {
		if o.snapshots[i].ID > o.after() {
			all = append(all, &o.snapshots[i])
		}
	}
	return all
}

// whole says whether a snapshot is complete and retention has left what it had.
func whole(s *snapshot.Snapshot) bool { return s.Outcome == snapshot.Complete && s.PrunedAt.IsZero() }

// read fills in what the store has about the organization.
func (o *periodOrganization) read(ctx context.Context, store *snapshot.Store) error {
	if err := o.readChanges(ctx, store); err != nil {
		return err
	}
	if err := o.readNet(ctx, store); err != nil {
		return err
	}
	if err := o.readEpisodes(ctx, store); err != nil {
		return err
	}
	if o.id == "" {
		return nil
	}
	var err error
	if o.standings, err = store.Standings(ctx, o.id, o.after(), o.upTo()); err != nil {
		return err
	}
	if o.counts, err = store.Counts(ctx, o.id, o.after(), o.upTo()); err != nil {
		return err
	}
	return o.readOptional(ctx, store)
}

func (o *periodOrganization) readChanges(ctx context.Context, store *snapshot.Store) error {
	for _, s := range o.within() {
		if !whole(s) || s.Changes == 0 {
			continue
		}
		changes, err := store.Changes(ctx, s.ID)
		if err != nil {
			return err
		}
		log, err := store.AuditLog(ctx, s.ID)
		if err != nil {
			return err
		}
		for _, c := range changes {
			o.changes = append(o.changes, periodChange{c, log})
		}
	}
	return nil
}

// readNet compares the first and the last snapshot that retention has left whole.
func (o *periodOrganization) readNet(ctx context.Context, store *snapshot.Store) error {
	var complete []*snapshot.Snapshot
	if o.opening != nil && whole(o.opening) {
		complete = append(complete, o.opening)
	}
	for _, s := range o.within() {
		if whole(s) {
			complete = append(complete, s)
		}
	}
	if len(complete) < 2 {
		return nil
	}
	o.net.before, o.net.after = complete[0], complete[len(complete)-1]
	var err error
	o.net.changes, err = store.NetChanges(ctx, *o.net.before, *o.net.after)
	return err
}

// readOptional finds the snapshots in which the SSO configurations are counted: at the start the last one that could read them, else the first one
// of the period; at the end the last one. Of the policies it finds the last one before the period.
func (o *periodOrganization) readOptional(ctx context.Context, store *snapshot.Store) error {
	if o.opening != nil {
		var err error
		if o.ssoOpening, err = optional(store.LastWithSSO(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
		if o.policiesOpening, err = optional(store.LastWithPolicies(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
	}
	for _, s := range o.within() {
		if s.Outcome == snapshot.Complete && s.SSONotAssessed == "" {
			if o.ssoOpening == nil {
				o.ssoOpening = s
			}
			o.ssoClosing = s
		}
	}
	return nil
}
