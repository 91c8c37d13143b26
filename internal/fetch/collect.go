package fetch

import (
	"context"
	"fmt"
	"sync"

	"scim-auditor/internal/ona"
)

// Collection is the result of Collect, with the evidence.
type Collection struct {
	Identity  ona.Identity
	Inventory ona.Inventory
	SCIM, SSO Listing
	Domains   Listing
	Members   Listing
	OwnToken  ona.OwnToken
	Evidence
}

// Collect reads the token's organization: identity, organization, policies, SCIM configurations,
// SSO configurations, domain verifications, the end of the token, and the members with their tokens
// if Options.Members is set. If one part fails, it returns an
// *Error and a Collection without configurations. This Collection has the identity and the
// organization if they are known, and the exchanges up to the one that failed.
//
// The identity is read first and checked against the pinned organization; the others are then read
// at the same time. If several fail, the error is the first in the order above.
//
// If the API itself answers that the token may not read the SSO configurations or the policies, or
// that it has no such method, Collect does not fail: the Inventory says that they were not
// assessed. If the domain verifications, the end of the token, the members or their tokens cannot
// be read for whatever reason, they were not assessed.
func (c *Client) Collect(ctx context.Context) (*Collection, error) {
	l := &Collection{}
	r := c.newReader("")
	err := l.collect(ctx, r)
	if err != nil {
		l.Inventory = ona.Inventory{Organization: l.Inventory.Organization}
	}
	l.Evidence, l.UnknownFields = r.Evidence, r.unknown.sorted()
	return l, err
}

func (l *Collection) collect(ctx context.Context, r *reader) (err error) {
	if l.Identity, err = r.identity(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	// An edit between the two listings would make them disagree. Reading them at the same time
	// makes this as unlikely as possible.
	organization := begin(ctx, &parts, r, readOrganization)
	policies := begin(ctx, &parts, r, readPolicies)
	scim := begin(ctx, &parts, r, scimListing().read)
	sso := begin(ctx, &parts, r, ssoListing(r.organizationID).read)
	domains := begin(ctx, &parts, r, domainListing(r.organizationID).read)
	token := begin(ctx, &parts, r, ownToken(l.Identity))
	people := begin(ctx, &parts, r, readPeople)
	own, err := organization()
	if err != nil {
		return err
	}
	l.Inventory.Organization = own
	if err := l.policies(policies()); err != nil {
		return err
	}
	listedSCIM, err := scim()
	l.Inventory.SCIM, l.SCIM = listedSCIM.rows, listedSCIM.Listing
	if err != nil {
		return err
	}
	if err := l.sso(sso()); err != nil {
		return err
	}
	verified, err := domains()
	if err := l.domains(ctx, verified, err); err != nil {
		return err
	}
	if l.OwnToken, err = token(); err != nil {
		return err
	}
	found, err := people()
	l.people(found)
	return err
}

// begin starts to read a part of the organization in a goroutine. The returned function waits for
// the part, adds its evidence to r and returns the part.
func begin[T any](
	ctx context.Context, parts *sync.WaitGroup, r *reader, read func(context.Context, *reader) (T, error),
) func() (T, error) {
	part := r.client.newReader(r.organizationID)
	result := sync.OnceValues(func() (T, error) { return read(ctx, part) })
	parts.Go(func() { _, _ = result() })
	return func() (T, error) {
		value, err := result()
		r.add(part)
		return value, err
	}
}

func (r *reader) identity(ctx context.Context) (identity ona.Identity, err error) {
	err = r.ask(ctx, ona.GetAuthenticatedIdentity, func(body []byte) (_ string, err error) {
		identity, err = decodeIdentity(body, r.unknown)
		r.organizationID = identity.OrganizationID
		return "", err
	})
	if err != nil {
		return identity, err
	}
	if pinned := r.client.settings.OrganizationID; pinned != "" && pinned != identity.OrganizationID {
		return identity, &Error{
			Code: CodeOrganizationMismatch, Method: ona.GetAuthenticatedIdentity, Err: fmt.Errorf(
				"the token belongs to organization %s, not to %s as expected", identity.OrganizationID, pinned),
		}
	}
	return identity, nil
}

func readOrganization(ctx context.Context, r *reader) (organization ona.Organization, err error) {
	err = r.ask(ctx, ona.GetOrganization, func(body []byte) (string, error) {
		organization, err = decodeOrganization(body, r.unknown)
		return organization.ID, err
	})
	return organization, err
}

// readPolicies returns nil without an error if the answer has no policies.
func readPolicies(ctx context.Context, r *reader) (policies *ona.OrganizationPolicies, err error) {
	err = r.ask(ctx, ona.GetOrganizationPolicies, func(body []byte) (id string, err error) {
		policies, id, err = decodePolicies(body, r.unknown)
		return id, err
	})
	return policies, err
}

func (l *Collection) policies(policies *ona.OrganizationPolicies, err error) error {
	if why, ok := notAssessed(err); ok {
		l.Inventory.PoliciesNotAssessed = why
		return nil
	}
	if l.Inventory.Policies = policies; policies == nil {
		l.Inventory.PoliciesNotAssessed = "the response contains no policies"
	}
	return err
}

func (l *Collection) sso(sso listed[ona.SSOConfiguration], err error) error {
	l.Inventory.SSO, l.SSO = sso.rows, sso.Listing
	// A denial after page 1 means that the rest of the listing is missing, which is an error.
	if why, ok := notAssessed(err); ok && l.SSO.PagesRead == 0 {
		l.Inventory.SSONotAssessed = why
		return nil
	}
	return err
}
