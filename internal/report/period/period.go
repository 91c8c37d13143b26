// Package period reports what the database holds about a period: each night on which a run was
// expected, and what changed, was wrong and was accepted over these nights. It is for an audit of how
// the control worked over months.
package period

import (
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Span is the period that a report is about, and how its sample of nights is drawn.
type Span struct {
	// From and To are the first and the last instant of the period: UTC, whole seconds.
	From, To time.Time
	// Now is the instant of the report: a period that has not ended is known up to then. The report
	// of a period that has ended does not depend on it.
	Now time.Time
	// Sample is how many nights are drawn. Seed decides which; see DefaultSeed.
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

// ended says whether the period was over when the report was made.
func (s *Span) ended() bool { return s.To.Before(s.Now) }

// known is up to when the report can know: the end of the period, or the instant of the report.
func (s *Span) known() time.Time {
	if s.ended() {
		return s.To
	}
	return s.Now
}

func (s *Span) contains(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// String is the period as it stands in sentences.
func (s *Span) String() string {
	days := strings.Replace(folder.Period(s.From, s.To), "--", " to ", 1)
	if strings.Contains(days, "T") { // it does not begin and end with a day
		return report.UTC(s.From) + " to " + report.UTC(s.To)
	}
	return days + " (UTC, both days included)"
}

// Period is what the database holds about a period. All times are UTC.
type Period struct {
	Span
	began     time.Time               // when the first run of the database began
	schedules []schedule.Period       // oldest first
	expected  []schedule.Period       // the same, and every UTC day where none was in force
	runs      map[int64]*snapshot.Run // every run of the database
	// nights are those of the runs as a whole, drawn the same in the order of the sample. There are
	// earlier nights before them.
	nights, drawn []*night
	earlier       int
	// every has the nights as each organization saw them, then unclaimed, which were expected of none.
	every, unclaimed []organizationNight
	organizations    []*organization
	names            report.Names
	// absent are the last complete snapshots of the organizations that were known before the period
	// and that no run of the period has collected.
	absent []*snapshot.Snapshot
}

// organization is what the database holds about one organization in the period.
type organization struct {
	index      int    // in the report
	id, source string // id is empty where no snapshot of the source ever was complete
	name       string // unique in the report

	// opening is the last complete snapshot before the period, closing the last one of the period that
	// follows it; each nil where there is none.
	opening, closing *snapshot.Snapshot
	// snapshots are those taken in the period, failed and pruned ones too, oldest first. since are
	// those of them that follow the opening one; complete are the opening one and the complete ones
	// of since.
	snapshots, since, complete []*snapshot.Snapshot
	// pruned are the opening one and those of since that retention removed; lost counts the changes of
	// the latter.
	pruned []*snapshot.Snapshot
	lost   int
	// after and upTo bound the ids of the snapshots whose changes and findings the period shows.
	after, upTo int64

	begins  time.Time // when it was first tried; no night before that was expected of it
	nights  []organizationNight
	lacking []time.Time // its nights without a complete snapshot, also those from before the period

	scim, sso configurations
	// policiesBefore is the last snapshot before the period that could read the policies, or nil.
	policiesBefore *snapshot.Snapshot

	changes []change
	// net is what differs between the first and the last snapshot that retention has left, each nil where
	// there are no two.
	net struct {
		before, after *snapshot.Snapshot
		changes       []change
	}
	findings   []episode
	exceptions []snapshot.Standing
	totals     snapshot.Counts // counts of the database: a second source
	// openAtStart and openAtEnd count the findings that the snapshots at the two ends hold open: a
	// second source.
	openAtStart, openAtEnd int
}

func complete(s *snapshot.Snapshot) bool { return s.Outcome == snapshot.Complete }

func pruned(s *snapshot.Snapshot) bool { return !s.PrunedAt.IsZero() }

// intact says whether a snapshot is complete and retention has left what it holds.
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
