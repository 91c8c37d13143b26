package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

var inventoryColumns = []column{
	{"ID", "id"},
	{"Name", "name"},
	{"Organization", "organization"},
	{"Enabled", "enabled"},
	{"Token expires at (UTC)", "token_expires_at"},
	{"Days to expiry", daysKey},
	{"SSO configuration ID", "sso_configuration_id"},
	{"SSO name", "sso_name"},
	{"SSO state", "sso_state"},
	{"SSO issuer", "sso_issuer"},
	{"Unverified e-mail linking", "allow_unverified_email_account_linking"},
	{"Created at (UTC)", "created_at"},
	{"Updated at (UTC)", "updated_at"},
	{"Other fields", "other_fields"},
	{"First seen (UTC)", "first_seen"},
	{"Unchanged since (UTC)", "unchanged_since"},
	{"Last seen (UTC)", "last_seen"},
	{"Open findings", "open_findings"},
	{"Rules", "open_finding_rules"},
}

const (
	notReported = "not reported"
	notLinked   = "not linked"
	unknown     = "unknown"
)

func (v *view) inventoryTable() *table {
	open := v.openFindings()
	return &table{
		name:    "Inventory",
		file:    fileInventory,
		columns: inventoryColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.SCIMConfiguration { return o.SCIM },
			func(i int, o *Organization, c *snapshot.SCIMConfiguration) []any {
				rules := open[subjectKey{i, diff.SCIMConfiguration, c.ID}]
				cells := []any{c.ID, c.Name, v.label(i), c.Enabled, instant(c.TokenExpiresAt, unknown), daysToExpiry(o, c)}
				cells = append(cells, linkedCells(o, c)...)
				return append(cells,
					reported(c.AllowUnverifiedEmailAccountLinking), instant(c.CreatedAt, notReported), instant(c.UpdatedAt, notReported),
					ona.CanonicalUnknown(c.Unknown), c.FirstSeen, c.UnchangedSince, o.Snapshot.TakenAt, len(rules), strings.Join(rules, ", "))
			}),
		remarks: v.inventoryRemarks(),
	}
}

// daysToExpiry counts whole days from the snapshot to the token's expiry, negative once it has expired.
func daysToExpiry(o *Organization, c *snapshot.SCIMConfiguration) any {
	if c.TokenExpiresAt.IsZero() {
		return unknown
	}
	return daysBetween(o.Snapshot.TakenAt, c.TokenExpiresAt)
}

// linkedCells is id, name, state and issuer of the linked SSO configuration, or why there is none to show.
func linkedCells(o *Organization, c *snapshot.SCIMConfiguration) []any {
	why, short := "", unknown
	switch linked := o.sso(c.SSOConfigurationID); {
	case c.SSOConfigurationID == "":
		why, short = notLinked, notLinked
	case o.Snapshot.SSONotAssessed != "":
		why, short = "not assessed: "+o.Snapshot.SSONotAssessed, string(notChecked)
	case linked == nil:
		why = "not among the SSO configurations"
	default:
		return []any{linked.ID, linked.DisplayName, stateWord(linked.State), linked.IssuerURL}
	}
	return []any{c.SSOConfigurationID, why, short, short}
}

// stateWord and providerWord are the API's names without what all of them begin with.
func stateWord(state string) string {
	return strings.ToLower(strings.TrimPrefix(state, "SSO_CONFIGURATION_STATE_"))
}

func providerWord(provider string) string {
	return strings.ToLower(strings.TrimPrefix(provider, "PROVIDER_TYPE_"))
}

func reported(b *bool) any {
	if b == nil {
		return notReported
	}
	return *b
}

func (v *view) inventoryRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		if o.complete() && len(o.SCIM) == 0 {
			all = append(all, remark{i, fmt.Sprintf("%s: none: a complete list without any SCIM configuration", v.label(i)), false})
		}
	}
	return all
}

var ssoColumns = []column{
	{"ID", "id"},
	{"Display name", "display_name"},
	{"Organization", "organization"},
	{"State", "state"},
	{"Provider type", "provider_type"},
	{"Issuer", "issuer_url"},
	{"Client ID", "client_id"},
	{"E-mail domain", "email_domain"},
	{"E-mail domains", "email_domains"},
	{"Additional scopes", "additional_scopes"},
	{"Claims", "claims"},
	{"Claims expression", "claims_expression"},
	{"Other fields", "other_fields"},
	{"Linked SCIM configurations", "scim_configurations"},
	{"First seen (UTC)", "first_seen"},
	{"Unchanged since (UTC)", "unchanged_since"},
	{"Last seen (UTC)", "last_seen"},
	{"Open findings", "open_findings"},
	{"Rules", "open_finding_rules"},
}

func (v *view) ssoTable() *table {
	open, links := v.openFindings(), v.links()
	return &table{
		name:    "SSO",
		file:    fileSSO,
		columns: ssoColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.SSOConfiguration { return o.SSO },
			func(i int, o *Organization, c *snapshot.SSOConfiguration) []any {
				key := subjectKey{i, diff.SSOConfiguration, c.ID}
				return []any{
					c.ID, c.DisplayName, v.label(i), stateWord(c.State), providerWord(c.ProviderType), c.IssuerURL, c.ClientID, c.EmailDomain,
					strings.Join(c.EmailDomains, ", "), strings.Join(c.AdditionalScopes, ", "), claimsText(c.Claims), c.ClaimsExpression,
					ona.CanonicalUnknown(c.Unknown), strings.Join(links[key], ", "),
					c.FirstSeen, c.UnchangedSince, o.Snapshot.TakenAt, len(open[key]), strings.Join(open[key], ", "),
				}
			}),
		remarks: v.ssoRemarks(),
	}
}

func (v *view) ssoRemarks() []remark {
	all := v.lacking()
	for i, o := range v.each() {
		switch {
		case !o.complete():
		case o.Snapshot.SSONotAssessed != "":
			all = append(all, remark{i, v.label(i) + ": not assessed: " + o.Snapshot.SSONotAssessed, true})
		case len(o.SSO) == 0:
			all = append(all, remark{i, v.label(i) + ": none: a complete list without any SSO configuration", false})
		}
	}
	return all
}

// claimsText is a map as JSON; encoding/json sorts its keys.
func claimsText(claims map[string]string) string {
	if len(claims) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(claims); err != nil {
		panic("report: claims as JSON: " + err.Error()) // a map of strings can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// subjectKey finds what belongs to a configuration.
type subjectKey struct {
	organization int
	kind         diff.SubjectType
	id           string
}

// openFindings lists the rules that fail for each configuration.
func (v *view) openFindings() map[subjectKey][]string {
	if v.open != nil {
		return v.open
	}
	v.open = make(map[subjectKey][]string)
	for i, o := range v.each() {
		for j := range o.Findings {
			if f := &o.Findings[j]; f.Status == finding.Fail {
				key := subjectKey{i, f.SubjectType, f.SubjectID}
				v.open[key] = append(v.open[key], f.RuleID)
			}
		}
	}
	return v.open
}

// links lists the SCIM configurations that link to each SSO configuration, by name and id.
func (v *view) links() map[subjectKey][]string {
	links := make(map[subjectKey][]string)
	for i, o := range v.each() {
		for j := range o.SCIM {
			if c := &o.SCIM[j]; c.SSOConfigurationID != "" {
				key := subjectKey{i, diff.SSOConfiguration, c.SSOConfigurationID}
				links[key] = append(links[key], strings.TrimSpace(c.Name+" "+c.ID))
			}
		}
	}
	return links
}
