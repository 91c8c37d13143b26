package demo_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

func ExampleStory() {
	for _, line := range demo.Story(5) {
		fmt.Println(line)
	}
	// Output:
	// acme: "Contractors EMEA" may link accounts with an unverified e-mail address, and the audit log has no entry of it
	// acme: "Okta Logistics AMER" was deleted and created anew with the same sign-in
	// acme: accounts may be created without SCIM
	// acme: everybody with an address in acme-ventures.example may join, and its verification was begun
	// acme: Sofia Bianchi signs in with the identity provider of Acme
	// acme: Tomas Novak is no longer an administrator
	// globex: the token may list SCIM configurations again, but not read the policies
	// globex: the sign-in "Rippling" was enabled again
	// globex: the sign-in "Okta Workforce Identity" serves another e-mail domain too
	// globex: the sign-in "JumpCloud" asks for more scopes
	// globex: Lena Moreau left
	// initech: the token received the roles that it lacked
	// umbrella: a sign-in "Okta" and the SCIM configuration "Okta pilot" were created
}

// every returns every answer of a server in all its nights, as text.
func every(t *testing.T, server *demo.Server) string {
	t.Helper()
	var b strings.Builder
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		for _, o := range server.Organizations() {
			own := fmt.Sprintf(`{"organizationId":%q}`, o.ID)
			for _, request := range [][2]string{
				{ona.GetAuthenticatedIdentity, `{}`}, {ona.GetOrganization, own}, {ona.GetOrganizationPolicies, own},
				{ona.ListSCIMConfigurations, `{}`}, {ona.ListSCIMConfigurations, `{"pagination":{"pageSize":100}}`},
				{ona.ListSSOConfigurations, own}, {ona.ListDomainVerifications, own},
				{ona.ListPersonalAccessTokens, `{}`}, {ona.ListMembers, own}, {ona.ListAuditLogs, `{"pagination":{"pageSize":100}}`},
			} {
				answer := post(server, o.Token, request[0], request[1])
				body, err := io.ReadAll(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&b, night, o.Name, request, answer.Status, answer.Header, string(body))
			}
		}
	}
	return b.String()
}

func TestTheWorldIsTheSameEveryTime(t *testing.T) {
	server := demo.NewServer()
	first := every(t, server)
	if again := every(t, server); again != first {
		t.Errorf("the second walk through the nights differs:\n%s", cmp.Diff(first, again))
	}
	if other := every(t, demo.NewServer()); other != first {
		t.Errorf("another server differs:\n%s", cmp.Diff(first, other))
	}
}

func TestTheStoryHasEveryNight(t *testing.T) {
	for night := 1; night <= demo.Nights; night++ {
		if len(demo.Story(night)) == 0 {
			t.Errorf("night %d: the story is empty", night)
		}
	}
	for _, night := range []int{0, demo.Nights + 1} {
		if got := demo.Story(night); got != nil {
			t.Errorf("night %d is outside of the story and has %q", night, got)
		}
	}
}

// transition is the cause of a change: a field of a row has one value on a night and another on the
// next complete one. The empty field stands for the row itself.
type transition struct {
	kind                    string
	organization, list, key string
	from, to                int
	field                   string
	before, after           any
}

