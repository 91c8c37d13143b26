// Package report writes the report on one run: a workbook, HTML, Markdown, JSON, CSV and events. Read
// builds a Model from the database alone, and every file comes from it. The same database therefore
// always produces the same bytes.
package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Model is everything that a report says about one run. All times are UTC.
type Model struct {
	Run           snapshot.Run
	Head          evidence.Head // of Run; the zero Head if Run has not ended
	Organizations []*Organization
	// LeftOut has, of each organization that the run before collected and this one did not, the last
	// snapshot, sorted by source.
	LeftOut []snapshot.Snapshot
	// PrunedAt is when retention last removed, after the run, what this report says of earlier
	// nights; the zero time if it never did.
	PrunedAt time.Time
	// Runs has Run and the runs before it, newest first, at most shownRuns.
	Runs []snapshot.Run
	// Totals has the totals of each run in the trend, by run id.
	Totals map[int64]*snapshot.Totals
	// Nights has the scheduled runs since Since, oldest first; none if no schedule is recorded.
	Nights []schedule.Night
	// Timeline has every change that complete snapshots of the run's organizations found since
	// Since, up to this run, oldest first.
	Timeline []snapshot.Change
	// Rules has the rules of this version, in the order of the report; those that judge members
	// only if the run did.
	Rules []finding.Rule
	// Databases has the databases of a report over several, nil for one. Night is their night. Run
	// and Organizations are then those of all together, and Head, Runs, Totals, Nights and Timeline
	// are only in their models. Gaps says why they are not the whole night.
	Databases []*Database
	Night     time.Time
	Gaps      []string
	sums      sums // of a fleet
}

// The limits of the history in a report, so that its size does not grow over the years.
const (
	shownRuns = 90
	shownDays = 90
	trendRuns = 30
)

// Since returns the start of the timeline and of the list of missed nights.
func (m *Model) Since() time.Time { return m.Run.StartedAt.UTC().AddDate(0, 0, -shownDays) }

// Reach returns the earliest instant of which the report says something.
func (m *Model) Reach() time.Time {
	reach := m.Since()
	for _, run := range m.Runs {
		reach = slices.MinFunc([]time.Time{reach, run.StartedAt}, time.Time.Compare)
	}
	return reach
}

// Organization is the data of a run about one organization. If the snapshot is not complete,
// only Snapshot, LastComplete, Parts, Findings and Exchanges are set.
type Organization struct {
	Snapshot snapshot.Snapshot
	// Baseline is the snapshot that Changes compares with, nil for the first complete one.
	Baseline *snapshot.Snapshot
	// Older has each of snapshot.ComparedParts that Baseline could not read, with the last complete
	// snapshot that could, nil if there is none. MembersBaseline is the snapshot that members were
	// compared with, nil also if its settings did not ask for them.
	Older           map[string]*snapshot.Snapshot
	MembersBaseline *snapshot.Snapshot
	// LastComplete is the newest complete snapshot before an incomplete Snapshot, nil if none:
	// of the organization, or of the same label in the settings if the organization's id is not
	// known.
	LastComplete *snapshot.Snapshot
	snapshot.Shown
	Changes   []snapshot.Change
	Findings  []snapshot.Finding
	Exchanges []snapshot.Exchange
	// Approval is the approved baseline that was in force for this snapshot, nil if there was none.
	Approval *snapshot.Approval
	// Parts has every part of the organization, and whether this snapshot could read it.
	Parts []finding.Part
	// AuditLog says how the audit log was read, nil if it was not to be read.
	AuditLog *snapshot.AuditLog
	// Acceptances are the exceptions that concern the organization.
	Acceptances []snapshot.Acceptance
	// evaluated is set if the organization was reduced, see reduce.
	evaluated *evaluation
	// These count rows of the database views, the second source of the tie-outs.
	ViewSCIM, ViewSSO, ViewDomains, ViewMembers, ViewMemberTokens int
}

// Complete reports whether the run and every snapshot in it are complete.
func (m *Model) Complete() bool {
	return m.Run.Outcome == snapshot.Complete && len(m.Organizations) > 0 && m.incomplete() == 0 && len(m.Gaps) == 0
}

func (m *Model) incomplete() int {
	return len(m.Organizations) - CountOf(m.Organizations, (*Organization).complete)
}

