// Package report writes what the store holds about one run as files that auditors read: a workbook,
// Markdown, JSON and CSV. Everything in them comes from one Model, which Read builds from the
// database alone, so that the same database gives the same bytes at any time.
package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Model is everything that a report says about one run. All times are UTC.
type Model struct {
	Run           snapshot.Run
	Organizations []*Organization
	// Runs is the register, newest first, from Run back to at most shownRuns runs.
	Runs []snapshot.Run
	// Totals is what the runs of the trend add up to, by run.
	Totals map[int64]*snapshot.Totals
	// Nights are the nights that a schedule expected since Since, oldest first; none where no schedule
	// is recorded.
	Nights []schedule.Night
	// Timeline holds every change of the run's organizations in complete snapshots since Since, up to
	// this run, oldest first.
	Timeline []snapshot.Change
	// Rules are the rules that findings are judged by, in the order of the report.
	Rules []finding.Rule
}

// How much of the past a report shows, so that it does not grow with the nights before it.
const (
	shownRuns = 90
	shownDays = 90
	trendRuns = 30
)

// Since is the beginning of the time that the timeline and the register of nights show.
func (m *Model) Since() time.Time { return m.Run.StartedAt.UTC().AddDate(0, 0, -shownDays) }

// Organization is what a run knows of one organization. Of a snapshot that is not complete only
// Snapshot, LastComplete, Findings and Exchanges are set.
type Organization struct {
	Snapshot snapshot.Snapshot
	// Baseline is the snapshot that Changes compares with, nil for the first complete snapshot of an
	// organization.
	Baseline *snapshot.Snapshot
	// SSOBaseline and PoliciesBaseline are what these were compared with: Baseline, or where it could
	// not read them the last complete snapshot that could, nil when there is none.
	SSOBaseline, PoliciesBaseline *snapshot.Snapshot
	// LastComplete is the newest complete snapshot before one that is not complete, nil when there is
	// none.
	LastComplete *snapshot.Snapshot
	snapshot.Shown
	Changes   []snapshot.Change
	Findings  []snapshot.Finding
	Exchanges []snapshot.Exchange
	// AuditLog is how the audit log was read, nil where it was not to be read.
	AuditLog *snapshot.AuditLog
	// Acceptances are the exceptions that concern the organization.
	Acceptances []snapshot.Acceptance
	// ViewSCIM and ViewSSO are rows counted through the store's views: the second source of the
	// tie-outs.
	ViewSCIM, ViewSSO int
}

// Complete reports whether every organization of the run has a complete snapshot and the run itself
// ended so.
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

// name is what people call the organization: its name, else the one it had, else its label in the
// settings, else its id.
func (o *Organization) name() string {
	last := cmp.Or(o.LastComplete, new(snapshot.Snapshot))
	return cmp.Or(o.Snapshot.OrganizationName, last.OrganizationName, o.Snapshot.Source, o.Snapshot.OrganizationID)
}

// id is the organization's id, that of its last complete snapshot where this one failed before it
// was known.
func (o *Organization) id() string {
	return cmp.Or(o.Snapshot.OrganizationID, cmp.Or(o.LastComplete, new(snapshot.Snapshot)).OrganizationID)
}

// sso finds a linked SSO configuration, nil when the organization's list lacks it.
func (o *Organization) sso(id string) *snapshot.SSOConfiguration {
	i, found := slices.BinarySearchFunc(o.SSO, id, func(c snapshot.SSOConfiguration, id string) int {
		return strings.Compare(c.ID, id)
	})
	if !found {
		return nil
	}
	return &o.SSO[i]
}

// moved is how many configurations of a kind came since the baseline, less those that went.
func (o *Organization) moved(subject diff.SubjectType) int {
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

// DaysBetween counts whole days from one instant to another, rounded down, so that what ended an
// hour ago is at -1.
func DaysBetween(from, to time.Time) int {
	days := int(to.Sub(from) / (24 * time.Hour))
	if to.Before(from) && to.Sub(from)%(24*time.Hour) != 0 {
		days--
	}
	return days
}
