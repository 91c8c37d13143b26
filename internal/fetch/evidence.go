package fetch

import (
	"context"
	"fmt"
	"time"
)

// Evidence records how answers were obtained.
type Evidence struct {
	// Exchanges are the calls in the order of what was read (Collect reads parts at the same time),
	// each with the answer to its last try. A call without an answer that may be kept is missing.
	Exchanges []Exchange
	// Unanswered is that call with its retries; its zero value if there is none.
	Unanswered Exchange
	// ClockOffset is the local clock minus the server's, by the last answer with a Date (whole
	// seconds); meaningful if ClockKnown.
	ClockOffset time.Duration
	ClockKnown  bool
	// Notes are remarks, such as an id that was listed twice with the same content.
	Notes []string
	// UnknownFields names the fields of answers that this version does not know, as Type.field,
	// sorted.
	UnknownFields []string
}

// Exchange is one call: the request, the answer and the tries.
type Exchange struct {
	// Method is the method that was called, such as
	// gitpod.v1.OrganizationService/ListSCIMConfigurations.
	Method string
	// Request is the body sent. It never contains the token.
	Request []byte
	// Status is the HTTP status; 0 if no answer came or the answer must not be kept.
	Status int
	// SentAt is when the last try was sent, UTC. Duration is how long it took, including the body.
	SentAt   time.Time
	Duration time.Duration
	// ServerDate is the answer's Date, UTC; zero if it had none. ClockOffset is the local clock minus
	// ServerDate when the header came.
	ServerDate  time.Time
	ClockOffset time.Duration
	// Records is the number of configurations in the answer.
	Records int
	// Retries are the earlier tries, in order.
	Retries []Retry
	// Body is the answer after decompression, SHA256 its hash in hex. Of an answer other than 200 it is
	// the first MiB.
	Body   []byte
	SHA256 string
}

// Retry is a try that failed and was followed by another.
type Retry struct {
	// Reason is why it failed, Waited how long the client waited before the next try.
	Reason string
	Waited time.Duration
}

// reader sends the calls of one part of a reading and keeps the evidence. Only one goroutine uses
// it.
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

// ask sends a call outside a listing, keeps it as evidence and decodes the answer. decode returns the
// organization that the answer names, if it names one; it must be the token's.
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

// checkOrganization refuses an answer about another organization than the token's. It accepts an
// answer that names none.
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

// add appends the evidence of a part that was read beside this one.
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