func TestEveryKindOfChangeHasACause(t *testing.T) {
	sso := func(organization, key string) string { return demo.ID(organization, "sso", key) }
	server := demo.NewServer()
	for _, want := range []transition{
		{kind: "removed", organization: "acme", list: "scim", key: "okta-staging", from: 1, to: 2, before: true,
			after: false},
		{kind: "reappeared", organization: "acme", list: "scim", key: "okta-staging", from: 3, to: 4, before: false,
			after: true},
		{kind: "removed and replaced", organization: "acme", list: "scim", key: "logistics-amer", from: 4, to: 5,
			before: true, after: false},
		{kind: "added", organization: "acme", list: "scim", key: "logistics-amer-2", from: 4, to: 5, before: false,
			after: true},
		{kind: "removed in a night that is not complete", organization: "globex", list: "scim", key: "research", from: 3,
			to: 5, before: true, after: false},
		{kind: "added, the first", organization: "umbrella", list: "scim", key: "pilot", from: 4, to: 5, before: false,
			after: true},
		{kind: "disabled, the only", organization: "umbrella", list: "scim", key: "pilot", from: 5, to: 6, field: "enabled",
			before: true, after: nil},
		{kind: "removed, the last", organization: "umbrella", list: "scim", key: "pilot", from: 6, to: 7, before: true,
			after: false},
		{kind: "disabled", organization: "acme", list: "scim", key: "contractors", from: 1, to: 2, field: "enabled",
			before: true, after: nil},
		{kind: "enabled", organization: "acme", list: "scim", key: "contractors", from: 2, to: 4, field: "enabled",
			before: nil, after: true},
		{kind: "sso_unlinked", organization: "acme", list: "scim", key: "retail-apac", from: 5, to: 6,
			field: "ssoConfigurationId", before: sso("acme", "retail-apac"), after: nil},
		{kind: "sso_relinked", organization: "acme", list: "scim", key: "acquisitions", from: 2, to: 4,
			field: "ssoConfigurationId", before: sso("acme", "acquisitions"), after: sso("acme", "okta-production")},
		{kind: "sso_linked", organization: "acme", list: "scim", key: "vendors", from: 6, to: 7, field: "ssoConfigurationId",
			before: nil, after: sso("acme", "vendors")},
		{kind: "field_first_reported", organization: "acme", list: "scim", key: "contractors", from: 2, to: 4,
			field: "protocolVersion", before: nil, after: "2.0"},
		{kind: "unverified_linking_allowed", organization: "acme", list: "scim", key: "contractors", from: 4, to: 5,
			field: "allowUnverifiedEmailAccountLinking", before: nil, after: true},
		{kind: "unverified_linking_disallowed", organization: "acme", list: "scim", key: "contractors", from: 5, to: 6,
			field: "allowUnverifiedEmailAccountLinking", before: true, after: nil},
		{kind: "token_rotated, later", organization: "acme", list: "scim", key: "okta-production", from: 1, to: 2,
			field: "tokenExpiresAt", before: "2027-05-04T09:30:00Z", after: "2027-11-16T14:00:00Z"},
		{kind: "token_rotated, earlier", organization: "acme", list: "scim", key: "finance-emea", from: 5, to: 6,
			field: "tokenExpiresAt", before: "2027-03-29T09:03:00Z", after: "2026-12-20T14:30:00Z"},
		{kind: "token_expiry_lost", organization: "initech", list: "scim", key: "production", from: 1, to: 2,
			field: "tokenExpiresAt", before: "2027-04-01T09:00:00Z", after: nil},
		{kind: "token_expiry_reported", organization: "initech", list: "scim", key: "production", from: 2, to: 3,
			field: "tokenExpiresAt", before: nil, after: "2027-04-01T09:00:00Z"},
		{kind: "renamed", organization: "acme", list: "scim", key: "payments-emea", from: 1, to: 2, field: "name",
			before: "Entra ID Payments EMEA", after: "Entra ID Payments Europe"},
		{kind: "field_changed", organization: "globex", list: "scim", key: "workforce", from: 1, to: 2, field: "groupSync",
			before: demo.Row{"enabled": true, "prefix": "ona-", "maxGroups": 500.0},
			after:  demo.Row{"enabled": true, "prefix": "ona-", "maxGroups": 1000.0}},
		{kind: "updated_only", organization: "acme", list: "scim", key: "legal-emea", from: 6, to: 7, field: "updatedAt",
			before: "2026-04-07T09:24:00Z", after: "2026-11-21T13:30:00Z"},
		{kind: "updated_at_regressed", organization: "initech", list: "scim", key: "formula", from: 5, to: 6,
			field: "updatedAt", before: "2026-10-05T09:00:00Z", after: "2026-06-12T09:00:00Z"},
		{kind: "created_at_changed", organization: "initech", list: "scim", key: "markdown", from: 2, to: 3,
			field: "createdAt", before: "2026-04-15T09:00:00Z", after: "2026-04-16T09:00:00Z"},
		{kind: "namechanged", organization: "initech", list: "scim", key: "production", from: 3, to: 4,
			field: "organizationId", before: demo.ID("initech"), after: nil},
		{kind: "removed", organization: "globex", list: "sso", key: "duo", from: 2, to: 3, before: true, after: false},
		{kind: "reappeared", organization: "globex", list: "sso", key: "duo", from: 5, to: 6, before: false, after: true},
		{kind: "added", organization: "globex", list: "sso", key: "partners", from: 5, to: 6, before: false, after: true},
		{kind: "removed and linked", organization: "initech", list: "sso", key: "invisible", from: 6, to: 7, before: true,
			after: false},
		{kind: "disabled", organization: "globex", list: "sso", key: "rippling", from: 1, to: 2, field: "state",
			before: ona.SSOStateActive, after: ona.SSOStateInactive},
		{kind: "enabled", organization: "globex", list: "sso", key: "rippling", from: 3, to: 5, field: "state",
			before: ona.SSOStateInactive, after: ona.SSOStateActive},
		{kind: "renamed", organization: "globex", list: "sso", key: "okta", from: 1, to: 2, field: "displayName",
			before: "Okta", after: "Okta Workforce Identity"},
		{kind: "issuer_changed", organization: "globex", list: "sso", key: "entra-amer", from: 2, to: 3, field: "issuerUrl",
			before: "https://sts.windows.example/globex-amer", after: "https://login.microsoftonline.example/globex-amer/v2.0"},
		{kind: "client_changed", organization: "globex", list: "sso", key: "google", from: 2, to: 3, field: "clientId",
			before: "ona-google", after: "ona-google-2026"},
		{kind: "domains_changed", organization: "globex", list: "sso", key: "okta", from: 3, to: 5, field: "emailDomains",
			before: []any{"globex.example", "globex.co.example"},
			after:  []any{"globex.example", "globex.co.example", "hammock.example"}},
		{kind: "claims_changed", organization: "globex", list: "sso", key: "entra-emea", from: 3, to: 5, field: "claims",
			before: demo.Row{"email": "email", "name": "displayName"},
			after:  demo.Row{"email": "email", "name": "preferred_username"}},
		{kind: "field_changed", organization: "globex", list: "sso", key: "jumpcloud", from: 3, to: 5,
			field: "additionalScopes", before: nil, after: []any{"groups"}},
		{kind: "restriction_lifted", organization: "acme", list: "policies", from: 4, to: 5,
			field: "restrictAccountCreationToScim", before: true, after: nil},
		{kind: "restriction_set", organization: "acme", list: "policies", from: 5, to: 6,
			field: "restrictAccountCreationToScim", before: nil, after: true},
		{kind: "invite_domain_added", organization: "globex", list: "organization", from: 2, to: 3, field: "inviteDomains",
			before: invite("globex.example"), after: invite("globex.example", "globex-contractors.example")},
		{kind: "invite_domain_removed", organization: "globex", list: "organization", from: 5, to: 6, field: "inviteDomains",
			before: invite("globex.example", "globex-contractors.example"), after: invite("globex.example")},
		{kind: "invite_domain_added", organization: "acme", list: "organization", from: 4, to: 5, field: "inviteDomains",
			before: nil, after: invite("acme-ventures.example")},
		{kind: "verified", organization: "acme", list: "domain", key: "ventures", from: 6, to: 7, field: "state",
			before: "DOMAIN_VERIFICATION_STATE_PENDING", after: ona.DomainVerified},
		{kind: "field_changed", organization: "acme", list: "policies", from: 5, to: 6,
			field: "maximumRunningEnvironmentsPerUser", before: "10", after: "5"},
	} {
		t.Run(want.list+" "+want.kind, func(t *testing.T) {
			before := see(t, server, want.organization, want.from)
			after := see(t, server, want.organization, want.to)
			if got := want.value(before); !reflect.DeepEqual(got, want.before) {
				t.Errorf("night %d: %v, want %v", want.from, got, want.before)
			}
			if got := want.value(after); !reflect.DeepEqual(got, want.after) {
				t.Errorf("night %d: %v, want %v", want.to, got, want.after)
			}
		})
	}
}

