// Package report writes the report on one run: a workbook, Markdown, JSON and CSV. Read builds a
// Model from the database alone, and every file comes from it. The same database therefore always
// produces the same bytes.
package report

import (
	"cmp"
	"slices"
	"strings"
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
	// Runs has Run and the runs before it, newest first, at most shownRuns.
	Runs []snapshot.Run
	// Totals has the totals of each run in the trend, by run id.
	Totals map[int64]*snapshot.Totals
	// Nights has the scheduled runs since Since, oldest first; none if no schedule is recorded.
	Nights []schedule.Night
	// Timeline has every change that complete snapshots of the run's organizations found since
	// Since, up to this run, oldest first.
	Timeline []snapshot.Change
	// Rules has the rules of this version, in the order of the report.
	Rules []finding.Rule
}

// The limits of the history in a report, so that its size does not grow over the years.
const (
	shownRuns = 90
	shownDays = 90
	trendRuns = 30
)

// Since returns the start of the timeline and of the list of missed nights.
func (m *Model) Since() time.Time { return m.Run.StartedAt.UTC().AddDate(0, 0, -shownDays) }

// Organization is the data of a run about one organization. If the snapshot is not complete, only
// Snapshot, LastComplete, Findings and Exchanges are set.
type Organization struct {
	Snapshot snapshot.Snapshot
	// Baseline is the snapshot that Changes compares with, nil for the first complete one.
	Baseline *snapshot.Snapshot
	// SSOBaseline and PoliciesBaseline are the snapshots that SSO configurations and policies were
	// compared with: Baseline, or the last complete snapshot that could read them, nil if there is
	// none.
	SSOBaseline, PoliciesBaseline *snapshot.Snapshot
	// LastComplete is the newest complete snapshot before an incomplete Snapshot, nil if none.
	LastComplete *snapshot.Snapshot
	snapshot.Shown
	Changes   []snapshot.Change
	Findings  []snapshot.Finding
	Exchanges []snapshot.Exchange
	// AuditLog says how the audit log was read, nil if it was not to be read.
	AuditLog *snapshot.AuditLog
	// Acceptances are the exceptions that concern the organization.
	Acceptances []snapshot.Acceptance
	// ViewSCIM and ViewSSO count rows of the database views, the second source of the tie-outs.
	ViewSCIM, ViewSSO int
}

// Complete reports whether the run and every snapshot in it are complete.
func (m *Model) Complete() bool {
	return m.Run.Outcome == snapshot.Complete && len(m.Organizations) > 0 && m.incomplete() == 0
}

func (m *Model) incomplete() int {
	n := 0
	for _, o := range m.Organizations {
		if !o.complete() {
			n++
		}
	}
	return n
}

func (o *Organization) complete() bool { return o.Snapshot.Outcome == snapshot.Complete }

// first reports whether this is the first complete snapshot of the organization, which has an
// inventory and no changes.
func (o *Organization) first() bool { return o.complete() && o.Baseline == nil }

// name returns the organization's name, else its last known name, else its label in the settings,
// else its id.
func (o *Organization) name() string {
	last := cmp.Or(o.LastComplete, new(snapshot.Snapshot))
	return cmp.Or(o.Snapshot.OrganizationName, last.OrganizationName, o.Snapshot.Source, o.Snapshot.OrganizationID)
}

// id returns the organization's id, that of its last complete snapshot if this one failed before
// the id was known.
func (o *Organization) id() string {
	return cmp.Or(o.Snapshot.OrganizationID, cmp.Or(o.LastComplete, new(snapshot.Snapshot)).OrganizationID)
}

// sso returns the SSO configuration with an id, nil if the organization has none.
func (o *Organization) sso(id string) *snapshot.SSOConfiguration {
	i, found := slices.BinarySearchFunc(o.SSO, id, func(c snapshot.SSOConfiguration, id string) int {
		return strings.Compare(c.ID, id)
	})
	if !found {
		return nil
	}
	return &o.SSO[i]
}

// netAdded returns the number of added less that of removed configurations since the baseline.
func (o *Organization) netAdded(subject diff.SubjectType) int {
	n := 0
	for i := range o.Changes {
		switch c := &o.Changes[i]; {
		case c.SubjectType != subject:
		case c.Kind == diff.Added || c.Kind == diff.Reappeared:
			n++
		case c.Kind == diff.Removed:
			n--
		}
	}
	return n
}

// DaysBetween counts whole days from one instant to another, rounded down: an hour ago is -1.
func DaysBetween(from, to time.Time) int {
	days := int(to.Sub(from) / (24 * time.Hour))
	if to.Before(from) && to.Sub(from)%(24*time.Hour) != 0 {
		days--
	}
	return days
}