func (o *Organization) complete() bool { return o.Snapshot.Outcome == snapshot.Complete }

// first reports whether this is the first complete snapshot of the organization, which has an
// inventory and no changes.
func (o *Organization) first() bool { return o.complete() && o.Baseline == nil }

// name returns the organization's name, else its last known name, else its label in the
// settings, else its id.
func (o *Organization) name() string {
	last := cmp.Or(o.LastComplete, new(snapshot.Snapshot))
	return cmp.Or(o.Snapshot.OrganizationName, last.OrganizationName, o.Snapshot.Source, o.Snapshot.OrganizationID)
}

// id returns the organization's id, that of its last complete snapshot if this one failed
// before the id was known.
func (o *Organization) id() string {
	return cmp.Or(o.Snapshot.OrganizationID, cmp.Or(o.LastComplete, new(snapshot.Snapshot)).OrganizationID)
}

// NetAdded returns the number of added less that of removed configurations of one kind.
func NetAdded(changes []snapshot.Change, kind diff.SubjectType) int {
	return CountKinds(changes, kind, diff.Added, diff.Reappeared) - CountKinds(changes, kind, diff.Removed)
}

// CountKinds counts the changes of these kinds to subjects of one type.
func CountKinds(changes []snapshot.Change, subject diff.SubjectType, kinds ...diff.Kind) int {
	return CountOf(changes, func(c snapshot.Change) bool {
		return c.SubjectType == subject && slices.Contains(kinds, c.Kind)
	})
}

// DaysBetween counts whole days from one instant to another, rounded down: an hour ago is -1.
func DaysBetween(from, to time.Time) int {
	days := int(to.Sub(from) / (24 * time.Hour))
	if to.Before(from) && to.Sub(from)%(24*time.Hour) != 0 {
		days--
	}
	return days
}

// Read builds the model of a run from the store. It also reads a run that has not ended or has
// no snapshot: the report says that the run is not complete.
func Read(ctx context.Context, store *snapshot.Store, runID int64) (m *Model, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("reading run %d for its report: %w", runID, err)
		}
	}()
	m = &Model{}
	if m.Run, err = store.Run(ctx, runID); err != nil {
		return nil, err
	}
	if m.Head, err = store.Head(ctx, runID); err != nil {
		return nil, err
	}
	if m.Runs, err = store.Runs(ctx, runID, shownRuns); err != nil {
		return nil, err
	}
	if m.PrunedAt, err = store.PrunedAfter(ctx, runID, m.Reach()); err != nil {
		return nil, err
	}
	before := m.Since().Add(-time.Second) // a night at Since itself is shown
	if !m.Run.ClockWrong {                // else nothing says which nights have passed
		if m.Nights, err = store.Nights(ctx, before, runID, m.Run.StartedAt, 0); err != nil {
			return nil, err
		}
	}
	firstOfTrend := m.Runs[min(trendRuns, len(m.Runs))-1].ID
	if m.Totals, err = store.Totals(ctx, firstOfTrend, runID); err != nil {
		return nil, err
	}
	if err := m.readLeftOut(ctx, store); err != nil {
		return nil, err
	}
	return m, m.readOrganizations(ctx, store)
}

// readLeftOut compares the organizations of the run with those of the last run before it that was not
// interrupted and has any, and of the interrupted ones since. A run of another shard has other
// organizations.
func (m *Model) readLeftOut(ctx context.Context, store *snapshot.Store) (err error) {
	collected := func(r snapshot.Run) bool { return r.CompleteOrganizations+r.FailedOrganizations > 0 }
	if m.Run.Interrupted() || !collected(m.Run) {
		return nil
	}
	for _, earlier := range m.Runs[1:] {
		if collected(earlier) && !earlier.Interrupted() {
			if earlier.Shard == m.Run.Shard {
				m.LeftOut, err = store.LeftOut(ctx, earlier.ID, m.Run.ID)
			}
			break
		}
	}
	return err
}

