package finding_test

import (
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

func invite(domains ...string) func(*finding.Input) {
	return func(in *finding.Input) { in.Inventory.Organization.InviteDomains = domains }
}

func unrestrict(in *finding.Input) { in.Inventory.Policies.RestrictAccountCreationToSCIM = false }

// verification adds one of a domain in a state.
func verification(domain, state string) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.Domains = append(in.Inventory.Domains, ona.DomainVerification{ID: domain + state, Domain: domain,
			State: state})
	}
}

// serves lets sso-1 serve an e-mail domain, and others.
func serves(domain string, others ...string) func(*finding.Input) {
	return func(in *finding.Input) {
		in.Inventory.SSO[0].EmailDomain, in.Inventory.SSO[0].EmailDomains = domain, others
	}
}

func hideDomains(in *finding.Input) { in.Inventory.DomainsNotAssessed = "permission denied" }

const pending = "DOMAIN_VERIFICATION_STATE_PENDING"

var accessCases = []ruleCase{
	{"SCIM-026", "no invite domains", invite(), []string{"pass org-1"}, "no invite domains"},
	{"SCIM-026", "account creation restricted", invite("a.example", "b.example"), []string{"fail medium org-1"},
		"may join, SCIM or not: a.example, b.example."},
	{"SCIM-026", "a long list is cut, and says so", invite("a", "b", "c", "d", "e", "f", "g"),
		[]string{"fail medium org-1"}, "d, e and 2 more."},
	{"SCIM-026", "not restricted", and(invite("a.example"), unrestrict), []string{"fail high org-1"}, ""},
	{"SCIM-026", "restricted, none enabled", and(invite("a.example"), disable), []string{"fail high org-1"}, ""},
	{"SCIM-026", "policies unreadable", and(invite("a.example"), hidePolicies), []string{"fail medium org-1"},
		"is not known"},
	{"SCIM-026", "turned off", func(in *finding.Input) { in.TurnedOff = map[string]string{"SCIM-026": "we invite"} },
		[]string{"not_assessed org-1"}, "turned off: we invite"},

	{"SCIM-027", "nothing to verify", invite(), []string{"pass org-1"},
		"Invite domains checked: 0, SSO configurations checked: 1"},
	{"SCIM-027", "verified, in another case", and(and(invite("A.example"), serves("a.example", "a.example")),
		verification("a.Example", ona.DomainVerified)),
		[]string{"pass org-1"}, "checked: 1"},
	{"SCIM-027", "no verification", and(invite("a.example"), serves("b.example", "c.example")),
		[]string{"fail medium org-1", "fail medium sso-1"}, "Invite domains that are not verified: a.example."},
	{"SCIM-027", "pending", and(serves("b.example"), verification("b.example", pending)), []string{"fail medium sso-1"},
		"b.example"},
	{"SCIM-027", "pending and verified", and(serves("b.example"), and(verification("b.example", ona.DomainVerified),
		verification("b.example", pending))),
		[]string{"pass org-1"}, ""},
	{"SCIM-027", "no state, and pending", and(serves("b.example"), and(verification("b.example", ona.DomainUnspecified),
		verification("b.example", pending))),
		[]string{"fail medium sso-1"}, "b.example"},
	{"SCIM-027", "pending, and no state", and(serves("b.example"), and(verification("b.example", pending),
		verification("b.example", ona.DomainUnspecified))),
		[]string{"fail medium sso-1"}, "b.example"},
	{"SCIM-027", "no state", and(invite("a.example"), verification("a.example", ona.DomainUnspecified)),
		[]string{"not_assessed org-1"}, "no state in the answer: a.example."},
	{"SCIM-027", "SSO unreadable", hideSSO, []string{"not_assessed org-1"},
		"not checked. The SSO configurations could not be read"},
	{"SCIM-027", "SSO unreadable, an open invite domain", and(invite("a.example"), hideSSO), []string{"fail medium org-1"},
		"a.example. The e-mail domains of SSO"},
	{"SCIM-027", "domains unreadable", and(invite("a.example"), hideDomains), []string{"not_assessed org-1"},
		"permission denied"},
}
