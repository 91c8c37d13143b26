package main

import (
	"errors"
	"slices"

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
