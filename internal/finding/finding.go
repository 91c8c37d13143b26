// Package finding judges the inventory and the changes of one organization by the rules of the
// audit: what fails, what passes, and what could not be assessed. It is pure, as package diff is.
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

// Finding is the outcome of one rule for one subject: one for each subject that fails the rule or
// could not be assessed, else a single one for the organization. A missed night (RUN-002) and an
// unknown field (RUN-004) have the subject type of the organization that they belong to and an id
// of their own.
type Finding struct {
	RuleID   string
	Severity diff.Severity
	Status   Status
	// OriginalStatus is what an exception covers; empty unless Status is Excepted.
	OriginalStatus Status
	SubjectType    diff.SubjectType
	SubjectID      string
	SubjectName    string
	// Observed is what was found or, for NotAssessed, why it was not. It does not quote the instant
	// of the night or of the baseline: a finding that stays the same has the same text every night.
	Observed string
	// Fingerprint is what Fingerprint returns, so that a finding keeps its age when its subject is
	// renamed.
	Fingerprint string
}

// Fingerprint identifies a finding in all runs: the SHA-256, in hex, of rule, organization id,
// subject type and subject id, each separated by a line feed.
func Fingerprint(ruleID, organizationID string, subjectType diff.SubjectType, subjectID string) string {
	sum := sha256.Sum256([]byte(ruleID + "\n" + organizationID + "\n" + string(subjectType) + "\n" + subjectID))
	return hex.EncodeToString(sum[:])
}

// Input is what the rules look at: one organization at one instant.
type Input struct {
	// TakenAt is the instant of the snapshot, UTC.
	TakenAt   time.Time
	Inventory ona.Inventory
	// Baseline is nil for the first complete snapshot of an organization.
	Baseline *Baseline
	Changes  []diff.Change
	// AuditLog is nil where the log was not read.
	AuditLog *AuditLog
	// ExpirySince returns since when snapshots show the present expiry of a token. It is called once
	// for each SCIM configuration, in the order of the inventory. Nil: each is in its first snapshot.
	ExpirySince func(*ona.SCIMConfiguration) ExpirySince
	// ServerClockOffset is the local clock minus the server's Date at collection; ServerClockKnown is
	// false when no answer carried a Date.
	ServerClockOffset time.Duration
	ServerClockKnown  bool
	BaseURL           string
	// Principal is the identity that collected, as kind and id.
	Principal string
	// UnknownFields are the fields of answers that this version does not know, as Type.field, sorted.
	UnknownFields []string
	// ScheduleKnown is true when the run knows the schedule that it belongs to; MissedNights are then
	// the scheduled instants, UTC, that have no complete run.
	ScheduleKnown bool
	MissedNights  []time.Time
	// TurnedOff is, by rule id, the reason why a rule is not evaluated.
	TurnedOff map[string]string
}

// Baseline is what the rules need of the snapshot that the current one is compared with.
type Baseline struct {
	OrganizationID, BaseURL, Principal string
}

// ExpirySince is how long a token expiry has been seen.
type ExpirySince struct {
	// At is the first snapshot with this expiry, UTC.
	At time.Time
	// Rotated is true when an earlier snapshot showed another expiry, so that the rotation happened
	// just before At.
	Rotated bool
}
