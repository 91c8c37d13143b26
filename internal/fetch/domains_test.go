package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

const listDomains = "ListDomainVerifications"

func TestDomainVerificationsAreListed(t *testing.T) {
	row := func(id, more string) string { return fmt.Sprintf(`{"id":%q,"domain":"%s.example"%s}`, id, id, more) }
	second := row("b", `,"organizationId":"`+strings.ToUpper(orgID)+`","state":"DOMAIN_VERIFICATION_STATE_VERIFIED","verifiedAt":"2025-03-01T02:00:00+02:00","proof":1`)
	got := collect(t, newAPI(t, handlers{listDomains: ok(`{"domainVerifications":[` + second + `,` + row("a", "") +
		`]}`)}))
	want := []ona.DomainVerification{
		{ID: "a", Domain: "a.example", State: ona.DomainUnspecified, Raw: json.RawMessage(row("a", ""))},
		{ID: "b", OrganizationID: orgID, Domain: "b.example", State: ona.DomainVerified,
			VerifiedAt: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC),
			Unknown:    map[string]json.RawMessage{"proof": json.RawMessage("1")}, Raw: json.RawMessage(second)},
	}
	if d := cmp.Diff(want, got.Inventory.Domains); d != "" || got.Domains.Received != 2 ||
		got.Inventory.DomainsNotAssessed != "" {
		t.Errorf("%+v, not assessed %q (-want +got):\n%s", got.Domains, got.Inventory.DomainsNotAssessed, d)
	}
}

// Whatever is wrong with this listing, the configurations are audited.
func TestDomainVerificationsThatCannotBeReadAreNotAssessed(t *testing.T) {
	page := `{"domainVerifications":[{"id":"a"}],"pagination":{"nextToken":"2"}}`
	for name, handler := range map[string]http.HandlerFunc{
		"says the server":            connect(403, CodePermissionDenied),
		"unimplemented":              connect(501, CodeUnimplemented),
		"HTTP 404":                   respond(404, "no such route"),
		"internal":                   connect(500, CodeInternal),
		"not a JSON object":          ok("<html>"),
		"field domain is":            ok(`{"domainVerifications":[{"id":"a","domain":7}]}`),
		"page 2: HTTP 403":           inOrder(ok(page), connect(403, CodePermissionDenied)),
		"repeats that of page 1":     ok(page),
		"no field domainVerificatio": ok(`{"domains":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{listDomains: handler}))
			if !strings.Contains(got.Inventory.DomainsNotAssessed, name) || got.Inventory.Domains != nil ||
				len(got.Inventory.SCIM) != 2 {
				t.Errorf("not assessed %q, inventory %+v", got.Inventory.DomainsNotAssessed, got.Inventory)
			}
		})
	}
}

func TestADomainOfAnotherOrganizationFailsTheNight(t *testing.T) {
	api := newAPI(t, handlers{listDomains: ok(`{"domainVerifications":[{"id":"a","organizationId":"` + otherOrg + `"}]}`)})
	_, err := newClient(t, api.URL).Collect(t.Context())
	if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Code != CodeForeignOrganization {
		t.Errorf("error %v", err)
	}
}

func TestInviteDomainsAreASetInsideAnObject(t *testing.T) {
	for body, want := range map[string]struct {
		domains []string
		unknown ona.Unknown
		fields  string
	}{
		`{"domains":["b.example","a.example","b.example"]}`: {domains: []string{"a.example", "b.example"}},
		`{"domains":[],"strict":true}`:                      {unknown: ona.Unknown{"inviteDomains.strict": json.RawMessage("true")}, fields: "Organization.inviteDomains.strict"},
		`{"domains":null}`:                                  {},
		`{}`:                                                {},
		`null`:                                              {},
	} {
		organization := strings.Replace(organizationBody, `"name"`, `"inviteDomains":`+body+`,"name"`, 1)
		got := collect(t, newAPI(t, handlers{"GetOrganization": ok(organization)}))
		o := got.Inventory.Organization
		if d := cmp.Diff(want.unknown, o.Unknown); d != "" ||
			strings.Join(o.InviteDomains, " ") != strings.Join(want.domains, " ") {
			t.Errorf("%s: invite domains %q, unknown (-want +got):\n%s", body, o.InviteDomains, d)
		}
		if fields := strings.Join(got.UnknownFields, " "); fields != want.fields {
			t.Errorf("%s: unknown fields %q, want %q", body, fields, want.fields)
		}
	}
	for _, body := range []string{`["a.example"]`, `{"domains":"a.example"}`, `{"domains":[null]}`} {
		organization := strings.Replace(organizationBody, `"name"`, `"inviteDomains":`+body+`,"name"`, 1)
		_, err := newClient(t, newAPI(t, handlers{"GetOrganization": ok(organization)}).URL).Collect(t.Context())
		if err == nil || !strings.Contains(err.Error(), "field inviteDomains ") {
			t.Errorf("%s: error %v", body, err)
		}
	}
}
