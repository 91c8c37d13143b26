package fetch

import (
	"context"
	"fmt"
	"sync"

	"scim-auditor/internal/ona"
)

// Collection is one reading of an organization, with the evidence.
type Collection struct {
	Identity  ona.Identity
	Inventory ona.Inventory
	SCIM, SSO Listing
	Evidence
}

// Collect reads the organization of the token: identity, organization, policies, SCIM
// configurations, SSO configurations. It is all or nothing. Beside an error, which is an *Error,
// the Collection still has the identity and the organization as far as they are known, and the
// exchanges up to the one that failed, but no configurations.
//
// Once the organization is known to be the right one, the four others are read at the same time. If
// several fail, the error is the first in the order above.
//
// If the API answers that it does not have SSO configurations or policies, or not for this token,
// that is no error: the Inventory says that they were not assessed.
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
	// Whatever the order of the two listings, an edit between them would make them disagree. Reading
	// them at the same time keeps the gap as short as it can be.
	organization := begin(ctx, &parts, r, readOrganization)
	policies := begin(ctx, &parts, r, readPolicies)
	scim := begin(ctx, &parts, r, scimListing().read)
	sso := begin(ctx, &parts, r, ssoListing(r.organizationID).read)
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
	return l.sso(sso())
}

// begin reads a part of the organization beside the others. The function that it returns waits for
// the part, adds its evidence to r and returns what was read.
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
		l.Inventory.PoliciesNotAssessed = "the answer holds no policies"
	}
	return err
}

func (l *Collection) sso(sso listed[ona.SSOConfiguration], err error) error {
	l.Inventory.SSO, l.SSO = sso.rows, sso.Listing
	// After page 1 a denial means that the rest of a listing is missing, which is an error.
	if why, ok := notAssessed(err); ok && l.SSO.Pages == 0 {
		l.Inventory.SSONotAssessed = why
		return nil
	}
	return err
}
