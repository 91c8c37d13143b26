package fetch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Codes of an Error that the Connect protocol has (https://connectrpc.com/docs/protocol#error-codes).
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

// Codes of an Error that the client gives itself.
const (
	// CodeIncompleteListing: the pages do not add up to one whole listing.
	CodeIncompleteListing = "incomplete_listing"
	// CodeMalformedAnswer: an answer is not what the API is documented to send.
	CodeMalformedAnswer = "malformed_answer"
	// CodeResponseTooLarge: an answer is larger than Options.MaxResponseBytes.
	CodeResponseTooLarge = "response_too_large"
	// CodeOrganizationMismatch: the token belongs to another organization than the pinned one.
	CodeOrganizationMismatch = "organization_mismatch"
	// CodeForeignOrganization: an answer holds something of another organization than the token's.
	CodeForeignOrganization = "foreign_organization"
	// CodeRedirectRefused: the server redirects to where the token must not go.
	CodeRedirectRefused = "redirect_refused"
	// CodeConnection: no full answer came, for a reason below HTTP.
	CodeConnection = "connection"
	// CodeTimeout: no full answer came in time, or the run's own deadline passed.
	CodeTimeout = "timeout"
)

// Error is why a call or a listing did not succeed. errors.Is with context.Canceled or context.DeadlineExceeded tells the end of the run's
// own context from a server's "canceled".
type Error struct {
	// Code is one of the Code constants.
	Code string
	// Method is what was called, such as gitpod.v1.OrganizationService/ListSCIMConfigurations.
	Method string
	// Page counts from 1; 0 outside a listing.
	Page int
	// ConfigurationID is the configuration that is at fault, where one is.
	ConfigurationID string
	// Status is the HTTP status; 0 when no answer came.
	Status int
	// Tries is how often the call was sent.
	Tries int
	Err   error

	// connect is true when the server itself named the code, in the Connect protocol's form.
	connect bool
	retry
}

// Error is one line: the method, page and configuration, what happened, the code and the number of tries.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.TrimPrefix(e.Method, servicePrefix))
	if e.Page > 0 {
		fmt.Fprintf(&b, ", page %d", e.Page)
	}
	if e.ConfigurationID != "" {
		fmt.Fprintf(&b, ", configuration %s", e.ConfigurationID)
	}
	fmt.Fprintf(&b, ": %v (%s", e.Err, e.Code)
	if e.Tries > 1 {
		fmt.Fprintf(&b, ", after %d tries", e.Tries)
	}
	b.WriteByte(')')
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

var hints = map[string]string{
	CodeUnauthenticated: "the token has expired or was revoked: make a new read-only personal access token and put it where this one came from",
	CodePermissionDenied: "the token's owner may not read this: use the token of an organization admin, or have the right granted; " +
		"this says nothing about the configurations",
	CodeFailedPrecondition: "SCIM and SSO need the Enterprise plan: ask Ona whether the organization has it; " +
		"this does not mean that there are no configurations",
	CodeInvalidArgument:      "the server does not take the request: check that this version of the tool fits the server",
	CodeNotFound:             "check the base URL: it must carry the API's path, as in https://app.gitpod.io/api",
	CodeUnimplemented:        "the server does not know the method: check the base URL, which must carry the API's path, and the server's version",
	CodeResourceExhausted:    "the server limits the rate: run again later, at another hour or with a lower concurrency",
	CodeUnavailable:          "the server or a proxy before it is down: run again later",
	CodeInternal:             "the server failed: run again later, and tell Ona if it stays so",
	CodeDataLoss:             "the server failed: run again later, and tell Ona if it stays so",
	CodeUnknown:              "the server failed: run again later, and tell Ona if it stays so",
	CodeDeadlineExceeded:     "the server was too slow to answer itself: run again later",
	CodeAborted:              "the server gave up because of other work at the same time: run again later",
	CodeIncompleteListing:    "the pages do not add up to a whole listing, so nothing was stored: run again; if it stays so, tell Ona",
	CodeMalformedAnswer:      "what answered is not the API that this version knows: check the base URL and proxies between",
	CodeResponseTooLarge:     "the answer is larger than the limit: check the base URL, or ask for smaller pages with --page-size",
	CodeOrganizationMismatch: "use the token of the organization that was audited before, or name the new one with --organization",
	CodeForeignOrganization:  "the server mixes organizations: nothing was stored; tell Ona",
	CodeRedirectRefused:      "if the host it redirects to is right, name it in the base URL, as in https://app.gitpod.io/api",
	CodeConnection:           "check the base URL, name resolution, the proxy settings (HTTPS_PROXY) and the certificates of this machine",
	CodeTimeout:              "the answer took too long: check the network and the proxy, or allow more with --timeout",
	CodeCanceled:             "the run was interrupted: run again",
}

// Hint is what to do about it, one sentence; empty when nothing is known.
func (e *Error) Hint() string { return hints[e.Code] }

// malformed is an answer that is not what the API is documented to send.
func malformed(format string, args ...any) *Error {
	return &Error{Code: CodeMalformedAnswer, Err: fmt.Errorf(format, args...)}
}

// runEnded is the end of the run's own context, which must be over.
func runEnded(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Code: CodeTimeout, Err: fmt.Errorf("the time allowed for the run is over: %w", context.DeadlineExceeded)}
	}
	return &Error{Code: CodeCanceled, Err: fmt.Errorf("the run was interrupted: %w", context.Canceled)}
}

// after adds to the end of the run why the call had not been answered before: that is what is to be mended.
func (e *Error) after(retries []Retry) *Error {
	if n := len(retries); n > 0 {
		e.Err = fmt.Errorf("%w; the try before that: %s", e.Err, retries[n-1].Reason)
	}
	return e
}

// maxQuoted is how many characters of a server's text an error repeats.
const maxQuoted = 300

// plain makes one short printable line of a server's text.
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
