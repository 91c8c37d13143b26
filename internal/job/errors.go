package job

import (
	"context"
	"errors"
	"fmt"

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
	CodeNoAccess:              "put a token of this organization where token_env or token_file of its entry says",
	fetch.CodeIncompleteListing: "the server's listing left out a configuration that exists; nothing was stored: run again, " +
		"and if it stays so, report it to the service",
	fetch.CodeTimeout:  "the run's time was over while this was compared and stored; allow more with --timeout",
	fetch.CodeCanceled: "the run was interrupted: run again",
}

// ended tells a failure that came of the end of the run from the others: what the store says then is not the cause.
func ended(ctx context.Context, err error) error {
	_, own := errors.AsType[*Error](err)
	_, remote := errors.AsType[*fetch.Error](err)
	switch {
	case err == nil || own || remote || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &Error{Code: fetch.CodeTimeout, Err: fmt.Errorf("the time allowed for the run is over: %w", err)}
	}
	return &Error{Code: fetch.CodeCanceled, Err: fmt.Errorf("the run was interrupted: %w", err)}
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
