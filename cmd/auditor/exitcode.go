package main

import (
	"errors"
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
	exitComplete = 0 // every organization is complete and the report is written
	exitFailed   = 1 // something failed or is not complete
	exitUsage    = 2 // wrong usage or settings
	exitFound    = 3 // complete, and what --fail-on names is there
)

// failure ends the command with an exit code.
type failure struct {
	code int
	err  error  // nil when the command has printed what is wrong
	hint string // what to do about it
}

func (f *failure) Error() string {
	if f.err == nil {
		return "the command failed"
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

func usage(err error, hint string) error  { return &failure{exitUsage, err, hint} }
func failed(err error, hint string) error { return &failure{exitFailed, err, hint} }

// asFailure decides the exit code of an error.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	code := exitFailed
	if _, ok := errors.AsType[*settings.Error](err); ok {
		code = exitUsage
	}
	// --db names a file that this version cannot use.
	for _, unusable := range []error{
		snapshot.ErrNotDatabase, snapshot.ErrNewerVersion, snapshot.ErrOlderVersion, snapshot.ErrNoDatabaseFile,
	} {
		if errors.Is(err, unusable) {
			code = exitUsage
		}
	}
	return &failure{code, err, hintFor(err)}
}

// exitOf returns nil for a run that is complete and has nothing that --fail-on names. One failed organization makes
// the whole run not complete. The result has been printed.
func exitOf(result *runResult, failOn []settings.Condition) error {
	if !result.Complete {
		return &failure{code: exitFailed}
	}
	if slices.ContainsFunc(failOn, result.meets) {
		return &failure{code: exitFound}
	}
	return nil
}

// hintFor returns what the person on call can do about an error; empty where nothing is known.
func hintFor(err error) string {
	if f, ok := errors.AsType[*failure](err); ok && f.hint != "" {
		return f.hint
	}
	if f, ok := errors.AsType[*fetch.Error](err); ok && f.Hint() != "" {
		return f.Hint()
	}
	if e, ok := errors.AsType[*settings.Error](err); ok {
		return e.Hint
	}
	for _, known := range errorHints {
		if errors.Is(err, known.err) {
			return known.hint
		}
	}
	return ""
}

// errorHints are for errors of the database, its lock and the disk; the first that matches counts.
var errorHints = []struct {
	err  error
	hint string
}{
	{job.ErrLocked, "wait until it has ended; the lock goes away with the process that holds it"},
	{snapshot.ErrNotDatabase, "the file was left as it is; name another with --db"},
	{snapshot.ErrNewerVersion, "the file was left as it is; install the newer auditor, or name another file with --db"},
	{snapshot.ErrOlderVersion, "the file was left as it is; name another file with --db to start a new database"},
	{snapshot.ErrNoDatabaseFile, "\"auditor run\" makes it; name it with --db when it lies elsewhere"},
	{snapshot.ErrBusy, "end the other program that holds the database open for writing, then run this again; " +
		"nothing was written"},
	{snapshot.ErrReadOnly, "check the owner and the mode of the file and of its folder, where SQLite writes two files " +
		"beside it, and that the disk is mounted for writing"},
	{fs.ErrPermission, "give the user that runs auditor the right to it, or name another place"},
	{syscall.EROFS, "the disk is mounted read-only: mount it for writing, or name another place"},
	{syscall.EIO, "check the disk: it could not be read or written"},
	{syscall.ENOSPC, "make room on the disk, then run this again"},
	{snapshot.ErrDiskFull, "make room on the disk of the database, then run this again; what was stored before is whole"},
	{snapshot.ErrDamaged, "keep the file for an inquiry, and continue with a copy of the last backup; " +
		"\"auditor verify --db FILE\" checks one"},
	{snapshot.ErrFileExists, "move the file away, then run this again"},
	{snapshot.ErrPruned, "the report that was made then is the one that remains; \"auditor runs\" lists the runs"},
}