func invite(domains ...any) demo.Row { return demo.Row{"domains": domains} }

// value is what the transition is about, in a world.
func (c transition) value(w world) any {
	rows := w.rows(c.list)
	row := find(rows, demo.ID(c.organization, c.list, c.key))
	if c.key == "" { // the list is one object
		row = rows[0]
	}
	if c.field == "" {
		return row != nil
	}
	return row[c.field]
}

func TestTheReplacementHasTheLinkOfWhatItReplaces(t *testing.T) {
	server := demo.NewServer()
	old := find(see(t, server, "acme", 4).scim, demo.ID("acme", "scim", "logistics-amer"))
	replacement := find(see(t, server, "acme", 5).scim, demo.ID("acme", "scim", "logistics-amer-2"))
	if old["ssoConfigurationId"] == nil || old["ssoConfigurationId"] != replacement["ssoConfigurationId"] {
		t.Errorf("links %v and %v", old["ssoConfigurationId"], replacement["ssoConfigurationId"])
	}
}

func TestANewFieldIsReportedAcrossTheOrganizationAtOnce(t *testing.T) {
	server := demo.NewServer()
	for night := 1; night <= demo.Nights; night++ {
		for _, row := range see(t, server, "acme", night).scim {
			if reported := row["protocolVersion"] != nil; reported != (night >= 4) {
				t.Errorf("night %d: %v reports the field: %v", night, row["name"], reported)
			}
		}
	}
}

