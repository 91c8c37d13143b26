// Package period reports on a period, for an audit of how the control worked over months. It
// lists every scheduled run, which it calls a night, and the changes, findings and exceptions
// in these nights. It reads everything from the database.
package period

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Span has the limits of a period, and how its sample of nights is drawn.
type Span struct {
	// From and To are the first and the last instant of the period: UTC, whole seconds.
	From, To time.Time
	// Now is the time of the report. A period that has not ended is known until then. The
	// report on a period that has ended does not depend on it.
	Now time.Time
	// Link is the number of the last link of the ledger to read: what was recorded later is no part
	// of the report. 0 is the newest.
	Link int64
	// Sample is the number of nights to draw. Seed selects them; see DefaultSeed.
	Sample int
	Seed   int64
}

// DefaultSeed derives a seed from a period: the digits of its first and its last day, such as
// 2026100120261231.
func DefaultSeed(from, to time.Time) int64 {
	const day = "20060102"
	seed, _ := strconv.ParseInt(from.UTC().Format(day)+to.UTC().Format(day), 10, 64) // 16 digits always fit
	return seed
}

// ended reports whether the period was over at the time of the report.
func (s *Span) ended() bool { return s.To.Before(s.Now) }

func (s *Span) contains(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// String returns the period for use in a sentence.
func (s *Span) String() string {
	days := strings.Replace(folder.Period(s.From, s.To), "--", " to ", 1)
	if strings.Contains(days, "T") { // the period does not consist of whole days
		return report.UTC(s.From) + " to " + report.UTC(s.To)
	}
	return days + " (UTC, both days included)"
}

// Period is what the database holds about a period. All times are UTC.
type Period struct {
	Span
	databaseID string
	lastHead   evidence.Head // of the last run that began up to the end and has ended
	newest     int64         // the newest run that had begun at Link
	began      time.Time     // start of the first run recorded in the database
	// knownUntil is the start of the last run that began before the end of the period.
	knownUntil time.Time
	schedules  []schedule.Period          // oldest first
	expected   []schedule.Period          // the same, filled with every UTC day without a schedule
	runs       map[int64]*snapshot.Run    // every run up to newest, by id
	totals     map[int64]*snapshot.Totals // of the runs in the period, by id
	reviews    []snapshot.Review          // of all runs, in the order of recording
	// nights are the nights in the period, drawn the same nights in the order of the sample, before
	// those before the period for which a run in the period stands.
	nights, drawn, before []*night
	misdated              []misdated          // in the order of recording
	unclaimed             []organizationNight // those not assigned to any organization
	organizations         []*organization
	names                 report.Names
	isFleet               bool // the report lists what needs attention, and counts the rest
	// others has the night of each run for which another run counts, by the id of the run.
	others map[int64]schedule.Night
	// absent has the last complete snapshot of each organization that was known before the
	// period and has no snapshot in it.
	absent []*taken
}

type organization struct {
	index      int    // in the report
	id, source string // id is empty if the source never had a complete snapshot
	name       string // unique in the report

	// opening is the last complete snapshot before the period, closing the last complete one in
	// the period; nil if there is none.
	opening, closing *taken
	// snapshots has those taken in the period, failed and pruned ones too, oldest first. since
	// has those with a higher id than the opening one. complete has the opening one and the
	// complete ones in since.
	snapshots, since, complete []*taken
	// pruned has those in complete and since whose content retention deleted; lost counts the
	// deleted changes in the period.
	pruned []*taken
	lost   int
	// The report shows changes and findings of snapshots with ids above after, up to upTo.
	after, upTo int64

	begins    time.Time // time of its first snapshot; earlier nights are not assigned to it
	nights    []organizationNight
	uncovered []time.Time // its nights without a complete snapshot since the opening one

	scim, sso ends
	members   members
	// before has the last snapshot before the period that could read each of
	// snapshot.ComparedParts, nil if none could.
	before map[string]*taken

	changes []snapshot.Change
	logs    map[int64]*snapshot.AuditLog // by snapshot; nil if the log was not read for it
	// net compares the first and the last intact snapshot, both nil if there are fewer than
	// two.
	net struct {
		before, after *taken
		changes       []snapshot.Change
	}
	findings   []episode
	exceptions []snapshot.Standing
	totals     snapshot.Counts // counted by the database: a second source
	// openAtStart and openAtEnd count the open findings of the opening and the last complete
	// snapshot: a second source.
	openAtStart, openAtEnd int
}

func complete(s *taken) bool { return s.Outcome == snapshot.Complete }

func pruned(s *taken) bool { return !s.PrunedAt.IsZero() }

// intact reports whether a snapshot is complete and not pruned.
func intact(s *taken) bool { return complete(s) && !pruned(s) }

// ErrNothingKnown is returned for a period that ended before the first run in the database.
var ErrNothingKnown = errors.New("no data for the period")

// Read reads a period from the database. It is no error if the period has no complete snapshot,
// or if its snapshots are pruned: the report says so. The error wraps ErrNothingKnown if the
// first run started after the period.
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
	if p.databaseID, err = store.DatabaseID(ctx); err != nil {
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
	for _, n := range p.nights {
		if !n.claimed {
			p.unclaimed = append(p.unclaimed, organizationNight{n, table.RunLevel, n.Status, nil})
		}
	}
	p.placeExceptions()
	p.lastHead, err = store.HeadAt(ctx, p.newest, p.knownUntil)
	return err
}

// readRegister reads the nights and the organizations in the period. It returns the snapshots
// taken after the period that may count for its last night.
func (p *Period) readRegister(ctx context.Context, store *snapshot.Store) (later []*taken, err error) {
	if p.Link == 0 {
		last, err := store.LastHead(ctx)
		if err != nil {
			return nil, err
		}
		p.Link = last.Number
	}
	if p.newest, _, err = store.RunsAt(ctx, p.Link); err != nil {
		return nil, err
	}
	runs, errRuns := store.Runs(ctx, p.newest, 0)
	schedules, errSchedules := store.SchedulesAt(ctx, p.Link, p.newest, p.Now)
	reviews, errReviews := store.Reviews(ctx, 0, 0)
	if err := cmp.Or(errRuns, errSchedules, errReviews); err != nil {
		return nil, err
	}
	p.schedules = schedules
	p.reviews = slices.DeleteFunc(reviews, func(r snapshot.Review) bool { return r.LedgerNumber > p.Link })
	slices.Reverse(runs) // oldest first
	next, err := p.readNights(runs)
	if err != nil {
		return nil, err
	}
	var inPeriod []int64
	for i := range runs {
		if p.contains(runs[i].StartedAt) {
			inPeriod = append(inPeriod, runs[i].ID)
		}
	}
	if len(inPeriod) > 0 {
		if p.totals, err = store.Totals(ctx, inPeriod[0], inPeriod[len(inPeriod)-1]); err != nil {
			return nil, err
		}
	}
	var within []*taken
	type source struct {
		name    string
		outcome snapshot.Outcome
	}
	last := make(map[source]*taken)
	errTaken := store.EachSnapshotBetween(ctx, p.From, next, func(s snapshot.Snapshot) {
		if p.runs[s.RunID] == nil {
			return // the run began later
		}
		key := source{s.Source, s.Outcome}
		last[key] = newTaken(s, last[key])
		if p.contains(s.TakenAt) {
			within = append(within, last[key])
		} else {
			later = append(later, last[key])
		}
	})
	known, errKnown := store.CompleteBefore(ctx, p.newest, p.From)
	tried, errTried := store.FirstFailedBefore(ctx, p.newest, p.From)
	p.gather(allTaken(known), allTaken(tried), within)
	return later, cmp.Or(errTaken, errKnown, errTried)
}

func (o *organization) read(ctx context.Context, store *snapshot.Store, from time.Time) error {
	var errExceptions, errTotals error
	o.exceptions, errExceptions = store.Standings(ctx, o.id, o.after, o.upTo)
	o.totals, errTotals = store.Counts(ctx, o.id, o.after, o.upTo)
	return cmp.Or(o.readChanges(ctx, store), o.readFindings(ctx, store, from), o.readConfigurations(ctx, store),
		o.readMembers(ctx, store), errExceptions, errTotals)
}

// gather groups the snapshots taken in the period by organization. known has the last complete
// snapshot before the period of each organization, tried the first failed one.
func (p *Period) gather(known, tried, within []*taken) {
	owners := make(owners)
	// Complete snapshots come last: their organization id is certain.
	for _, outcome := range []snapshot.Outcome{snapshot.Failed, snapshot.Complete} {
		for _, s := range slices.Backward(within) {
			owners.learn(s, outcome)
		}
	}
	openings, begins := make(map[string]*taken), make(map[string]time.Time)
	for _, s := range known {
		owners.learn(s, snapshot.Complete)
		openings[s.OrganizationID] = s
	}
	for _, s := range slices.Backward(tried) {
		begins[owners.of(s)] = s.TakenAt
	}
	found := make(map[string]*organization)
	for _, s := range within {
		owners.learn(s, snapshot.Complete)
		key := owners.of(s)
		if found[key] == nil {
			found[key] = &organization{opening: openings[key], begins: cmp.Or(begins[key], s.TakenAt),
				logs: make(map[int64]*snapshot.AuditLog)}
		}
		found[key].snapshots = append(found[key].snapshots, s)
	}
	for _, s := range known {
		if found[s.OrganizationID] == nil {
			p.absent = append(p.absent, s)
		}
	}
	p.order(slices.Collect(maps.Values(found)))
}

// owners maps each source to an organization id. A failed snapshot without an organization id
// belongs to the last organization of its source, else to the next one. If the source has
// neither, it counts as an organization of its own.
type owners map[string]string

// learn records the organization of a snapshot that has this outcome and an organization id.
func (o owners) learn(s *taken, outcome snapshot.Outcome) {
	if s.OrganizationID != "" && s.Outcome == outcome {
		o[s.Source] = s.OrganizationID
	}
}

// of returns the organization id of a snapshot, or its source if the id is not known.
func (o owners) of(s *taken) string {
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
		if len(organizations) > report.FleetSize {
			o.forgetHashes()
		}
	}
}

// sortSnapshots sets the fields that follow from the snapshots: their groups, and the id and
// the name of the organization.
func (o *organization) sortSnapshots() {
	last, stretch := o.snapshots[len(o.snapshots)-1], o.snapshots
	if o.opening != nil {
		o.after, stretch = o.opening.ID, append([]*taken{o.opening}, stretch...)
	}
	o.upTo, o.source = max(last.ID, o.after), last.Source // a clock ahead puts an earlier snapshot into the period
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
