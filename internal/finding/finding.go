// Package finding evaluates the audit rules on the inventory and the changes of one organization:
// what fails, what passes, and what could not be assessed. Like package diff it is pure: it neither
// reads a clock nor uses the API or the store.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// Status is the outcome of a rule for a subject.
type Status string

// The statuses. A rule that could not be evaluated is NotAssessed, never Pass.
const (
	Fail        Status = "fail"
	Pass        Status = "pass"
	NotAssessed Status = "not_assessed"
	Excepted    Status = "excepted"
)

// Finding is the outcome of one rule for one subject; see Evaluate. The subject type of a gap
// (RUN-002) and of an unknown field (RUN-004) is Organization, and the subject id is the first
// night of the gap or the field.
type Finding struct {
	RuleID   string
	Severity diff.Severity
	Status   Status
	// OriginalStatus is the status before an exception applied; empty unless Status is Excepted.
	OriginalStatus Status
	SubjectType    diff.SubjectType
	SubjectID      string
	SubjectName    string
	// Observed is what was found or, for NotAssessed, why the rule could not be assessed. It
	// contains neither the time of the snapshot nor that of the baseline, so that an unchanged
	// finding has the same text in every run.
	Observed string
	// Fingerprint is the result of the function Fingerprint. It has no names, so a finding keeps
	// its age if its subject is renamed.
	Fingerprint string
}

// Fingerprint identifies a finding in all runs: the SHA-256, in hex, of rule, organization id,
// subject type and subject id, each separated by a line feed.
func Fingerprint(ruleID, organizationID string, subjectType diff.SubjectType, subjectID string) string {
	sum := sha256.Sum256([]byte(ruleID + "\n" + organizationID + "\n" + string(subjectType) + "\n" + subjectID))
	return hex.EncodeToString(sum[:])
}

// Input is what the rules evaluate: one organization at one instant.
type Input struct {
	// TakenAt is the instant of the snapshot, UTC.
	TakenAt   time.Time
	Inventory ona.Inventory
	// Baseline is nil for the first complete snapshot of an organization.
	Baseline *Baseline
	Changes  []diff.Change
	// ListedOnly has the removed configurations that only a second listing confirms, with the
	// reason why the API could not be asked.
	ListedOnly map[diff.Subject]string
	// Leavers is nil if the settings have no list of leavers.
	Leavers *Leavers
	// AuditLog is nil if the log was not read.
	AuditLog *AuditLog
	// ExpirySince returns since when snapshots show the present expiry of a token. It is called
	// once for each SCIM configuration, in the order of the inventory. Nil means since this
	// snapshot.
	ExpirySince func(*ona.SCIMConfiguration) ExpirySince
	// ServerClockOffset is the local clock minus the server's Date during the collection;
	// ServerClockKnown is false if no response had a Date.
	ServerClockOffset time.Duration
	ServerClockKnown  bool
	BaseURL           string
	// Principal is the kind and the id of the identity to which the token belongs.
	Principal string
	// UnknownReport names a report folder of this database whose history the database does not
	// contain; empty if there is none.
	UnknownReport string
	// UnknownFields has the response fields that this version does not know, as Type.field, sorted.
	UnknownFields []string
	// Parts has every part of the organization.
	Parts []Part
	// Approved is nil if no baseline of the organization is approved.
	Approved *Approved
	// ScheduleKnown is true if the database has a schedule; Gaps then has the scheduled nights
	// without a complete snapshot of the organization, as far as Thresholds.MissedNights goes back.
	ScheduleKnown bool
	Gaps          []Gap
	// LaterRuns are earlier runs that are recorded later than this snapshot.
	LaterRuns []LaterRun
	// TurnedOff is, by rule id, the reason why a rule is not evaluated.
	TurnedOff map[string]string
}

// Gap is a stretch of consecutive scheduled nights without a complete snapshot; First and Last are
// scheduled times, UTC.
type Gap struct {
	First, Last time.Time
	Nights      int
}

// LaterRun is an earlier run whose recorded start, UTC, is still to come: the clock was wrong.
type LaterRun struct {
	ID        int64
	StartedAt time.Time
}

// Baseline is what the rules need to know about the baseline.
type Baseline struct {
	OrganizationID, BaseURL, Principal string
}

// Part is a part of an organization, such as its SSO configurations, and whether it could be read.
type Part struct {
	Name string
	// NotAssessed says why it could not be read, Lacking why a part of it may be missing. Both are
	// empty if it was read in full.
	NotAssessed, Lacking string
	// NotDue is true if it did not have to be read: the audit log of a first snapshot.
	NotDue bool
	// LastRead is when the newest earlier snapshot that could read it was taken, UTC, if this one
	// could not; zero if none could.
	LastRead time.Time
}

// Approved is the approved baseline of an organization, and how the snapshot differs from it.
type Approved struct {
	// RunID is the run that was approved, By who approved it, At when, UTC.
	RunID int64
	By    string
	At    time.Time
	// Changes is the net change since the approved snapshot.
	Changes []diff.Change
	// NotCompared has the parts that either snapshot could not read.
	NotCompared []string
	// ReviewedRun is the run of the newest review after the approval, ReviewedBy who reviewed it; 0
	// and empty if there is none.
	ReviewedRun int64
	ReviewedBy  string
}

// ExpirySince says since when snapshots show a token's expiry.
type ExpirySince struct {
	// At is the first snapshot with this expiry, UTC.
	At time.Time
	// Rotated is true if an earlier snapshot showed another expiry: the token was rotated between
	// that snapshot and At.
	Rotated bool
}
