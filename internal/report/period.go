package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// Span is what a report of a period is asked for.
type Span struct {
	// From and To are the ends of the period, both included, UTC, whole seconds.
	From, To time.Time
	// Now is the instant of the report: what a period that has not ended shows is known up to then. A report of one that has does not depend on
	// it.
	Now time.Time
	// Sample is how many nights are drawn, Seed what they are drawn by; DefaultSeed makes one.
	Sample int
	Seed   int64
}

// DefaultSeed derives a seed from a period: the digits of its first and its last day, such as 2026100120261231.
func DefaultSeed(from, to time.Time) int64 {
	day := func(t time.Time) int64 {
		year, month, day := t.UTC().Date()
		return int64(year)*10_000 + int64(month)*100 + int64(day)
	}
	return day(from)*100_000_000 + day(to)
}

// Period is everything that a report says about a period. All times are UTC.
type Period struct {
	Span
	// Began is when the first run of the database began.
	Began time.Time
	// Schedules have been in force, oldest first.
	Schedules []snapshot.Schedule
	// Runs are those that began in the period, and those of its nights that began later; oldest first.
	Runs []snapshot.Run
	// Nights are the nights of the period that were expected, oldest first, with what became of each for the run as a whole.
	Nights        []periodNight
	Organizations []periodOrganization
	// Absent are the last complete snapshots of the organizations that were known before the period and that no run in it has.
	Absent []snapshot.Snapshot
	Rules  []finding.Rule

	byID map[int64]*snapshot.Run // every run of the database
}

// periodNight is a night of the period.
type periodNight struct {
	schedule.Night
	// expression is the schedule that expected it, empty for a UTC day on which none was in force.
	expression string
	run        *snapshot.Run // nil when there was none
	// key is what the sample is drawn by, draw the night's place in the order of the keys, from 1.
	key  string
	draw int
}

// periodOrganization is what the store has about one organization in a period.
type periodOrganization struct {
	id, source, name string
	// opening is its last complete snapshot before the period, nil where it had none yet; closing its last one up to the end,
	// nil where there is none after the opening.
	opening, closing *snapshot.Snapshot
	begins           time.Time // when it was first tried; nights before that were not expected of it unless there is an opening snapshot
	// snapshots are those of the period, failed and pruned ones too, in order.
	snapshots []snapshot.Snapshot
	byID      map[int64]*snapshot.Snapshot // snapshots and the opening one
	nights    []organizationNight
	gap       int // nights between the opening snapshot and the period
	net       netChange
	// changes are those of the snapshots after the opening one, oldest first.
	changes  []periodChange
	episodes []episode
	// earlier are failed snapshots after the opening one and before the period, whose findings are among the episodes.
	earlier []*snapshot.Snapshot
	// startsWith and endsWith are what the snapshots at the two ends themselves leave open.
	startsWith, endsWith openFindings
	standings            []snapshot.Standing
	// sso are the snapshots that the SSO configurations are counted in, at the start and at the end; nil where none could read them.
	ssoOpening, ssoClosing *snapshot.Snapshot
	// policiesOpening is the last snapshot before the period that could read the policies, nil where there is none.
	policiesOpening *snapshot.Snapshot
	counts          snapshot.Counts
}

// organizationNight is a night as one organization saw it.
type organizationNight struct {
	*periodNight
	status   schedule.Status
	snapshot *snapshot.Snapshot // nil when there is none
}

// netChange is what differs between the first and the last whole snapshot of a period.
type netChange struct {
	before, after *snapshot.Snapshot // nil where there are no two
	changes       []diff.Change
}

// periodChange is a change with how the audit log was read for its snapshot.
type periodChange struct {
	snapshot.Change
	log *snapshot.AuditLog
}

// episode is a finding of the period.
type episode struct {
	snapshot.Episode
	// closedBy is the first snapshot that could tell and in which it was open no longer, nil where there is none.
	closedBy *snapshot.Snapshot
	// unknown says that it may have closed: retention removed every complete snapshot after its last one.
	unknown bool
}

// ended says whether the period was over when the report was made.
func (p *Period) ended() bool { return p.To.Before(p.Now) }

// known is up to when the report can know: the end of the period, or the instant of the report.
func (p *Period) known() time.Time {
	if p.ended() {
		return p.To
	}
	return p.Now
}

// contains says whether an instant is in the period.
func (s *Span) contains(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// name is the period as names of files have it: by its days, or by its instants where it does not begin and end with a day.
func (s *Span) name() string {
	layout := folderTime
	if s.days() {
		layout = time.DateOnly
	}
	return s.From.UTC().Format(layout) + "--" + s.To.UTC().Format(layout)
}

// days says whether the period is of whole days.
func (s *Span) days() bool {
	day := func(t time.Time) bool { return t.Equal(t.Truncate(24 * time.Hour)) }
	return day(s.From.UTC()) && day(s.To.UTC().Add(time.Second))
}

// String is the period as sentences tell it.
func (s *Span) String() string {
	if s.days() {
		return s.From.UTC().Format(time.DateOnly) + " to " + s.To.UTC().Format(time.DateOnly) + " (UTC, both days included)"
	}
	return utc(s.From) + " to " + utc(s.To)
}

// sampleKey is what the nights are ordered by to draw a sample: SHA-256, in hex, over the seed, a vertical bar and the night in RFC 3339.
func (s *Span) sampleKey(night time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", s.Seed, sampleForm(night)))
	return hex.EncodeToString(sum[:])
}

// sampled says whether a night is in the sample.
func (p *Period) sampled(n *periodNight) bool { return n.draw <= p.Sample }
