package fetch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

const (
	listMembers = "ListMembers"
	membersBody = `{"members":[` +
		`{"userId":"u2","role":"ORGANIZATION_ROLE_MEMBER","status":"USER_STATUS_LEFT","loginProvider":"github","fullName":"Bo Ek","email":"bo@acme.example"},` +
		`{"userId":"u1","role":"ORGANIZATION_ROLE_ADMIN","status":"USER_STATUS_ACTIVE","loginProvider":"custom","memberSince":"2025-03-01T02:00:00+02:00",` +
		`"fullName":"Ada Berg","email":"ada@acme.example","avatarUrl":"https://acme.example/ada.png","team":"blue"}],` +
		`"count":{"value":"2","relation":"COUNT_RESPONSE_RELATION_EQ"}}`
)

func withMembers(o *Options) { o.Members = true }

func TestMembersAreListedWithTheirTokens(t *testing.T) {
	own := ok(tokensBody)
	api := newAPI(t, handlers{listMembers: ok(membersBody), listTokens: func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		if strings.Contains(body.String(), "user-1") {
			own(w, r)
			return
		}
		ok(`{"personalAccessTokens":[{"id":"t1","userId":"u2","description":"laptop","creator":{"id":"u2","principal":"PRINCIPAL_USER"},`+
			`"createdAt":"2026-10-01T00:00:00Z","expiresAt":"2026-12-01T00:00:00Z","lastUsed":"2026-11-01T00:00:00Z","readOnly":true}]}`)(w, r)
	}})
	got := collect(t, api, withMembers)
	i := got.Inventory
	want := []ona.OrganizationMember{
		{UserID: "u1", Role: ona.OrganizationRoleAdmin, Status: ona.UserStatusActive, LoginProvider: ona.LoginProviderCustom,
			MemberSince: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), FullName: "Ada Berg", Email: "ada@acme.example",
			AvatarURL: "https://acme.example/ada.png", Unknown: ona.Unknown{"team": json.RawMessage(`"blue"`)}},
		{UserID: "u2", Role: ona.OrganizationRoleMember, Status: ona.UserStatusLeft, LoginProvider: ona.LoginProviderGitHub,
			FullName: "Bo Ek", Email: "bo@acme.example"},
	}
	for n := range i.Members {
		if i.Members[n].Raw == nil {
			t.Error("a member without its JSON")
		}
		i.Members[n].Raw = nil
	}
	if diff := cmp.Diff(want, i.Members); diff != "" || i.MembersNotAssessed != "" || !i.MembersRequested() {
		t.Errorf("not assessed %q, members (-want +got):\n%s", i.MembersNotAssessed, diff)
	}
	if got.Members.Counted != 2 || got.Members.CountRelation != countExact || got.Members.Distinct != 2 ||
		got.Members.Agreeing != 1 {
		t.Errorf("listing %+v", got.Members)
	}
	if len(i.MemberTokens) != 1 || i.MemberTokens[0].UserID != "u2" || i.MemberTokens[0].Description != "laptop" ||
		!i.MemberTokens[0].ReadOnly || i.MemberTokensNotAssessed != "" {
		t.Errorf("tokens %+v, not assessed %q", i.MemberTokens, i.MemberTokensNotAssessed)
	}
	if diff := cmp.Diff([]string{"OrganizationMember.team"}, got.UnknownFields); diff != "" {
		t.Errorf("unknown fields (-want +got):\n%s", diff)
	}
	sent := api.sent(listMembers)[0].body
	if sent != `{"organizationId":"`+orgID+`","filter":{"statuses":["USER_STATUS_ACTIVE","USER_STATUS_SUSPENDED","USER_STATUS_LEFT"]},`+
		`"count":{"include":true},"pagination":{"pageSize":100}}` {
		t.Errorf("sent %s", sent)
	}
}

func TestNothingAboutMembersIsRequestedUnlessTheSettingsAskForThem(t *testing.T) {
	api := newAPI(t, nil)
	got := collect(t, api)
	if n := len(api.sent(listMembers)); n > 0 || got.Inventory.MembersRequested() || got.Inventory.Members != nil {
		t.Errorf("%d requests, inventory %+v", n, got.Inventory)
	}
	if got.Inventory.MembersNotAssessed != ona.MembersNotRequested ||
		got.Inventory.MemberTokensNotAssessed != ona.MembersNotRequested {
		t.Errorf("%q, %q", got.Inventory.MembersNotAssessed, got.Inventory.MemberTokensNotAssessed)
	}
}

