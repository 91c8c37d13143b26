// Package period reports on a period, for an audit of how the control worked over months. It lists
// every scheduled run, which it calls a night, and the changes, findings and exceptions in these
// nights. It reads everything from the database.
package period

import (
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Span has the limits of a period, and how its sample of nights is drawn.
type Span struct {
	// From and To are the first and the last instant of the period: UTC, whole seconds.
	From, To time.Time
	// Now is the time of the report. A period that has not ended is known until then. The report on
	// a period that has ended does not depend on it.
	Now time.Time
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

// knownUntil returns the end of the period, or the time of the report if the period has not ended.
func (s *Span) knownUntil() time.Time {
	if s.ended() {
		return s.To
	}
	return s.Now
}

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
	lastHead  evidence.Head           // of the last run that began up to the end and has ended
	began     time.Time               // start of the first run recorded in the database
	schedules []schedule.Period       // oldest first
	expected  []schedule.Period       // the same, filled with every UTC day without a schedule
	runs      map[int64]*snapshot.Run // every run in the database, by id
	// nights are the nights in the period, drawn the same nights in the order of the sample.
	// earlier counts the nights since the first run that are before the period.
	nights, drawn []*night
	earlier       int
	// every has the nights of each organization, then unclaimed: those not assigned to any.
	every, unclaimed []organizationNight
	organizations    []*organization
	names            report.Names
	// absent has the last complete snapshot of each organization that was known before the period
	// and has no snapshot in it.
	absent []*snapshot.Snapshot
}

// organization is what the database holds about one organization in the period.
type organization struct {
	index      int    // in the report
	id, source string // id is empty if the source never had a complete snapshot
	name       string // unique in the report

	// opening is the last complete snapshot before the period, closing the last complete one in the
	// period; nil if there is none.
	opening, closing *snapshot.Snapshot
	// snapshots has those taken in the period, failed and pruned ones too, oldest first. since has
	// those with a higher id than the opening one. complete has the opening one and the complete
	// ones in since.
	snapshots, since, complete []*snapshot.Snapshot
	// pruned has those in complete and since whose content retention deleted; lost counts the
	// deleted changes in the period.
	pruned []*snapshot.Snapshot
	lost   int
	// The report shows changes and findings of snapshots with ids above after, up to upTo.
	after, upTo int64

	begins    time.Time // time of its first snapshot; earlier nights are not assigned to it
	nights    []organizationNight
	uncovered []time.Time // its nights without a complete snapshot, also those before the period

	scim, sso configurations
	// policiesBefore is the last snapshot before the period that could read the policies, or nil.
	policiesBefore *snapshot.Snapshot

	changes []change
	// net compares the first and the last intact snapshot, both nil if there are fewer than two.
	net struct {
		before, after *snapshot.Snapshot
		changes       []change
	}
	findings   []episode
	exceptions []snapshot.Standing
	totals     snapshot.Counts // counted by the database: a second source
	// openAtStart and openAtEnd count the open findings of the opening and the last complete
	// snapshot: a second source.
	openAtStart, openAtEnd int
}

func complete(s *snapshot.Snapshot) bool { return s.Outcome == snapshot.Complete }

func pruned(s *snapshot.Snapshot) bool { return !s.PrunedAt.IsZero() }

// intact reports whether a snapshot is complete and not pruned.
func intact(s *snapshot.Snapshot) bool { return complete(s) && !pruned(s) }

func countOf[T any](all []T, counts func(T) bool) int {
	n := 0
	for _, one := range all {
		if counts(one) {
			n++
		}
	}
	return n
}
