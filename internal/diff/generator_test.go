package diff

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
)

// generator makes inventories from the bytes of a fuzzer. Every value comes from a small pool, so
// that two inventories overlap.
type generator struct{ data []byte }

// pick returns a number below n, 0 when the bytes have run out.
func (g *generator) pick(n int) int {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return int(b) % n
}

func (g *generator) flag() bool { return g.pick(2) == 1 }

func (g *generator) text(choices ...string) string { return choices[g.pick(len(choices))] }

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// instant may be absent, and may have a zone and fractions of a second.
func (g *generator) instant() time.Time {
	zone := time.FixedZone("", 3600)
	choices := []time.Time{
		{}, epoch, epoch.In(zone), epoch.Add(time.Nanosecond), epoch.AddDate(1, 0, 0), epoch.AddDate(7000, 0, 0),
	}
	return choices[g.pick(len(choices))]
}

func (g *generator) optionalFlag() *bool {
	yes, no := true, false
	return []*bool{nil, &yes, &no}[g.pick(3)]
}

func (g *generator) unknown() map[string]json.RawMessage {
	fields := make(map[string]json.RawMessage)
	for _, name := range []string{"scope", "createdBy"} {
		if value := g.text("", "true", "false", `{"a":[1,2]}`, `""`); value != "" {
			fields[name] = json.RawMessage(value)
		}
	}
	return fields
}

func (g *generator) inventory() ona.Inventory {
	in := ona.Inventory{Organization: ona.Organization{
		ID: "org", Name: g.text("Acme", "Acme Ltd", ""), Tier: g.text("", "enterprise"), CreatedAt: g.instant(),
		UpdatedAt:     g.instant(),
		InviteDomains: [][]string{nil, {}, {"a.example"}, {"a.example", "b.example"}}[g.pick(4)],
		Unknown:       g.unknown(),
	}}
	var scim []ona.SCIMConfiguration
	for _, id := range []string{"s1", "s2", "s3", "s4"} {
		if g.flag() {
			scim = append(scim, g.scim(id))
		}
	}
	in.SCIM = scim
	if g.pick(8) == 1 {
		in.SSONotAssessed = "permission_denied"
	}
	for _, id := range []string{"x1", "x2", "x3"} {
		if in.SSONotAssessed == "" && g.flag() {
			in.SSO = append(in.SSO, g.sso(id))
		}
	}
	if g.pick(4) != 1 {
		in.Policies = &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: g.flag(), Unknown: g.unknown()}
	}
	if g.pick(4) == 1 {
		in.MembersNotAssessed = "permission_denied"
	}
	for _, id := range []string{"u1", "u2", "u3"} {
		if in.MembersNotAssessed == "" && g.flag() {
			in.Members = append(in.Members, g.member(id))
		}
	}
	return in
}

func (g *generator) member(id string) ona.OrganizationMember {
	return ona.OrganizationMember{
		UserID: id,
		Role: g.text(ona.OrganizationRoleMember, ona.OrganizationRoleAdmin, ona.OrganizationRoleUnspecified,
			"ORGANIZATION_ROLE_NEWER"),
		Status: g.text(ona.UserStatusActive, ona.UserStatusSuspended, ona.UserStatusLeft,
			ona.UserStatusUnspecified),
		LoginProvider: g.text(ona.LoginProviderCustom, ona.LoginProviderGitHub, ""),
		MemberSince:   g.instant(),
		FullName:      g.text("Ada", "Ada; \"L\"", ""),
		Email:         g.text("ada@a.example", "a@b.example", ""),
		AvatarURL:     g.text("", "https://a.example/1"),
		Unknown:       g.unknown(),
	}
}

func (g *generator) scim(id string) ona.SCIMConfiguration {
	return ona.SCIMConfiguration{
		ID:                                 id,
		OrganizationID:                     g.text("org", "", "other"),
		Name:                               g.text("Okta", "Entra", "", "a\"; b\n"),
		Enabled:                            g.flag(),
		SSOConfigurationID:                 g.text("", "x1", "x2", "gone"),
		CreatedAt:                          g.instant(),
		UpdatedAt:                          g.instant(),
		TokenExpiresAt:                     g.instant(),
		AllowUnverifiedEmailAccountLinking: g.optionalFlag(),
		Unknown:                            g.unknown(),
	}
}

func (g *generator) sso(id string) ona.SSOConfiguration {
	return ona.SSOConfiguration{
		ID:               id,
		OrganizationID:   g.text("org", ""),
		DisplayName:      g.text("", "Okta"),
		IssuerURL:        g.text("https://a.example", "https://b.example/?x&y", ""),
		ProviderType:     g.text(ona.ProviderTypeCustom, ona.ProviderTypeBuiltin),
		State:            g.text(ona.SSOStateActive, ona.SSOStateInactive, ona.SSOStateUnspecified),
		ClientID:         g.text("", "c1"),
		EmailDomain:      g.text("", "a.example"),
		EmailDomains:     [][]string{nil, {}, {"a.example"}, {"a.example", "b.example"}}[g.pick(4)],
		AdditionalScopes: [][]string{nil, {"groups"}}[g.pick(2)],
		Claims:           []map[string]string{nil, {}, {"sub": "<oid>"}, {"sub": "oid", "a": "b"}}[g.pick(4)],
		ClaimsExpression: g.text("", "claims.groups"),
		Unknown:          g.unknown(),
	}
}

// shuffledAndSorted returns the inventory after its configurations have been put in another order
// and sorted again.
func (g *generator) shuffledAndSorted(in ona.Inventory) ona.Inventory {
	scim := slices.Clone(in.SCIM)
	in.SCIM, in.SSO, in.Members = scim, slices.Clone(in.SSO), slices.Clone(in.Members)
	shuffle(g, scim)
	shuffle(g, in.SSO)
	shuffle(g, in.Members)
	slices.SortFunc(scim, func(a, b ona.SCIMConfiguration) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(in.SSO, func(a, b ona.SSOConfiguration) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(in.Members, func(a, b ona.OrganizationMember) int { return strings.Compare(a.UserID, b.UserID) })
	return in
}

func shuffle[T any](g *generator, all []T) {
	for i := range all {
		j := g.pick(i + 1)
		all[i], all[j] = all[j], all[i]
	}
}
