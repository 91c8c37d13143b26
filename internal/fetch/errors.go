package fetch

import (
	"cmp"
	"context"
	_ "embed" // hints.json
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"

	"scim-auditor/internal/ona"
)

// Codes of the Connect protocol (https://connectrpc.com/docs/protocol#error-codes).
const (
	CodeCanceled           = "canceled"
	CodeUnknown            = "unknown"
	CodeInvalidArgument    = "invalid_argument"
	CodeDeadlineExceeded   = "deadline_exceeded"
	CodeNotFound           = "not_found"
	CodeAlreadyExists      = "already_exists"
	CodePermissionDenied   = "permission_denied"
	CodeResourceExhausted  = "resource_exhausted"
	CodeFailedPrecondition = "failed_precondition"
	CodeAborted            = "aborted"
	CodeOutOfRange         = "out_of_range"
	CodeUnimplemented      = "unimplemented"
	CodeInternal           = "internal"
	CodeUnavailable        = "unavailable"
	CodeDataLoss           = "data_loss"
	CodeUnauthenticated    = "unauthenticated"
)

// Codes that this client or package job sets.
const (
	// CodeIncompleteListing: the pages do not add up to a complete listing.
	CodeIncompleteListing = "incomplete_listing"
	// CodeMalformedAnswer: a response differs from the API's documentation.
	CodeMalformedAnswer = "malformed_answer"
	// CodeResponseTooLarge: an answer is larger than Options.MaxResponseBytes.
	CodeResponseTooLarge = "response_too_large"
	// CodeOrganizationMismatch: the token belongs to another organization than the pinned one.
	CodeOrganizationMismatch = "organization_mismatch"
	// CodeForeignOrganization: a response names another organization than the token's.
	CodeForeignOrganization = "foreign_organization"
	// CodeRedirectRefused: following the redirect would send the token to another server, or no
	// POST.
	CodeRedirectRefused = "redirect_refused"
	// CodeConnection: the network, TLS or a proxy prevented a full response.
	CodeConnection = "connection"
	// CodeTimeout: no full response came in time, or the run's own deadline passed.
	CodeTimeout = "timeout"
	// CodeDuplicateOrganization: two tokens of one run belong to the same organization.
	CodeDuplicateOrganization = "duplicate_organization"
	// CodeClockWrong: the local clock is too far off the server's.
	CodeClockWrong = "clock_wrong"
	// CodeNoToken: the settings name a token that does not exist.
	CodeNoToken = "no_token"
)

// Error says why an organization, a listing or a call could not be read. errors.Is with
// context.Canceled or context.DeadlineExceeded is true if the run's own context ended, but not if
// the server answered "canceled".
type Error struct {
	// Code is one of the Code constants.
	Code string
	// Method is the method that was called, such as
	// gitpod.v1.OrganizationService/ListSCIMConfigurations; empty if the error is not about a call.
	Method string
	// Page counts from 1; 0 outside a listing.
	Page int
	// ConfigurationID is the configuration that causes the error, if one does.
	ConfigurationID string
	// Status is the HTTP status; 0 if no answer came.
	Status int
	// Tries is how many times the call was sent.
	Tries int
	Err   error

	// connect is true if the server itself named the code, in the Connect protocol's form.
	connect bool
	// hint is the key in hints.json of a hint that fits better than the code's; empty if none does.
	hint string
	// retryable is true if the same call may succeed later; serverWait is how long the server said
	// to wait, 0 if it did not say.
	retryable  bool
	serverWait time.Duration
}

// MaxClockError is how far the local clock may be off the server's. A run with a larger error fails
// with CodeClockWrong: it would stand for another night than its own.
const MaxClockError = time.Hour

// Error returns one line: the method, page and configuration, what happened, the code and the
// number of tries.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(e.Method, ona.ServicePrefix))
	if e.Page > 0 {
		fmt.Fprintf(&b, ", page %d", e.Page)
	}
	if e.ConfigurationID != "" {
		fmt.Fprintf(&b, ", configuration %s", e.ConfigurationID)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%v (%s", e.Err, e.Code)
	if e.Tries > 1 {
		fmt.Fprintf(&b, ", after %d tries", e.Tries)
	}
	b.WriteByte(')')
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// notAsDocumented returns the error for a response that differs from the API's documentation.
func notAsDocumented(method string, err error) *Error {
	return &Error{
		Code: CodeMalformedAnswer, Method: method, Err: fmt.Errorf("the answer is not as documented: %w", err),
	}
}

// RunEnded returns the error for work that stopped because ctx, the context of the run, ended.
// cause is the error that the work returned.
func RunEnded(ctx context.Context, cause error) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Code: CodeTimeout, Err: fmt.Errorf("the time allowed for the run is over: %w", cause)}
	}
	return &Error{Code: CodeCanceled, Err: fmt.Errorf("the run was interrupted: %w", cause)}
}

// maxQuoted is how many characters of a server's text an error quotes.
const maxQuoted = 300

// plain returns a server's text as one short printable line.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxQuoted {
		return string(runes[:maxQuoted]) + "…"
	}
	return text
}

//go:embed hints.json
var hintsFile []byte

// Keys in hints.json beside the codes.
const (
	hintPlan         = "plan"
	hintCustomDomain = "custom_domain"
)

// hints returns what to do about an error, by its code or by one of the keys above.
var hints = sync.OnceValue(func() (byCode map[string]string) {
	if err := json.Unmarshal(hintsFile, &byCode); err != nil {
		panic("fetch: hints.json: " + err.Error())
	}
	return byCode
})

// Hint returns what to do about the error, in one sentence; empty if there is no hint.
func (e *Error) Hint() string { return hints()[cmp.Or(e.hint, e.Code)] }
