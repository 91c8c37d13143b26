package fetch

import (
	"context"
	"errors"

	"scim-auditor/internal/ona"
)

func domainListing(organizationID string) listing[ona.DomainVerification] {
	return listing[ona.DomainVerification]{
		source: source{
			method: ona.ListDomainVerifications, field: "domainVerifications",
			request: request{OrganizationID: organizationID},
		},
		noun:     "domain verification",
		decode:   decodeDomain,
		ids:      func(d *ona.DomainVerification) (string, string) { return d.ID, d.OrganizationID },
		received: func(d *ona.DomainVerification) []byte { return d.Raw },
	}
}

// domains keeps the domain verifications. A listing that fails or is not complete does not fail the
// organization, because the audit of its configurations does not depend on it: the verifications
// are not assessed. A verification of another organization fails it, because the answers are then
// not of the token's organization.
func (l *Collection) domains(ctx context.Context, listed listed[ona.DomainVerification], err error) error {
	failure, _ := errors.AsType[*Error](err)
	foreign := failure != nil && failure.Code == CodeForeignOrganization
	if err != nil && ctx.Err() == nil && !foreign {
		l.Inventory.DomainsNotAssessed = err.Error()
		return nil
	}
	l.Inventory.Domains, l.Domains = listed.rows, listed.Listing
	return err
}
