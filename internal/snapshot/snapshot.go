// Package snapshot is the store: runs, snapshots, versions of configurations, changes, findings, the
// evidence of how they were collected, and the ledger, in one SQLite file. SQL is here and in the
// migrations alone. All times are UTC.
package snapshot

import (
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

// The outcomes. A run is complete when the snapshot of every organization is. A run that is Running while
// nobody holds the lock was interrupted; the next run records its end as failed.
const (
	Running  Outcome = "running"
	Complete Outcome = "complete"
	Failed   Outcome = "failed"
)

// Run is one execution of the job over all organizations. As JSON it has the column names of the table "runs".
type Run struct {
	ID                    int64     `json:"id,omitempty"`
	StartedAt             time.Time `json:"started_at"`             // whole seconds
	FinishedAt            time.Time `json:"finished_at,omitzero"`   // zero while running
	ScheduledFor          time.Time `json:"scheduled_for,omitzero"` // zero for a run that no schedule asked for
	Trigger               string    `json:"trigger"`                // "manual", "schedule", "catch_up" or "demo"
	Outcome               Outcome   `json:"outcome"`
	Error                 string    `json:"error,omitempty"`
	ToolVersion           string    `json:"tool_version"`
	Host                  string    `json:"host"`
	CompleteOrganizations int       `json:"complete_organizations"` // organizations whose snapshot is complete
	FailedOrganizations   int       `json:"failed_organizations"`   // organizations whose snapshot failed
	Changes               int       `json:"changes"`
	FailedFindings        int       `json:"failed_findings"`
	SCIMConfigurations    int       `json:"scim_configurations"` // over all complete snapshots of the run
}

// Snapshot is what is known about one organization at one instant, or that it could not be known.
type Snapshot struct {
	ID, RunID        int64
	Source           string // the label of the organization in the settings
	OrganizationID   string // empty when the run failed before it was known
	OrganizationName string
	OrganizationTier string
	BaseURL          string
	PrincipalID      string // id of the user or service account that collected
	Principal        string // its kind, such as PRINCIPAL_USER
	TakenAt          time.Time
	Outcome          Outcome
	BaselineID       int64 // 0 for the first complete snapshot of an organization, and for failed ones
	ErrorCode        string
	Error            string
	// Pages is the number of pages of both listings. Received counts the records in them, Distinct the
	// ids; the collector takes both counts, before anything is stored. SCIMConfigurations and
	// SSOConfigurations count the rows that the store then holds.
	Pages                                 int
	SCIMListing, SSOListing               Listing
	SCIMReceived, SCIMDistinct            int
	SSOReceived, SSODistinct              int
	SCIMConfigurations, SSOConfigurations int
	// SSONotAssessed and PoliciesNotAssessed say why these could not be read; empty when they were.
	SSONotAssessed, PoliciesNotAssessed string
	Retries                             int
	// ServerClockOffset is the local clock minus the server's Date; meaningful when ServerClockKnown.
	ServerClockOffset time.Duration
	ServerClockKnown  bool
	// Notes are remarks of the collector, such as an id that was listed twice with the same content.
	Notes         []string
	UnknownFields []string // fields of answers that this version does not know, as Type.field, sorted
	// Changes and FailingFindings count the rows that the snapshot has, or had before it was pruned.
	Changes, FailingFindings int
	// ContentSHA256 is over the configurations, RecordsSHA256 over the exchanges, changes and findings;
	// ChainSHA256 is the link of this header in the ledger; all in hex. ContentSHA256 is empty for a
	// failed snapshot.
	ContentSHA256, RecordsSHA256, ChainSHA256 string
	PrunedAt                                  time.Time // zero while the snapshot is whole
	RuleSetID                                 int64     // what Store.RecordRules returned; 0 when no rules are recorded
	LedgerNumber                              int64     // number of the link
}

// Listing is how one list was read, as the collector counted; the zero value for one that was not.
type Listing struct {
	Pages int
	// RowsPerPage is the number of rows of each page in order, equal neighbours together, such as "99 x 100, 37".
	RowsPerPage string
	// FinalTokenEmpty is true when the last page said itself that it is the last.
	FinalTokenEmpty bool
}

// Exchange is one request and the answer that was accepted for it.
type Exchange struct {
	Number         int           // 1 for the first of the snapshot
	Method         string        // such as gitpod.v1.OrganizationService/ListSCIMConfigurations
	Request        string        // the body sent; never a token
	Status         int           // HTTP status
	SentAt         time.Time     // stored in whole milliseconds
	Duration       time.Duration // of the last try, to the last byte
	ServerDate     time.Time     // the answer's Date, zero when it had none
	Records        int           // configurations in the answer
	Retries        []string      // why each earlier try was not accepted, in order
	ResponseSHA256 string        // of the bytes of the body, in hex
	ResponseSize   int64         // bytes
}

// Change is a stored change with who may have made it.
type Change struct {
	diff.Change
	SnapshotID, BaselineID int64
	TakenAt                time.Time // of the snapshot that shows it
	OrganizationID         string
	// The actor's fields are those of the newest candidate, empty where there is none.
	ActorID, ActorPrincipal, ActorAction string
	ActorAt                              time.Time
	// Candidates are all audit-log entries that may say who made the change, newest first.
	Candidates []ona.AuditLogEntry
}

// Finding is a stored finding with its age and the wording of its rule.
type Finding struct {
	finding.Finding
	Title, Expected, Remedy string // as the rules of the snapshot word them
	SnapshotID              int64
	TakenAt                 time.Time
	OrganizationID          string
	// FirstSeen is the first snapshot of the present stretch in which the rule failed for the subject,
	// LastSeen the last one, up to this one, in which it failed or was excepted; zero unless it is open.
	FirstSeen, LastSeen time.Time
	DaysOpen            int // whole days from FirstSeen to TakenAt
	// Exception is what covers the finding, or did until it expired; nil when none does.
	Exception *finding.Exception
}

// SCIMConfiguration is a configuration in a snapshot.
type SCIMConfiguration struct {
	ona.SCIMConfiguration
	FirstSeen time.Time // taken_at of the first snapshot that has this id, up to this one
	// UnchangedSince is taken_at of the snapshot since which every field has been as it is.
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

	// The file was left untouched.
	ErrNotDatabase    = errors.New("not a database of auditor")
	ErrOlderVersion   = errors.New("made by a development version of auditor")
	ErrNewerVersion   = errors.New("made by a newer version of auditor")
	ErrNoDatabaseFile = errors.New("no such database file")
	ErrFileExists     = errors.New("the file exists already")

	// A person can do something about these.
	ErrBusy     = errors.New("another process is writing to the database")
	ErrReadOnly = errors.New("the database cannot be written")
	ErrDiskFull = errors.New("the disk is full, or it cannot be read or written")
	ErrDamaged  = errors.New("the database file is damaged")
)

// explain adds to an error of SQLite which of the errors above it is: https://www.sqlite.org/rescode.html
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
