package job

import (
	"errors"

	"scim-auditor/internal/fetch"
)

// Error is a failure of one organization that the job itself found.
type Error struct {
	Code string
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() + " (" + e.Code + ")" }

// Unwrap gives what Err is.
func (e *Error) Unwrap() error { return e.Err }

// hints say what to do about the job's own failures.
var hints = map[string]string{
	CodeDuplicateOrganization: "give each entry under organizations: the token of another organization, or remove one of the two",
	fetch.CodeIncompleteListing: "the server's listing left out a configuration that exists; nothing was stored: run again, " +
		"and if it stays so, report it to the service",
}

// Hint says what the person on call can do about the failure of an organization; empty when nothing better is known than the error.
func Hint(err error) string {
	if own, ok := errors.AsType[*Error](err); ok {
		return hints[own.Code]
	}
	if remote, ok := errors.AsType[*fetch.Error](err); ok {
		return remote.Hint()
	}
	return ""
}

func code(err error) string {
	if own, ok := errors.AsType[*Error](err); ok {
		return own.Code
	}
	if remote, ok := errors.AsType[*fetch.Error](err); ok {
		return remote.Code
	}
	return CodeInternal
}