// Whatever is wrong with this listing, the configurations are audited.
func TestMembersThatCannotBeReadAreNotAssessed(t *testing.T) {
	page := func(count string) string { return `{"members":[{"userId":"u1"},{"userId":"u2"}]` + count + `}` }
	for name, handler := range map[string]http.HandlerFunc{
		"says the server":         connect(403, CodePermissionDenied),
		"unimplemented":           connect(501, CodeUnimplemented),
		"field userId is missing": ok(`{"members":[{"fullName":"Ada"}]}`),
		"page 2: HTTP 403": inOrder(ok(`{"members":[{"userId":"u1"}],"pagination":{"nextToken":"2"}}`),
			connect(403, CodePermissionDenied)),
		"no field members":                    ok(`{"users":[]}`),
		"counts 3, but 2 were listed":         ok(page(`,"count":{"value":3,"relation":"COUNT_RESPONSE_RELATION_EQ"}`)),
		"counts 1, but 2 were listed":         ok(page(`,"count":{"value":"1","relation":"COUNT_RESPONSE_RELATION_EQ"}`)),
		"counts 0, but 2 were listed":         ok(page(`,"count":{"relation":"COUNT_RESPONSE_RELATION_EQ"}`)),
		"at least 3, but 2 were":              ok(page(`,"count":{"value":"3","relation":"COUNT_RESPONSE_RELATION_GTE"}`)),
		"at least 5, but 2 were":              ok(page(`,"count":{"value":"5"}`)),
		"no member is listed, but every":      ok(`{"count":{"relation":"COUNT_RESPONSE_RELATION_EQ"}}`),
		"but every organization has one":      ok(`{}`),
		"count.value is not a number of rows": ok(page(`,"count":{"value":"many"}`)),
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{listMembers: handler}), withMembers)
			i := got.Inventory
			if !strings.Contains(i.MembersNotAssessed, name) || i.Members != nil || len(i.SCIM) != 2 || !i.MembersRequested() ||
				i.MemberTokensNotAssessed != "the members could not be read" {
				t.Errorf("not assessed %q, tokens %q, members %+v", i.MembersNotAssessed, i.MemberTokensNotAssessed, i.Members)
			}
		})
	}
}

func TestTheCountOfTheServerMayBeALowerBoundOrMissing(t *testing.T) {
	for _, count := range []string{``, `,"count":null`,
		`,"count":{"value":"1","relation":"COUNT_RESPONSE_RELATION_GTE"}`} {
		got := collect(t, newAPI(t, handlers{
			listMembers: ok(`{"members":[{"userId":"u1"},{"userId":"u2"}]` + count + `}`), listTokens: inOrder(ok(`{}`)),
		}), withMembers)
		if got.Inventory.MembersNotAssessed != "" || len(got.Inventory.Members) != 2 {
			t.Errorf("%s: not assessed %q, %d members", count, got.Inventory.MembersNotAssessed, len(got.Inventory.Members))
		}
	}
}

// A member who joins while the list is read moves the count: the list is read again.
func TestMembersOfSeveralPagesAreListedTwice(t *testing.T) {
	page := func(id, next string, count int) string {
		return fmt.Sprintf(`{"members":[{"userId":%q}],"count":{"value":%d,"relation":"COUNT_RESPONSE_RELATION_EQ"},"pagination":{"nextToken":%q}}`, id, count, next)
	}
	api := newAPI(t, handlers{listTokens: ok(`{}`), listMembers: inOrder(
		ok(page("u1", "2", 3)), ok(page("u2", "", 3)), ok(page("u1", "2", 2)), ok(page("u2", "", 2)), ok(page("u1", "2", 2)),
		ok(page("u2", "", 2)))})
	got := collect(t, api, withMembers)
	if got.Members.Listings != 3 || got.Members.Agreeing != 2 || len(got.Inventory.Members) != 2 ||
		len(api.sent(listMembers)) != 6 {
		t.Errorf("%+v, not assessed %q", got.Members, got.Inventory.MembersNotAssessed)
	}
	if !slices.ContainsFunc(got.Notes, func(n string) bool { return strings.Contains(n, "counts 3, but 2 were listed") }) {
		t.Errorf("notes %q", got.Notes)
	}
}

func TestTokensAreRequestedForAFewMembersAtATime(t *testing.T) {
	var rows []string
	for n := range 60 {
		rows = append(rows, fmt.Sprintf(`{"userId":"u%02d"}`, n))
	}
	api := newAPI(t, handlers{listMembers: ok(`{"members":[` + strings.Join(rows, ",") + `]}`), listTokens: ok(`{}`)})
	got := collect(t, api, withMembers)
	var sizes []int
	for _, r := range api.sent(listTokens) {
		if strings.Contains(r.body, `"u`) && !strings.Contains(r.body, "user-1") {
			sizes = append(sizes, strings.Count(r.body, `"u`)-1) // without userIds itself
		}
	}
	if diff := cmp.Diff([]int{25, 25, 10}, sizes); diff != "" || got.Inventory.MemberTokensNotAssessed != "" {
		t.Errorf("not assessed %q, ids in a request (-want +got):\n%s", got.Inventory.MemberTokensNotAssessed, diff)
	}
}

