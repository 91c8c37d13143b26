package fetch

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/ona"
)

// Evidence records the calls of a reading and their responses.
type Evidence struct {
	// Exchanges are the calls with the responses to their last tries, in the order of the parts
	// that Collect documents. A call is missing if it got no response or one that must not be kept.
	Exchanges []Exchange
	// Unanswered is the call that is missing from Exchanges, with its retries; zero if none is
	// missing.
	Unanswered Exchange
	// ClockOffset is the local clock minus the server's, from the last response with a Date (whole
	// seconds); unknown unless ClockKnown is set.
	ClockOffset time.Duration
	ClockKnown  bool
	// Notes are remarks, such as an id that was listed twice with the same content.
	Notes []string
	// UnknownFields names the response fields that this version does not know, as Type.field,
	// sorted.
	UnknownFields []string
}

// Exchange is one call with the body of its response.
type Exchange struct {
	ona.Exchange
	// ClockOffset is the local clock minus ServerDate when the header arrived.
	ClockOffset time.Duration
	// Body is the body after decompression; for a status other than 200, its first MiB, or only its
	// code if members are redacted. It is nil if Packed has it, in the form of zlib; Response
	// returns it in both cases. Both are nil if ResponseWithheld is set.
	Body, Packed []byte
}

// reader sends the calls for one part of an organization and keeps the evidence. It is not safe for
// concurrent use.
type reader struct {
	client *Client
	// organizationID is the token's organization.
	organizationID string
	unknown        fieldSet
	Evidence
}

func (c *Client) newReader(organizationID string) *reader {
	return &reader{client: c, organizationID: organizationID, unknown: fieldSet{}}
}

// ask sends a call outside a listing, keeps it as evidence and decodes the response. decode returns
// the organization id in the response, which must be empty or the token's organization.
func (r *reader) ask(ctx context.Context, method string, decode func(body []byte) (string, error)) error {
	x, err := r.client.get(ctx, call{method: method, request: request{OrganizationID: r.organizationID}})
	r.record(x)
	if err != nil {
		return err
	}
	organizationID, err := decode(x.Body)
	if err != nil {
		return notAsDocumented(method, err)
	}
	if failure := r.checkOrganization(organizationID); failure != nil {
		failure.Method = method
		return failure
	}
	return nil
}

// checkOrganization refuses an object of another organization than the token's. It accepts an
// object without an organization id.
func (r *reader) checkOrganization(organizationID string) *Error {
	if organizationID == "" || organizationID == r.organizationID {
		return nil
	}
	return &Error{Code: CodeForeignOrganization, Err: fmt.Errorf(
		"it belongs to organization %s, the token to %s", organizationID, r.organizationID)}
}

// record keeps an exchange.
func (r *reader) record(x Exchange) {
	if x.Status == 0 {
		r.Unanswered = x
		return
	}
	r.Exchanges = append(r.Exchanges, x)
	if !x.ServerDate.IsZero() {
		r.ClockOffset, r.ClockKnown = x.ClockOffset, true
	}
}

// add appends the evidence of a part that was read at the same time.
func (r *reader) add(part *reader) {
	for _, x := range part.Exchanges {
		r.record(x)
	}
	if part.Unanswered.Method != "" {
		r.Unanswered = part.Unanswered
	}
	r.Notes = append(r.Notes, part.Notes...)
	for name := range part.unknown {
		r.unknown[name] = struct{}{}
	}
}

func (r *reader) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}
