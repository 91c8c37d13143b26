package finding

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// Class says whether the identity provider could remove an active member through SCIM. It does not
// say whether the person is still employed.
type Class string

// The classes.
const (
	Governed     Class = "governed"
	NotGoverned  Class = "not_governed"
	CannotBeTold Class = "cannot_be_told"
)

// Classes is every class, the most serious first.
var Classes = []Class{NotGoverned, CannotBeTold, Governed}

// Governance says which class an active member is in, and why.
type Governance struct {
	Class Class
	// Reason is a sentence without a full stop. Members with the same way of signing in and the
	// same domain have the same reason.
	Reason string
}

// Governor finds the classes of the members of one organization.
type Governor struct {
	takenAt time.Time
	// ssoNotAssessed is why the SSO configurations could not be read; empty if they were.
	ssoNotAssessed string
	scim           map[string][]*ona.SCIMConfiguration // enabled ones, by the SSO configuration
	domains        map[string][]*ona.SSOConfiguration  // that are active or may be, by e-mail domain
	builtin        Governance                          // of members who sign in with google
	byDomain       map[string]Governance               // of members with a custom sign-in, once asked for
}

// NewGovernor returns the governor of an inventory; it does not use Members. A token counts as
// expired from the instant of its expiry on.
func NewGovernor(inventory *ona.Inventory, takenAt time.Time) *Governor {
	g := &Governor{
		takenAt: takenAt, ssoNotAssessed: inventory.SSONotAssessed, byDomain: make(map[string]Governance),
		scim: make(map[string][]*ona.SCIMConfiguration), domains: make(map[string][]*ona.SSOConfiguration),
	}
	for i := range inventory.SCIM {
		if c := &inventory.SCIM[i]; c.Enabled && c.SSOConfigurationID != "" {
			g.scim[c.SSOConfigurationID] = append(g.scim[c.SSOConfigurationID], c)
		}
	}
	listed := make(map[string]*ona.SSOConfiguration)
	for i := range inventory.SSO {
		c := &inventory.SSO[i]
		listed[c.ID] = c
		if c.State != ona.SSOStateActive && !stateUnknown(c) {
			continue
		}
		for _, domain := range emailDomains(c) {
			domain = strings.ToLower(domain)
			if !slices.Contains(g.domains[domain], c) {
				g.domains[domain] = append(g.domains[domain], c)
			}
		}
	}
	g.builtin = g.googleSignIn(listed)
	return g
}

// HasAccess reports whether a member counts as active: a status that this version does not know, or
// that the API did not report, may be.
func HasAccess(m ona.OrganizationMember) bool {
	return m.Status != ona.UserStatusSuspended && m.Status != ona.UserStatusLeft
}

// Of returns the class of a member who has access.
func (g *Governor) Of(m ona.OrganizationMember) Governance {
	if m.Status != ona.UserStatusActive {
		return Governance{CannotBeTold, "whether the member is active is not known (status " + beginning(m.Status) + ")"}
	}
	switch m.LoginProvider {
	case ona.LoginProviderGitHub:
		return Governance{NotGoverned, "signs in with github, where the identity provider has no part"}
	case ona.LoginProviderGoogle:
		return g.builtin
	case ona.LoginProviderCustom:
		return g.customSignIn(m.Email)
	case "":
		return Governance{CannotBeTold, "the API did not report how the member signs in"}
	}
	return Governance{CannotBeTold, fmt.Sprintf("signs in with %s, which this version does not know",
		beginning(m.LoginProvider))}
}

// googleSignIn looks for an enabled SCIM configuration that is linked to a built-in sign-in. A link
// whose type of sign-in is not known may be one.
func (g *Governor) googleSignIn(listed map[string]*ona.SSOConfiguration) Governance {
	open := ""
	for _, id := range slices.Sorted(maps.Keys(g.scim)) {
		switch sso := listed[id]; {
		case sso != nil && sso.ProviderType == ona.ProviderTypeBuiltin:
			return Governance{CannotBeTold, "signs in with google, and SCIM configuration " + named(g.scim[id][0]) +
				" is linked to a built-in sign-in: the API does not report which"}
		case sso == nil || sso.ProviderType != ona.ProviderTypeCustom:
			open = "signs in with google, and whether SCIM configuration " + named(g.scim[id][0]) +
				" is linked to a built-in sign-in is not known"
		}
	}
	if open != "" {
		return Governance{CannotBeTold, open}
	}
	return Governance{NotGoverned, "signs in with google, and no enabled SCIM configuration is linked to a " +
		"built-in sign-in"}
}

// customSignIn judges a member by the domain of the e-mail address: the API does not report which
// SSO configuration a member signs in with.
func (g *Governor) customSignIn(email string) Governance {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return Governance{CannotBeTold, "the API did not report an e-mail address with a domain"}
	}
	domain := strings.ToLower(strings.TrimSpace(email[at+1:]))
	if _, known := g.byDomain[domain]; !known {
		g.byDomain[domain] = g.ofDomain(domain)
	}
	return g.byDomain[domain]
}

func (g *Governor) ofDomain(domain string) Governance {
	shown := beginning(domain)
	all := g.domains[domain]
	switch {
	case g.ssoNotAssessed != "":
		return Governance{CannotBeTold, "the SSO configurations could not be read"}
	case len(all) == 0:
		return Governance{CannotBeTold, "no active SSO configuration has the domain " + shown}
	case len(all) > 1:
		var names []string
		for _, c := range all {
			names = append(names, label(c.DisplayName, c.ID))
		}
		return Governance{CannotBeTold, fmt.Sprintf("%d SSO configurations that are active or may be have the domain %s: %s",
			len(all), shown, enumerate(names))}
	case stateUnknown(all[0]):
		return Governance{CannotBeTold, fmt.Sprintf("the API did not report the state of SSO configuration %s, "+
			"which has the domain %s", label(all[0].DisplayName, all[0].ID), shown)}
	}
	sso := all[0]
	signIn := fmt.Sprintf("the domain %s belongs to SSO configuration %s", shown, label(sso.DisplayName, sso.ID))
	linked := g.scim[sso.ID]
	if len(linked) == 0 {
		return Governance{NotGoverned, signIn + ", to which no enabled SCIM configuration is linked"}
	}
	var unknown, expired *ona.SCIMConfiguration
	for _, c := range linked {
		switch {
		case c.TokenExpiresAt.After(g.takenAt):
			return Governance{Governed, signIn + " and SCIM configuration " + named(c) + " is linked to it"}
		case c.TokenExpiresAt.IsZero():
			unknown = c
		default:
			expired = c
		}
	}
	if unknown != nil {
		return Governance{CannotBeTold, signIn + ", and the API did not report when the token of SCIM configuration " +
			named(unknown) + " expires"}
	}
	return Governance{CannotBeTold, fmt.Sprintf("%s, and the token of SCIM configuration %s expired at %s",
		signIn, named(expired), utc(expired.TokenExpiresAt))}
}

func named(c *ona.SCIMConfiguration) string { return label(c.Name, c.ID) }

// emailDomains returns the domains of an SSO configuration, sorted, each once.
func emailDomains(c *ona.SSOConfiguration) []string {
	domains := slices.Clone(c.EmailDomains)
	if c.EmailDomain != "" && !slices.Contains(domains, c.EmailDomain) {
		domains = append(domains, c.EmailDomain)
		slices.Sort(domains)
	}
	return domains
}
