package finding

import (
	"fmt"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// unrestricted returns why accounts can be created without SCIM; empty if they cannot, or if the
// policies could not be read. The policy acts only while SCIM is configured.
func (e *evaluation) unrestricted() string {
	switch policies := e.Inventory.Policies; {
	case policies == nil:
		return ""
	case !policies.RestrictAccountCreationToSCIM:
		return "The policy restrictAccountCreationToScim is off: accounts can be created without SCIM."
	case e.enabled == 0:
		return "The policy restrictAccountCreationToScim is on, but no SCIM configuration is enabled, so the policy does " +
			"nothing: accounts can be created without SCIM."
	}
	return ""
}

func notRestricted(e *evaluation) []row {
	why := e.unrestricted()
	if why == "" {
		return nil
	}
	return []row{fail("%s", why).of(e.organization)}
}

func joinByInvitation(e *evaluation) []row {
	domains := e.Inventory.Organization.InviteDomains
	if len(domains) == 0 {
		return nil
	}
	r := fail("Everybody with an e-mail address in an invite domain may join, SCIM or not: %s.", enumerate(domains))
	switch {
	case e.unrestricted() != "":
		r = r.as(diff.High)
	case e.Inventory.Policies == nil:
		r.observed += " Whether account creation is restricted to SCIM is not known, because the policies could not be read."
	}
	return []row{r.of(e.organization)}
}

func unverifiedDomains(e *evaluation) (rows []row) {
	// By domain. Of several verifications, a verified one counts first, one without a state last.
	states := make(map[string]string)
	for _, d := range e.Inventory.Domains {
		domain := strings.ToLower(d.Domain)
		if state, known := states[domain]; !known || state != ona.DomainVerified && d.State != ona.DomainUnspecified {
			states[domain] = d.State
		}
	}
	judge := func(domains []string, what string, s subject) {
		var open, unknown []string
		for _, domain := range domains {
			switch states[strings.ToLower(domain)] {
			case ona.DomainVerified:
			case ona.DomainUnspecified:
				unknown = append(unknown, domain)
			default:
				open = append(open, domain)
			}
		}
		if len(open) > 0 {
			rows = append(rows, fail("%s that are not verified: %s.", what, enumerate(open)).of(s))
		} else if len(unknown) > 0 {
			rows = append(rows, notAssessed("%s whose verification has no state in the answer: %s.", what, enumerate(unknown)).
				of(s))
		}
	}
	judge(e.Inventory.Organization.InviteDomains, "Invite domains", e.organization)
	for _, c := range e.Inventory.SSO {
		judge(emailDomains(&c), "E-mail domains", subject{diff.SSOConfiguration, c.ID, c.DisplayName})
	}
	if why := ssoRead(e); why != "" {
		return e.qualify(rows, []string{"The e-mail domains of SSO configurations were not checked. " + why})
	}
	return rows
}

// enumerate names the first few of a set and says how many more there are.
func enumerate(items []string) string {
	if len(items) <= maxOthers {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(items[:maxOthers], ", "), len(items)-maxOthers)
}