func TestQuietNightsWriteTheSameInAnotherWay(t *testing.T) {
	server := demo.NewServer()
	for _, quiet := range []struct {
		organization string
		night        int
	}{{"acme", 3}, {"globex", 7}} {
		before, after := see(t, server, quiet.organization, quiet.night-1), see(t, server, quiet.organization, quiet.night)
		for _, list := range []string{"scim", "sso", "domain", "organization", "policies"} {
			if diff := cmp.Diff(normals(before.rows(list)), normals(after.rows(list))); diff != "" {
				t.Errorf("%s, night %d, %s (-before +after):\n%s", quiet.organization, quiet.night, list, diff)
			}
		}
	}
	loud, quiet := see(t, server, "acme", 2), see(t, server, "acme", 3)
	for _, list := range []string{"scim", "sso"} {
		for i, row := range loud.rows(list) {
			if other := quiet.rows(list)[len(loud.rows(list))-1-i]; row["id"] == other["id"] || len(other) <= len(row) {
				t.Errorf("%s row %d is written as it was: %v", list, i, other)
			}
		}
	}
}

func TestTheScriptedFaults(t *testing.T) {
	server := demo.NewServer()
	statuses := func(name, method, body string) []int {
		o := organization(t, server, name)
		body = strings.ReplaceAll(body, "ID", o.ID)
		return []int{post(server, o.Token, method, body).StatusCode, post(server, o.Token, method, body).StatusCode}
	}
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		for _, test := range []struct {
			organization, method, body string
			first, second              int
			when                       bool
		}{
			{"acme", ona.ListSCIMConfigurations, `{}`, http.StatusTooManyRequests, http.StatusOK, night == 2},
			{"globex", ona.ListSCIMConfigurations, `{}`, http.StatusForbidden, http.StatusForbidden, night == 4},
			{"initech", ona.ListSSOConfigurations, `{"organizationId":"ID"}`, http.StatusForbidden, http.StatusForbidden,
				night < 5},
			{"initech", ona.ListDomainVerifications, `{"organizationId":"ID"}`, http.StatusForbidden, http.StatusForbidden,
				night < 5},
			{"umbrella", ona.ListDomainVerifications, `{"organizationId":"ID"}`, http.StatusNotImplemented,
				http.StatusNotImplemented, true},
			{"initech", ona.ListAuditLogs, `{}`, http.StatusForbidden, http.StatusForbidden, night < 5},
			{"initech", ona.GetSSOConfiguration, `{"ssoConfigurationId":"` + demo.ID("initech", "sso", "production") + `"}`,
				http.StatusNotFound, http.StatusNotFound, night == 7},
			{"umbrella", ona.GetOrganizationPolicies, `{"organizationId":"ID"}`, http.StatusNotImplemented,
				http.StatusNotImplemented, true},
		} {
			want := []int{http.StatusOK, http.StatusOK}
			if test.when {
				want = []int{test.first, test.second}
			}
			if got := statuses(test.organization, test.method, test.body); !slices.Equal(got, want) {
				t.Errorf("night %d: %s of %s answers %v, want %v", night, test.method, test.organization, got, want)
			}
		}
	}
}

func TestTheExceptionsNameConfigurationsOfTheStory(t *testing.T) {
	for _, id := range []string{
		demo.ID("acme", "scim", "onelogin"), demo.ID("globex", "scim", "partners"), demo.ID("globex"),
		demo.ID("globex", "scim", "lab-pilot"),
	} {
		if !strings.Contains(demo.Exceptions, id) {
			t.Errorf("no exception for %s", id)
		}
	}
}
