// Package snapshot owns the store: runs, snapshots, versions of configurations, changes,
// findings, the evidence of how they were collected, and the ledger, in one SQLite file. Only
// this package and the migrations contain SQL. All times are UTC.
package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

// Outcome is how a run or a snapshot ended.
type Outcome string

// The outcomes. A run is complete if every snapshot in it is complete. A run that is Running
// although no process holds the lock was interrupted; the next run records its end as failed.
const (
	Running  Outcome = "running"
	Complete Outcome = "complete"
	Failed   Outcome = "failed"
)

// MembersSetting is what the settings ask for about members.
type MembersSetting string

// The settings. If members are redacted, no name and no address of one is stored.
const (
	MembersOff      MembersSetting = "off"
	MembersOn       MembersSetting = "on"
	MembersRedacted MembersSetting = "redacted"
)

// Run is one execution of the job over all organizations. As JSON it has the column names of
// the table "runs".
type Run struct {
	ID           int64     `json:"id,omitempty"`
	StartedAt    time.Time `json:"started_at"`             // whole seconds
	FinishedAt   time.Time `json:"finished_at,omitzero"`   // zero while running
	ScheduledFor time.Time `json:"scheduled_for,omitzero"` // zero for a run that no schedule asked for
	Trigger      string    `json:"trigger"`                // "manual", "schedule", "catch_up" or "demo"
	Outcome      Outcome   `json:"outcome"`
	ClockWrong   bool      `json:"clock_wrong,omitempty"` // its times are those of a wrong clock
	// ClockNotConfirmed is set with ClockWrong if no server showed that the clock was wrong: none
	// answered, and the time does not fit the runs before.
	ClockNotConfirmed bool   `json:"clock_not_confirmed,omitempty"`
	Error             string `json:"error,omitempty"`
	ToolVersion       string `json:"tool_version"`
	Host              string `json:"host"`
	Shard             string `json:"shard,omitempty"` // the sources that it collected, such as 0/4; empty for all
	// UnknownReport names a report folder of this database whose history the database did not
	// contain when the run began; empty if there was none.
	UnknownReport         string    `json:"unknown_report,omitempty"`
	CompleteOrganizations int       `json:"complete_organizations"` // organizations whose snapshot is complete
	FailedOrganizations   int       `json:"failed_organizations"`   // organizations whose snapshot failed
	Changes               int       `json:"changes"`
	FailedFindings        int       `json:"failed_findings"`
	SCIMConfigurations    int       `json:"scim_configurations"`       // over all complete snapshots of the run
	ReportPrunedAt        time.Time `json:"report_pruned_at,omitzero"` // zero if no prune removed its report folder
}

// Snapshot is the header of a snapshot: one organization at one instant, collected completely
// or not at all.
type Snapshot struct {
	ID, RunID        int64
	Source           string // the label of the organization in the settings
	OrganizationID   string // empty if the run failed before it was known
	OrganizationName string
	OrganizationTier string
	BaseURL          string
	PrincipalID      string // id of the user or service account whose token was used
	Principal        string // its kind, such as PRINCIPAL_USER
	TakenAt          time.Time
	Outcome          Outcome
	BaselineID       int64 // 0 for the first complete snapshot of an organization, and for failed ones
	ErrorCode        string
	Error            string
	// Pages counts the pages of all SCIM and SSO listings. Received counts the records in the last
	// listing, Distinct the different ids; the collector counts both before it stores anything.
	// SCIMConfigurations and SSOConfigurations count the stored rows.
	Pages                                 int
	SCIMListing, SSOListing               Listing
	SCIMReceived, SCIMDistinct            int
	SSOReceived, SSODistinct              int
	SCIMConfigurations, SSOConfigurations int
	DomainVerifications                   int // that are stored
	// MembersSetting is what the settings ask for. MembersSaltID identifies the salt of redacted
	// members.
	MembersSetting MembersSetting
	MembersSaltID  string
	MemberListing  Listing
	// MembersCounted is how many members the server counts, MembersCountRelation what this means;
	// the relation is empty if the server does not count. Members and MemberTokens are stored.
	MembersReceived, MembersDistinct, MembersCounted int
	MembersCountRelation                             string
	Members, MemberTokens                            int
	// These say why a part could not be read; empty if it was read. A snapshot without a baseline
	// does not read the audit log.
	SSONotAssessed, PoliciesNotAssessed, DomainsNotAssessed, AuditLogNotAssessed string
	MembersNotAssessed, MemberTokensNotAssessed                                  string
	// Leavers is what the list of leavers of the settings says; nil without a list, and if the
	// members could not be read.
	Leavers *finding.Leavers
	// AuditLogLacking says why entries of the audit log may be missing.
	AuditLogLacking string
	// OwnToken is what the API says about the end of the token that was used.
	OwnToken ona.OwnToken
	Retries  int
	// ServerClockOffset is the local clock minus the server's Date; valid if ServerClockKnown is
	// true.
	ServerClockOffset time.Duration
	ServerClockKnown  bool
	// Notes are remarks of the collector, such as an id that was listed twice with the same
	// content.
	Notes         []string
	UnknownFields []string // response fields that this version does not know, as Type.field, sorted
	// Changes and FailingFindings count the rows of the snapshot, also after they are pruned.
	Changes, FailingFindings int
	// ContentSHA256 covers the configurations, RecordsSHA256 the exchanges, changes and
	// findings. ChainSHA256 is the link of this header in the ledger. All are in hex.
	// ContentSHA256 is empty for a failed snapshot.
	ContentSHA256, RecordsSHA256, ChainSHA256 string
	PrunedAt                                  time.Time // zero if the snapshot is not pruned
	RuleSetID                                 int64     // what Store.RecordRules returned; 0 if no rules are recorded
	LedgerNumber                              int64     // number of the link
}

