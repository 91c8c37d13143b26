package fetch

import (
	"context"
	"fmt"
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
	// Body is the answer after decompression, SHA256 its hash in hex. Of an answer other than 200 it is the first MiB.
	Body   []byte
	SHA256 string
}

// Retry is a try that was not accepted.
type Retry struct {
	// Reason is what was wrong with it, Waited how long the next try was put off.
	Reason string
	Waited time.Duration
}

// collector is one Collect under way. It is used by one goroutine.
type collector struct {
	client *Client
	fields fieldSet
	Collection
}

// Collect reads the organization of the token: identity, organization, policies, SCIM configurations, SSO configurations. It is all or
// nothing. With an error, which is an *Error, the Collection still holds the identity and the organization as far as they were learnt, and
// the exchanges up to the one that failed, but no inventory.
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
	for _, step := range []func(context.Context) error{c.identity, c.organization, c.policies, c.scim, c.sso} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) identity(ctx context.Context) error {
	body, err := c.ask(ctx, methodIdentity, struct{}{})
	if err != nil {
		return err
	}
	identity, err := decodeIdentity(body, c.fields)
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

func (c *collector) organization(ctx context.Context) error {
	body, err := c.ask(ctx, methodOrganization, organizationRequest{c.Identity.OrganizationID})
	if err != nil {
		return err
	}
	organization, err := decodeOrganization(body, c.fields)
	if err != nil {
		return notAsDocumented(methodOrganization, err)
	}
	if err := c.ownOrganization(methodOrganization, organization.ID); err != nil {
		return err
	}
	c.Inventory.Organization = organization
	return nil
}

func (c *collector) policies(ctx context.Context) error {
	body, err := c.ask(ctx, methodPolicies, organizationRequest{c.Identity.OrganizationID})
	if why, ok := notAssessed(err); ok {
		c.Inventory.PoliciesNotAssessed = why
		return nil
	}
	if err != nil {
		return err
	}
	policies, organizationID, err := decodePolicies(body, c.fields)
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

func (c *collector) scim(ctx context.Context) (err error) {
	c.Inventory.SCIM, err = readList(ctx, c, listing[ona.SCIMConfiguration]{
		source: scimSource, noun: "SCIM configuration", decode: decodeSCIM,
	}, &c.SCIM)
	return err
}

func (c *collector) sso(ctx context.Context) (err error) {
	c.Inventory.SSO, err = readList(ctx, c, listing[ona.SSOConfiguration]{
		source: ssoSource(c.Identity.OrganizationID), noun: "SSO configuration", decode: decodeSSO,
	}, &c.SSO)
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

// ask makes a call outside a listing.
func (c *collector) ask(ctx context.Context, method string, request any) ([]byte, error) {
	a, err := c.client.ask(ctx, call{method: method}, request)
	c.record(a, 0)
	return a.Body, err
}

// record keeps an answer as evidence, if there is one to keep.
func (c *collector) record(a answer, records int) {
	if a.Status == 0 {
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
