package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// The exit codes.
const (
	exitComplete = 0 // every organization is complete, and the report is written and its counts tie out
	exitFailed   = 1 // something failed, is not complete or does not tie out
	exitUsage    = 2 // wrong usage or settings
	exitFound    = 3 // complete, and a condition of --fail-on is met
)

// failure is an error with the exit code of the command.
type failure struct {
	code int
	err  error  // nil if the command has already printed the error
	hint string // what to do about it
}

func (f *failure) Error() string { return fmt.Sprint(f.err) }

func (f *failure) Unwrap() error { return f.err }

func usage(err error, hint string) error  { return &failure{exitUsage, err, hint} }
func failed(err error, hint string) error { return &failure{exitFailed, err, hint} }

// asFailure returns err with its exit code and hint.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	code := exitFailed
	_, wrongSetting := errors.AsType[*settings.Error](err)
	// --db names a file that this version cannot use.
	unusable := []error{
		snapshot.ErrNotDatabase, snapshot.ErrNewerVersion, snapshot.ErrOlderVersion, snapshot.ErrNoDatabaseFile,
		snapshot.ErrSeveralNames, snapshot.ErrVersionAltered,
	}
	if wrongSetting || slices.ContainsFunc(unusable, func(known error) bool { return errors.Is(err, known) }) {
		code = exitUsage
	}
	if slices.ContainsFunc(exhausted, func(e syscall.Errno) bool { return errors.Is(err, e) }) {
		code = exitFailed // whatever could not be opened, the settings are not wrong
	}
	return &failure{code, err, hintFor(err)}
}

// exhausted are the errors of a system without free file descriptors or memory.
var exhausted = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM}

// exitOf returns nil for a complete run that meets no condition of --fail-on. One failed
// organization makes the whole run incomplete. The caller has printed the result.
func exitOf(result *runResult, failOn []settings.Condition) error {
	if !result.Complete {
		return &failure{code: exitFailed}
	}
	if slices.ContainsFunc(failOn, result.meets) {
		return &failure{code: exitFound}
	}
	return nil
}

// hintFor returns what the person on call can do about an error, or "" if auditor has no
// advice.
func hintFor(err error) string {
	if f, ok := errors.AsType[*failure](err); ok && f.hint != "" {
		return f.hint
	}
	if f, ok := errors.AsType[*fetch.Error](err); ok && f.Hint() != "" {
		return f.Hint()
	}
	if e, ok := errors.AsType[*settings.Error](err); ok && e.Hint != "" {
		return e.Hint
	}
	for _, known := range errorHints {
		if errors.Is(err, known.err) {
			return known.hint
		}
	}
	return ""
}

// errorHints has hints for errors from the database, its lock and the disk. The first match
// wins.
var errorHints = []struct {
	err  error
	hint string
}{
	{job.ErrLocked, "wait until the other command has ended; the lock is released when its process ends"},
	{job.ErrLockLost, "another run may have begun; nothing was stored since: run again, and let no program remove the " +
		"lock file"},
	{snapshot.ErrReplaced, "nothing was written into the file that is there now; find out which program moved the " +
		"database, put the right file back, and run again"},
	{snapshot.ErrSeveralNames, "nothing was changed; remove the other names, or copy the file and name the copy with --db"},
	{job.ErrOtherShard, "each shard needs a database of its own; name it with --db, which may have {shard} in its path"},
	{snapshot.ErrVersionAltered, fmt.Sprintf("the file was not changed; set it back with sqlite3 FILE "+
		"\"PRAGMA user_version = %d\", then run \"auditor verify\"", snapshot.SchemaVersion)},
	{snapshot.ErrNotDatabase, "the file was not changed; name another file with --db"},
	{snapshot.ErrNewerVersion, "the file was not changed; install the newer auditor, or name another file with --db"},
	{snapshot.ErrOlderVersion, "the file was not changed; name another file with --db to start a new database"},
	{snapshot.ErrNoDatabaseFile, "\"auditor run\" creates the database; if you have one elsewhere, name it with --db"},
	{job.ErrNoSalt, "restore the file from the backup of the folder; without it members cannot be compared with those " +
		"of earlier runs. If it is lost, begin a new database with \"auditor run --db NEW --new-database\", or run without " +
		"--members-redact"},
	{job.ErrOtherSalt, "restore the file that was beside the database; with another salt every member would seem changed"},
	{snapshot.ErrBusy, "nothing was written; end the other program that is writing to the database, " +
		"then run the command again"},
	{snapshot.ErrReadOnly, "check that the user that runs auditor may write the file and its folder (SQLite writes " +
		"two files beside it), and that the disk is mounted for writing"},
	{syscall.EMFILE, "the process may open no more files; raise the limit (ulimit -n), then run the command again"},
	{syscall.ENFILE, "the machine has too many open files; end other programs, then run the command again"},
	{syscall.ENOMEM, "the machine has too little free memory; end other programs, then run the command again"},
	{fs.ErrPermission, "give the user that runs auditor permission to use it, or name another path"},
	{syscall.EROFS, "the disk is mounted read-only; mount it for writing, or name another path"},
	{syscall.EIO, "the disk could not be read or written; check it for errors"},
	{syscall.ENOSPC, "free space on the disk, then run the command again"},
	{snapshot.ErrDiskFull, "free space on the disk of the database, then run the command again; " +
		"the snapshots stored before are intact"},
	{snapshot.ErrDamaged, "keep the file as evidence, and continue with a copy of the last backup; check the copy first " +
		"(\"auditor verify --db COPY\")"},
	{snapshot.ErrNotEnded, "wait until it has ended, or until the next run has recorded that it was interrupted"},
	{snapshot.ErrNothingComplete, "approve a run with a complete snapshot; without --approve the review can be recorded"},
	{job.ErrOlderDatabase, "an older copy of the database may be in its place: put the newer database back; if it is " +
		"lost, keep the named report as evidence in another folder"},
	{snapshot.ErrFileExists, "move the file away, then run the command again"},
	{snapshot.ErrPruned, "its report cannot be written again; use the report written at the time, " +
		"or choose another run from \"auditor runs\""},
}