// Listing has the collector's counts for one listing; the zero value if the listing was not
// read.
type Listing = ona.Listing

// Exchange is one request with the response that was accepted.
type Exchange = ona.Exchange

// Change is a stored change, with the audit-log entries that may say who made it.
type Change struct {
	diff.Change
	SnapshotID, BaselineID int64
	TakenAt                time.Time // when the snapshot was taken
	OrganizationID         string
	// The actor fields are from the newest candidate; empty if there is none.
	ActorID, ActorName, ActorPrincipal, ActorAction string
	ActorAt                                         time.Time
	// Candidates are all audit-log entries that may say who made the change, newest first.
	Candidates []ona.AuditLogEntry
}

// ID identifies a change in all reports and databases: the SHA-256, in hex, of the organization id,
// the instant of the snapshot, subject type, subject id, kind, field, before and after.
func (c *Change) ID() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{c.OrganizationID, formatSeconds(c.TakenAt),
		string(c.SubjectType), c.SubjectID, string(c.Kind), c.Field, c.Before, c.After}))
	return hex.EncodeToString(sum[:])
}

// Finding is a stored finding with its age and the wording of its rule.
type Finding struct {
	finding.Finding
	Title, Expected, Remedy string // as the rules of the snapshot word them
	SnapshotID              int64
	TakenAt                 time.Time
	OrganizationID          string
	// FirstSeen is when the finding opened: the first snapshot in which the rule failed,
	// without a pass since. LastSeen is the last snapshot, up to this one, in which it failed
	// or was excepted. Both are zero if the finding is not open.
	FirstSeen, LastSeen time.Time
	DaysOpen            int // whole days from FirstSeen to TakenAt
	// Exception covers the finding, or covered it until the exception expired; nil if there is
	// none.
	Exception *finding.Exception
}

// SCIMConfiguration is a configuration in a snapshot.
type SCIMConfiguration struct {
	ona.SCIMConfiguration
	FirstSeen time.Time // taken_at of the first snapshot that has this id, up to this one
	// UnchangedSince is taken_at of the first snapshot since which no field has changed.
	UnchangedSince time.Time
}

// SSOConfiguration is a configuration in a snapshot, see SCIMConfiguration.
type SSOConfiguration struct {
	ona.SSOConfiguration
	FirstSeen      time.Time
	UnchangedSince time.Time
}

// Errors that a caller distinguishes.
var (
	ErrNotFound = errors.New("not found")
	ErrPruned   = errors.New("retention removed it")

	// A run cannot be reviewed or approved in these cases.
	ErrNotEnded        = errors.New("the run has not ended")
	ErrNothingComplete = errors.New("the run has no complete snapshot")

	// In these cases the file is left untouched.
	ErrNotDatabase    = errors.New("not a database of auditor")
	ErrOlderVersion   = errors.New("created by a development version of auditor")
	ErrNewerVersion   = errors.New("created by a newer version of auditor")
	ErrVersionAltered = errors.New("another program changed its user_version")
	ErrNoDatabaseFile = errors.New("no such database file")
	ErrFileExists     = errors.New("the file exists already")
	ErrSeveralNames   = errors.New("the file has several names, and a lock would hold for one of them only")

	// ErrReplaced means that nothing more can be stored, and what the store wrote last is lost.
	ErrReplaced = errors.New("the database file was removed or replaced while it was in use")

	// An operator can fix the cause of these.
	ErrBusy     = errors.New("another process is writing to the database")
	ErrReadOnly = errors.New("the database cannot be written")
	ErrDiskFull = errors.New("the disk is full, or it cannot be read or written")
	ErrDamaged  = errors.New("the database file is damaged")
)

// explain wraps an error of SQLite in the matching error above:
// https://www.sqlite.org/rescode.html
func explain(err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