func TestTokensThatCannotBeReadAreNotAssessed(t *testing.T) {
	for name, body := range map[string]http.HandlerFunc{
		"says the server":                  connect(403, CodePermissionDenied),
		"does not select by user":          ok(`{"personalAccessTokens":[{"id":"t1","userId":"someone"}]}`),
		"field userId is missing or empty": ok(`{"personalAccessTokens":[{"id":"t1"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{listMembers: ok(membersBody), listTokens: body}), withMembers)
			i := got.Inventory
			if !strings.Contains(i.MemberTokensNotAssessed, name) || i.MemberTokens != nil || len(i.Members) != 2 ||
				i.MembersNotAssessed != "" {
				t.Errorf("tokens not assessed %q, members %q", i.MemberTokensNotAssessed, i.MembersNotAssessed)
			}
		})
	}
}

func TestRedactedMembersLeaveNothingThatSaysWhoTheyAre(t *testing.T) {
	var log bytes.Buffer
	secret := []string{"Ada", "Berg", "Bo Ek", "ada@", "bo@", "ada.png", "blue", "laptop"}
	redaction := ona.NewRedaction([]byte("salt"))
	paged := strings.Replace(membersBody, `],"count"`, `],"pagination":{"nextToken":"ada@acme.example"},"count"`, 1)
	for name, h := range map[string]handlers{
		"read": {listMembers: ok(membersBody), listTokens: ok(`{"personalAccessTokens":[{"id":"t1","userId":"u1","description":"Ada's laptop"}]}`)},
		"refused": {listMembers: respond(403, `{"code":"permission_denied","message":"Bo Ek (bo@acme.example) may not list Ada Berg"}`),
			listTokens: ok(`{}`)},
		"another method refused": {listMembers: ok(membersBody), listTokens: ok(`{}`), "ListSSOConfigurations": inOrder(
			respond(503, `{"code":"unavailable","message":"Ada Berg is restarting it"}`), respond(403,
				`{"code":"permission_denied","message":"Bo Ek may not"}`)),
			"ListDomainVerifications": respond(404, "<p>Ada Berg's proxy</p>")},
		"not as documented": {listMembers: ok(strings.Replace(membersBody, `"2025-03-01T02:00:00+02:00"`, `"Ada Berg"`, 1)),
			listTokens: ok(`{}`)},
		"cut short": {listMembers: ok(membersBody[:len(membersBody)-40]), listTokens: ok(`{}`)},
		"paged": {listMembers: inOrder(ok(paged), ok(`{"members":[]}`), ok(paged), ok(`{"members":[]}`)),
			listTokens: ok(`{}`)},
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, h), withMembers, func(o *Options) {
				o.Redaction, o.MaxTries = redaction, 2
				o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			i := got.Inventory
			kept := fmt.Sprintf("%+v %s %s %s %s %s", got.Notes, i.MembersNotAssessed, i.MemberTokensNotAssessed,
				i.SSONotAssessed,
				i.DomainsNotAssessed, log.String())
			for _, m := range i.Members {
				kept += m.Canonical() + string(m.Raw)
			}
			for _, token := range i.MemberTokens {
				kept += token.Canonical() + string(token.Raw)
			}
			for _, x := range got.Exchanges {
				if x.Method == ona.ListMembers && (x.Body != nil || x.ResponseSHA256 == "" || x.ResponseSize == 0) {
					t.Errorf("the exchange keeps %d bytes of a response with hash %q and size %d", len(x.Body), x.ResponseSHA256,
						x.ResponseSize)
				}
				kept += x.Request + string(x.Body) + strings.Join(x.Retries, " ")
			}
			for _, text := range secret {
				if strings.Contains(strings.ToLower(kept), strings.ToLower(text)) {
					t.Errorf("%q is kept", text)
				}
			}
			if name == "another method refused" &&
				(!strings.Contains(i.SSONotAssessed, "HTTP 403: "+withheldText+" (permission_denied") ||
					!strings.Contains(i.DomainsNotAssessed, "HTTP 404")) {
				t.Errorf("SSO not assessed %q, domains %q", i.SSONotAssessed, i.DomainsNotAssessed)
			}
			if name == "read" && (len(i.Members) != 2 || i.Members[0].Email != redaction.Email(" ADA@acme.example") ||
				!strings.HasSuffix(i.Members[0].Email, "@acme.example") || i.Members[0].Role != ona.OrganizationRoleAdmin) {
				t.Errorf("members %+v", i.Members)
			}
		})
	}
}
