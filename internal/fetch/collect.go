package fetch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"scim-auditor/internal/ona"
)

// The methods, as they follow the base URL.
const (
	methodIdentity     = servicePrefix + "IdentityService/GetAuthenticatedIdentity"
	methodOrganization = servicePrefix + "OrganizationService/GetOrganization"
	methodPolicies     = servicePrefix + "OrganizationService/GetOrganizationPolicies"
	methodListSCIM     = servicePrefix + "OrganizationService/ListSCIMConfigurations"
	methodListSSO      = servicePrefix + "OrganizationService/ListSSOConfigurations"
	methodGetSCIM      = servicePrefix + "OrganizationService/GetSCIMConfiguration"
	methodGetSSO       = servicePrefix + "OrganizationService/GetSSOConfiguration"
)

// Collection is what one reading of an organization gave, with the evidence of how.
type Collection struct {
	Identity  ona.Identity
	Inventory ona.Inventory
	SCIM, SSO Listing
	// Exchanges are the calls in the order in which they were sent, each with the answer to its last try. A call whose last try got no
	// answer that could be kept is not among them.
	Exchanges []Exchange
	// Unanswered is that call, with its retries, where an error ended the collection; else its zero value.
	Unanswered Exchange
	// ClockOffset is the local clock minus the server's, by the last answer with a Date (whole seconds); meaningful when ClockKnown.
	ClockOffset time.Duration
	ClockKnown  bool
	// Notes are remarks for the evidence, such as an id that was listed twice with the same content.
	Notes []string
	// UnknownFields names the fields of answers that this version does not know, as Type.field, sorted.
	UnknownFields []string
}

// Listing is how one list was read.
type Listing struct {
	// Pages is the number of pages read, Received the rows in them, Distinct the ids.
	Pages, Received, Distinct int
	// RowsPerPage counts the rows of each page in order.
	RowsPerPage []int
	// FinalTokenEmpty is true when the last page said itself that it is the last.
	FinalTokenEmpty bool
}

// Exchange is one call: what was sent, what came, and how often it took.
type Exchange struct {
	// Number is 1 for the first of a Collection.
	Number int
	// Method is what was called, such as gitpod.v1.OrganizationService/ListSCIMConfigurations.
	Method string
	// Request is the body sent. It never holds the token.
	Request []byte
	// Status is the HTTP status.
	Status int
	// SentAt is when the last try was sent, UTC; Duration how long it took up to the last byte.
	SentAt   time.Time
	Duration time.Duration
	// ServerDate is the answer's Date, UTC; zero when it had none.
	ServerDate time.Time
	// Records is the number of configurations in the answer.
	Records int
	// Retries are the earlier tries, in order.
	Retries []Retry
	// Body is the answer after decompression, Size its length in bytes, SHA256 its hash in hex. Of an answer other than 200 it is the first
	// MiB.
	Body   []byte
	Size   int64
	SHA256 string
}

// Retry is a try that was not accepted.
type Retry struct {
	// Reason is what was wrong with it, Waited how long the next try was put off.
	Reason string
	Waited time.Duration
}

// collector is one Collect under way. It is used by one goroutine: beside it run requests alone, whose responses it takes in a fixed order.
type collector struct {
	client *Client
	fields fieldSet
	Collection
}

// Collect reads the organization of the token: identity, organization, policies, SCIM configurations, SSO configurations. It is all or
// nothing. With an error, which is an *Error, the Collection still holds the identity and the organization as far as they were learnt, and
// the exchanges up to the one that failed, but no inventory.
//
// Once the organization is known to be the right one, the first calls of the four others are sent at once; of several that fail the first in
// the order above is told.
//
// SSO configurations and policies that the API says it does not have, or not for this token, are no error: the Inventory then says that they
// were not assessed.
func (c *Client) Collect(ctx context.Context) (*Collection, error) {
	l := &collector{client: c, fields: fieldSet{}}
	err := l.collect(ctx)
	if err != nil {
		l.Inventory = ona.Inventory{Organization: l.Inventory.Organization}
	}
	l.seal()
	l.UnknownFields = l.fields.sorted()
	return &l.Collection, err
}

