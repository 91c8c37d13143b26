package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

func (r *report) inventoryTable() *table.Table {
	t := r.table("Inventory")
	t.Anchor, t.Links = "id", map[string]string{"sso_name": "sso_configuration_id"}
	r.alarm(t)
	for i, o := range r.Organizations {
		for j := range o.SCIM {
			r.add(t, i, func() []any { return r.scimCells(i, &o.SCIM[j]) })
		}
		r.remarkNone(t, i, len(o.SCIM), "SCIM configuration", "")
	}
	return t
}

// remarkNone says why a table has no rows of a complete organization.
func (r *report) remarkNone(t *table.Table, organization, rows int, noun, notAssessed string) {
	switch {
	case !r.Organizations[organization].complete():
	case notAssessed != "":
		t.Missing(organization, r.label(organization)+": not assessed: "+notAssessed)
	case rows == 0:
		t.Remark(organization, r.label(organization)+": none: the complete list has no "+noun)
	}
}

func (r *report) scimCells(organization int, c *snapshot.SCIMConfiguration) []any {
	o := r.Organizations[organization]
	rules := r.failing[subject{organization, diff.SCIMConfiguration, c.ID}]
	var days, linking any = table.Why(Unknown), table.Why(NotReported)
	if !c.TokenExpiresAt.IsZero() {
		days = DaysBetween(o.Snapshot.TakenAt, c.TokenExpiresAt)
	}
	if c.AllowUnverifiedEmailAccountLinking != nil {
		linking = *c.AllowUnverifiedEmailAccountLinking
	}
	name, state, issuer := o.ssoCells(c)
	return []any{
		c.Name, c.Enabled, table.Instant(c.TokenExpiresAt, Unknown), days, name, state, table.List{Items: rules},
		r.label(organization), issuer, linking, len(rules), table.Instant(c.CreatedAt, NotReported),
		table.Instant(c.UpdatedAt, NotReported), c.FirstSeen, c.UnchangedSince, o.Snapshot.TakenAt,
		ona.CanonicalUnknown(c.Unknown), c.SSOConfigurationID, c.ID, asReceived(c.Unknown),
	}
}

// ssoCells returns name, state and issuer of the linked SSO configuration, or why it has none.
func (o *Organization) ssoCells(c *snapshot.SCIMConfiguration) (name, state, issuer any) {
	i, found := slices.BinarySearchFunc(o.SSO, c.SSOConfigurationID,
		func(sso snapshot.SSOConfiguration, id string) int { return strings.Compare(sso.ID, id) })
	switch {
	case c.SSOConfigurationID == "":
		return table.Why(notLinked), table.Why(notLinked), table.Why(notLinked)
	case o.Snapshot.SSONotAssessed != "":
		return Unless(o.Snapshot.SSONotAssessed, nil), table.Why(NotChecked), table.Why(NotChecked)
	case !found:
		return table.Why("not among the SSO configurations"), table.Why(Unknown), table.Why(Unknown)
	}
	return o.SSO[i].DisplayName, apiWord(o.SSO[i].State), o.SSO[i].IssuerURL
}

func (r *report) ssoTable() *table.Table {
	t := r.table("SSO")
	t.Anchor = "id"
	r.alarm(t)
	for i, o := range r.Organizations {
		links := o.links()
		for j := range o.SSO {
			c := &o.SSO[j]
			linked := links[c.ID]
			r.add(t, i, func() []any { return r.ssoConfigurationCells(i, c, linked) })
		}
		r.remarkNone(t, i, len(o.SSO), "SSO configuration", o.Snapshot.SSONotAssessed)
	}
	return t
}

func (r *report) ssoConfigurationCells(organization int, c *snapshot.SSOConfiguration, links []string) []any {
	rules := r.failing[subject{organization, diff.SSOConfiguration, c.ID}]
	return []any{
		c.DisplayName, apiWord(c.State), table.List{Items: c.EmailDomains}, c.IssuerURL, table.List{Items: links},
		table.List{Items: rules}, apiWord(c.ProviderType), r.label(organization), c.ClientID, c.EmailDomain,
		table.List{Items: c.AdditionalScopes}, claimsText(c.Claims), c.ClaimsExpression, len(rules), c.FirstSeen,
		c.UnchangedSince, r.Organizations[organization].Snapshot.TakenAt, ona.CanonicalUnknown(c.Unknown), c.ID,
		asReceived(c.Unknown),
	}
}

func (r *report) domainTable() *table.Table {
	t := r.table("Domains")
	r.alarm(t)
	for i, o := range r.Organizations {
		byName := func(a, b ona.DomainVerification) int { return strings.Compare(a.Domain, b.Domain) }
		for _, d := range slices.SortedStableFunc(slices.Values(o.Domains), byName) {
			isThis := func(other string) bool { return strings.EqualFold(other, d.Domain) }
			var serving []string
			for _, c := range o.SSO {
				if isThis(c.EmailDomain) || slices.ContainsFunc(c.EmailDomains, isThis) {
					serving = append(serving, cmp.Or(c.DisplayName, c.ID))
				}
			}
			invited := slices.ContainsFunc(o.InviteDomains, isThis)
			r.add(t, i, func() []any {
				return []any{
					d.Domain, apiWord(d.State), table.Instant(d.VerifiedAt, NotReported), invited, table.List{Items: serving},
					r.label(i), ona.CanonicalUnknown(d.Unknown), o.Snapshot.TakenAt, d.ID, asReceived(d.Unknown),
				}
			})
		}
		r.remarkNone(t, i, len(o.Domains), "domain verification", o.Snapshot.DomainsNotAssessed)
	}
	return t
}

// apiWord returns an enum name of the API without its prefix, in lower case, and any other text as
// it is.
func apiWord(name string) string {
	for _, prefix := range []string{
		"SSO_CONFIGURATION_STATE_", "PROVIDER_TYPE_", "DOMAIN_VERIFICATION_STATE_", "USER_STATUS_", "ORGANIZATION_ROLE_",
	} {
		if word, found := strings.CutPrefix(name, prefix); found {
			return strings.ToLower(word)
		}
	}
	return name
}

func (o *Organization) links() map[string][]string {
	links := make(map[string][]string)
	for i := range o.SCIM {
		if c := &o.SCIM[i]; c.SSOConfigurationID != "" {
			links[c.SSOConfigurationID] = append(links[c.SSOConfigurationID], strings.TrimSpace(c.Name+" "+c.ID))
		}
	}
	return links
}

// claimsText returns a map as JSON with sorted keys.
func claimsText(claims map[string]string) string {
	if len(claims) == 0 {
		return ""
	}
	text, _ := json.Marshal(claims, sortedKeys) // with these options, any map of texts can be encoded
	return string(text)
}

// asReceived returns unknown fields as a JSON object with sorted keys. Their values are as the API
// sent them, except for white space.
func asReceived(unknown ona.Unknown) any {
	if len(unknown) == 0 {
		return nil
	}
	object, _ := json.Marshal(unknown, sortedKeys) // package fetch keeps only values that are JSON
	return jsontext.Value(object)
}

var sortedKeys = json.JoinOptions(
	json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