// readOrganizations reads every snapshot of the run, and the timeline over all organizations.
func (m *Model) readOrganizations(ctx context.Context, store *snapshot.Store) error {
	snapshots, err := store.Snapshots(ctx, m.Run.ID)
	if err != nil {
		return err
	}
	m.Rules = rulesOf(snapshots)
	for _, s := range snapshots {
		o := &Organization{Snapshot: s}
		m.Organizations = append(m.Organizations, o)
		if err := o.read(ctx, store); err != nil {
			return fmt.Errorf("snapshot %d of %s: %w", s.ID, o.name(), err)
		}
		if len(snapshots) > FleetSize {
			m.reduce(o)
		}
		changes, err := store.Timeline(ctx, o.id(), m.Since(), s.ID)
		if err != nil {
			return err
		}
		m.Timeline = append(m.Timeline, changes...)
	}
	slices.SortStableFunc(m.Timeline, func(a, b snapshot.Change) int { return a.TakenAt.Compare(b.TakenAt) })
	return nil
}

// rulesOf returns the rules of this version that were evaluated for at least one of the snapshots.
func rulesOf(snapshots []snapshot.Snapshot) []finding.Rule {
	if slices.ContainsFunc(snapshots, func(s snapshot.Snapshot) bool { return asksForMembers(&s) }) {
		return finding.Rules()
	}
	return slices.DeleteFunc(finding.Rules(), finding.Rule.OfMembers)
}

func (o *Organization) read(ctx context.Context, store *snapshot.Store) error {
	var err error
	if o.Findings, err = store.Findings(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if o.Exchanges, err = store.Exchanges(ctx, o.Snapshot.ID); err != nil {
		return err
	}
	if o.complete() {
		if err := o.readBaselines(ctx, store); err != nil {
			return fmt.Errorf("reading its baseline: %w", err)
		}
		err = o.readInventory(ctx, store)
	} else if o.Snapshot.OrganizationID == "" { // it failed before the id was known
		o.LastComplete, err = snapshotOrNil(store.Pinned(ctx, o.Snapshot.Source, o.Snapshot.ID))
	} else {
		o.LastComplete, err = snapshotOrNil(store.LastComplete(ctx, o.Snapshot.OrganizationID, o.Snapshot.ID))
	}
	if err != nil {
		return err
	}
	known := o.Snapshot
	known.OrganizationID = o.id()
	o.Parts, err = store.Parts(ctx, known)
	return err
}

// readBaselines finds the snapshots that this one was compared with. If the baseline could not
// read SSO configurations or policies, these were compared with the last complete snapshot that
// could. Retention never deletes the newest such snapshot, so this finds the one that was used.
func (o *Organization) readBaselines(ctx context.Context, store *snapshot.Store) error {
	if o.Snapshot.BaselineID == 0 {
		return nil
	}
	b, err := store.Snapshot(ctx, o.Snapshot.BaselineID)
	o.Baseline = &b
	for _, c := range snapshot.ComparedParts {
		if err == nil && snapshot.NotAssessed(b.Parts(), c.Part) != "" {
			if o.Older == nil {
				o.Older = make(map[string]*snapshot.Snapshot)
			}
			o.Older[c.Part], err = snapshotOrNil(store.LastRead(ctx, o.Snapshot.OrganizationID, c.Part, b.ID))
		}
	}
	if err == nil {
		o.MembersBaseline, err = snapshotOrNil(store.MembersBaseline(ctx, b))
	}
	return err
}

// comparedWith returns the snapshot that a part was compared with, nil if no earlier one could read
// it.
func (o *Organization) comparedWith(part string) *snapshot.Snapshot {
	if older, found := o.Older[part]; found {
		return older
	}
	return o.Baseline
}

func snapshotOrNil(s snapshot.Snapshot, found bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !found {
		return nil, err
	}
	return &s, nil
}

func (o *Organization) readInventory(ctx context.Context, store *snapshot.Store) error {
	id := o.Snapshot.ID
	var errs [7]error
	o.Shown, errs[0] = store.Shown(ctx, o.Snapshot)
	o.Changes, errs[1] = store.Changes(ctx, id)
	o.Approval, errs[2] = store.Approval(ctx, o.Snapshot.OrganizationID, o.Snapshot.LedgerNumber)
	o.AuditLog, errs[3] = store.AuditLog(ctx, id)
	o.Acceptances, errs[4] = store.Acceptances(ctx, id)
	o.ViewSCIM, o.ViewSSO, o.ViewDomains, errs[5] = store.CountRows(ctx, id)
	if o.membersRequested() {
		o.ViewMembers, o.ViewMemberTokens, errs[6] = store.CountMembers(ctx, id)
	}
	return cmp.Or(errs[:]...)
}