func (c *collector) collect(ctx context.Context) error {
	if err := c.identity(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var ahead sync.WaitGroup
	defer ahead.Wait()
	defer stop()
	first := c.sendFirst(ctx, &ahead)
	if err := c.organization(<-first.organization); err != nil {
		return err
	}
	if err := c.policies(<-first.policies); err != nil {
		return err
	}
	if err := c.scim(ctx, first.scim); err != nil {
		return err
	}
	return c.sso(ctx, first.sso)
}

// firstCalls are the requests that need nothing but the organization's id, under way. No order of the two lists would be safe against an
// edit between them; at once is the shortest time for one.
type firstCalls struct {
	organization, policies, scim, sso <-chan response
}

func (c *collector) sendFirst(ctx context.Context, ahead *sync.WaitGroup) firstCalls {
	own := c.Identity.OrganizationID
	ask := func(method string) <-chan response {
		return begin(ahead, func() response { return c.client.requestOnce(ctx, method, organizationRequest{own}) })
	}
	page := func(s source) <-chan response {
		return begin(ahead, func() response { return c.client.requestPage(ctx, s, 1, "") })
	}
	return firstCalls{ask(methodOrganization), ask(methodPolicies), page(scimSource), page(ssoSource(own))}
}

func (c *collector) identity(ctx context.Context) error {
	r := c.take(c.client.requestOnce(ctx, methodIdentity, struct{}{}))
	if r.err != nil {
		return r.err
	}
	identity, err := decodeIdentity(r.Body, c.fields)
	if err != nil {
		return notAsDocumented(methodIdentity, err)
	}
	c.Identity = identity
	if pinned := c.client.settings.OrganizationID; pinned != "" && pinned != identity.OrganizationID {
		return &Error{Code: CodeOrganizationMismatch, Method: methodIdentity,
			Err: fmt.Errorf("the token belongs to organization %s, not to %s as expected", identity.OrganizationID, pinned)}
	}
	return nil
}

func (c *collector) organization(r response) error {
	if c.take(r); r.err != nil {
		return r.err
	}
	organization, err := decodeOrganization(r.Body, c.fields)
	if err != nil {
		return notAsDocumented(methodOrganization, err)
	}
	if err := c.ownOrganization(methodOrganization, organization.ID); err != nil {
		return err
	}
	c.Inventory.Organization = organization
	return nil
}

func (c *collector) policies(r response) error {
	c.take(r)
	if why, ok := notAssessed(r.err); ok {
		c.Inventory.PoliciesNotAssessed = why
		return nil
	}
	if r.err != nil {
		return r.err
	}
	policies, organizationID, err := decodePolicies(r.Body, c.fields)
	if err != nil {
		return notAsDocumented(methodPolicies, err)
	}
	if err := c.ownOrganization(methodPolicies, organizationID); err != nil {
		return err
	}
	if c.Inventory.Policies = policies; policies == nil {
		c.Inventory.PoliciesNotAssessed = "the answer holds no policies"
	}
	return nil
}

func (c *collector) scim(ctx context.Context, first <-chan response) (err error) {
	c.Inventory.SCIM, err = readList(ctx, c, listing[ona.SCIMConfiguration]{
		source: scimSource, noun: "SCIM configuration", decode: decodeSCIM,
	}, first, &c.SCIM)
	return err
}

func (c *collector) sso(ctx context.Context, first <-chan response) error {
	list, err := readList(ctx, c, listing[ona.SSOConfiguration]{
		source: ssoSource(c.Identity.OrganizationID), noun: "SSO configuration", decode: decodeSSO,
	}, first, &c.SSO)
	if err == nil {
		c.Inventory.SSO = list
	}
	// Later than page 1 the list had begun, and what is missing of it is missing.
	if why, ok := notAssessed(err); ok && c.SSO.Pages == 0 {
		c.Inventory.SSONotAssessed = why
		return nil
	}
	return err
}

// ownOrganization refuses an answer about another organization than the token's. An answer that names none is accepted.
func (c *collector) ownOrganization(method, organizationID string) error {
	if organizationID == "" || organizationID == c.Identity.OrganizationID {
		return nil
	}
	return &Error{Code: CodeForeignOrganization, Method: method,
		Err: fmt.Errorf("the answer is about organization %s, the token belongs to %s", organizationID, c.Identity.OrganizationID)}
}

// take keeps the answer to a call outside a listing as evidence.
func (c *collector) take(r response) response {
	c.record(r.answer, 0)
	return r
}

// record keeps an answer as evidence, if there is one to keep.
func (c *collector) record(a answer, records int) {
	if a.Status == 0 {
		c.Unanswered = a.Exchange
		return
	}
	a.Number, a.Records = len(c.Exchanges)+1, records
	c.Exchanges = append(c.Exchanges, a.Exchange)
	if !a.ServerDate.IsZero() {
		c.ClockOffset, c.ClockKnown = a.clockOffset, true
	}
}

// seal adds the hashes of the answers that lack theirs, the newest ones.
func (c *collector) seal() {
	for i := len(c.Exchanges) - 1; i >= 0 && c.Exchanges[i].SHA256 == ""; i-- {
		c.Exchanges[i].seal()
	}
}

// notAsDocumented is the error for an answer that could be read but says what the API does not say.
func notAsDocumented(method string, err error) *Error {
	failure := malformed("the answer is not as documented: %w", err)
	failure.Method = method
	return failure
}
