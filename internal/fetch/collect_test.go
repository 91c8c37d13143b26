package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// collect reads a server that must be readable.
func collect(t testing.TB, api *fakeAPI, change ...func(*Options)) *Collection {
	t.Helper()
	client := newClient(t, api.URL+"/api", change...)
	got, err := client.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCollectReadsTheWholeOrganization(t *testing.T) {
	scim := `{"id":"` + strings.ToUpper(scimA) + `","organizationId":"` + strings.ToUpper(orgID) +
		`","name":"Okta","enabled":true,
		"ssoConfigurationId":"` + strings.ToUpper(ssoA) + `","createdAt":"2024-05-01T12:00:00.123456789+02:00","updatedAt":"2024-05-02T00:00:00Z",
		"tokenExpiresAt":null,"allowUnverifiedEmailAccountLinking":false,"ID":"not the id","quota":12345678901234567890,"later":null,
		"nested":{"b":[1.50,"\u00e9"],"a":true}}`
	sso := `{"id":"` + ssoA + `","issuerUrl":"https://idp.example","displayName":"IdP","emailDomains":["b.example","a.example","b.example"],
		"additionalScopes":["groups"],"claims":{"email":"mail"},"clientId":"c","state":"SSO_CONFIGURATION_STATE_NEW"}`
	api := newAPI(t, handlers{
		list: ok(`{"scimConfigurations":[` + scim + `,{"id":"idp-1","name":"` +
			strings.Repeat("n", 200) + `"}],"total":2}`),
		"ListDomainVerifications": ok(`{}`),
		"ListSSOConfigurations":   ok(`{"ssoConfigurations":[` + sso + `,{"id":"a"}]}`),
		"GetOrganizationPolicies": ok(`{"policies":{"maximumEnvironments":5}}`),
	})
	got := collect(t, api)

	no := false
	want := ona.Inventory{
		Organization: ona.Organization{
			ID: orgID, Name: "Acme", Tier: "ORGANIZATION_TIER_ENTERPRISE", CreatedAt: time.Date(2024, 1, 1, 0, 0, 0, 0,
				time.UTC),
			Raw: json.RawMessage(organizationBody[len(`{"organization":`) : len(organizationBody)-1]),
		},
		SCIM: []ona.SCIMConfiguration{
			{
				ID: scimA, OrganizationID: orgID, Name: "Okta", Enabled: true, SSOConfigurationID: ssoA,
				CreatedAt: time.Date(2024, 5, 1, 10, 0, 0, 123456789, time.UTC), UpdatedAt: time.Date(2024, 5, 2, 0, 0, 0, 0,
					time.UTC),
				AllowUnverifiedEmailAccountLinking: &no,
				Unknown: map[string]json.RawMessage{
					"ID": json.RawMessage(`"not the id"`), "quota": json.RawMessage("12345678901234567890"),
					"nested": json.RawMessage(`{"a":true,"b":[1.5,"é"]}`),
				},
				Raw: json.RawMessage(scim),
			},
			{ID: "idp-1", Name: strings.Repeat("n", 200), Raw: json.RawMessage(`{"id":"idp-1","name":"` +
				strings.Repeat("n", 200) + `"}`)},
		},
		SSO: []ona.SSOConfiguration{{
			ID: "a", State: ona.SSOStateUnspecified, ProviderType: "PROVIDER_TYPE_UNSPECIFIED",
			Raw: json.RawMessage(`{"id":"a"}`),
		}, {
			ID: ssoA, IssuerURL: "https://idp.example", DisplayName: "IdP", EmailDomains: []string{"a.example", "b.example"},
			AdditionalScopes: []string{"groups"}, Claims: map[string]string{"email": "mail"}, ClientID: "c",
			State: "SSO_CONFIGURATION_STATE_NEW", ProviderType: "PROVIDER_TYPE_UNSPECIFIED", Raw: json.RawMessage(sso),
		}},
		MembersNotAssessed: ona.MembersNotRequested, MemberTokensNotAssessed: ona.MembersNotRequested,
		Policies: &ona.OrganizationPolicies{
			Unknown: map[string]json.RawMessage{"maximumEnvironments": json.RawMessage("5")},
			Raw:     json.RawMessage(`{"maximumEnvironments":5}`),
		},
		Domains: []ona.DomainVerification{},
	}
	if diff := cmp.Diff(want, got.Inventory); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	wantIdentity := ona.Identity{SubjectID: "user-1", Principal: "PRINCIPAL_USER", OrganizationID: orgID,
		OrganizationTier: "ENTERPRISE"}
	if diff := cmp.Diff(wantIdentity, got.Identity); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	wantUnknown := []string{"ListSCIMConfigurationsResponse.total", "SCIMConfiguration.ID",
		"SCIMConfiguration.later", "SCIMConfiguration.nested", "SCIMConfiguration.quota"}
	if diff := cmp.Diff(wantUnknown, got.UnknownFields); diff != "" {
		t.Errorf("unknown fields (-want +got):\n%s", diff)
	}
	wantListing := Listing{
		Listing:  ona.Listing{Pages: 1, RowsPerPage: "2", FinalTokenEmpty: true, Listings: 1, Agreeing: 1},
		Received: 2, Distinct: 2, PagesRead: 1,
	}
	if diff := cmp.Diff(wantListing, got.SCIM); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestRequestsHoldWhatTheAPIDocumentsAndNothingElse(t *testing.T) {
	api := newAPI(t, nil)
	collect(t, api, func(o *Options) { o.PageSize = 7 })
	want := []recorded{
		{"GetAuthenticatedIdentity", "", `{}`},
		{"GetOrganization", "", `{"organizationId":"` + orgID + `"}`},
		{"GetOrganizationPolicies", "", `{"organizationId":"` + orgID + `"}`},
		{"ListDomainVerifications", "pageSize=7", `{"organizationId":"` + orgID + `","pagination":{"pageSize":7}}`},
		{"ListPersonalAccessTokens", "pageSize=7", `{"filter":{"userIds":["user-1"]},"pagination":{"pageSize":7}}`},
		{"ListSCIMConfigurations", "pageSize=7", `{"pagination":{"pageSize":7}}`},
		{"ListSSOConfigurations", "pageSize=7", `{"organizationId":"` + orgID + `","pagination":{"pageSize":7}}`},
	}
	// Those after the identity are sent at once, and come in any order.
	byMethod := func(a, b recorded) int { return strings.Compare(a.method, b.method) }
	slices.SortFunc(api.requests[1:], byMethod)
	if diff := cmp.Diff(want, api.requests, cmp.AllowUnexported(recorded{})); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestTheFirstCallsAreSentAtOnceAndToldInOrder(t *testing.T) {
	var together sync.WaitGroup
	together.Add(CallsAtOnce)
	meet := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			together.Done()
			together.Wait()
			ok(body)(w, r)
		}
	}
	got := collect(t, newAPI(t, handlers{
		"GetOrganization": meet(organizationBody), "GetOrganizationPolicies": meet(policiesBody), list: meet(scimBody),
		"ListSSOConfigurations":   meet(ssoBody),
		"ListDomainVerifications": meet(domainsBody), "ListPersonalAccessTokens": inOrder(meet(tokensBody),
			ok(`{}`)), listMembers: meet(membersBody),
	}), withMembers)
	var methods []string
	for _, x := range got.Exchanges {
		methods = append(methods, x.Method)
	}
	want := []string{ona.GetAuthenticatedIdentity, ona.GetOrganization, ona.GetOrganizationPolicies,
		ona.ListSCIMConfigurations, ona.ListSSOConfigurations,
		ona.ListDomainVerifications, ona.ListPersonalAccessTokens, ona.ListMembers, ona.ListPersonalAccessTokens}
	if diff := cmp.Diff(want, methods); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
}

func TestOfSeveralFailuresTheFirstInOrderIsTold(t *testing.T) {
	api := newAPI(t, handlers{
		"GetOrganization": ok(organizationBody), "GetOrganizationPolicies": connect(400, CodeInvalidArgument),
		list: connect(403, CodePermissionDenied), "ListSSOConfigurations": ok("<html>"),
	})
	for range 10 {
		got, err := newClient(t, api.URL).Collect(t.Context())
		if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Method != ona.GetOrganizationPolicies {
			t.Fatalf("told %v, want the policies' failure", err)
		}
		if len(got.Exchanges) != 3 {
			t.Fatalf("%d exchanges, want those up to the failure", len(got.Exchanges))
		}
	}
}

func TestAFailureStopsTheCallsThatAreUnderWay(t *testing.T) {
	asked, stopped := make(chan struct{}), make(chan struct{})
	api := newAPI(t, handlers{
		"GetOrganization": func(w http.ResponseWriter, r *http.Request) {
			<-asked
			connect(400, CodeInvalidArgument)(w, r)
		},
		list: func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			<-r.Context().Done()
			close(stopped)
		},
	})
	if _, err := newClient(t, api.URL).Collect(t.Context()); err == nil {
		t.Error("an organization that cannot be read was collected")
	}
	within5Seconds(t, stopped, "the listing was left running")
}

func TestEveryExchangeIsEvidence(t *testing.T) {
	api := newAPI(t, handlers{list: inOrder(connect(503, CodeUnavailable), ok(scimBody))})
	got := collect(t, api)
	if len(got.Exchanges) != 7 {
		t.Fatalf("%d exchanges, want 7", len(got.Exchanges))
	}
	x := got.Exchanges[3]
	sum := sha256.Sum256([]byte(scimBody))
	want := Exchange{Body: []byte(scimBody), Exchange: ona.Exchange{
		Method: "gitpod.v1.OrganizationService/ListSCIMConfigurations", Request: `{"pagination":{"pageSize":100}}`,
		Status: 200, SentAt: testNow, ServerDate: testNow, Records: 2,
		ResponseSHA256: hex.EncodeToString(sum[:]), ResponseSize: int64(len(scimBody)), Retries: x.Retries,
	}}
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("exchange (-want +got):\n%s", diff)
	}
	waited, ok := strings.CutPrefix(x.Retries[0], "HTTP 503: says the server (unavailable) (waited ")
	wait, err := time.ParseDuration(strings.TrimSuffix(waited, ")"))
	if !ok || err != nil || len(x.Retries) != 1 || wait < 100*time.Millisecond || wait > time.Second {
		t.Errorf("first wait without a delay from the server: %q", x.Retries)
	}
}

func TestTheAnswerThatFailedTheListingIsEvidenceToo(t *testing.T) {
	api := newAPI(t, handlers{list: ok(`{"error":"x"}`)})
	got, err := newClient(t, api.URL).Collect(context.Background())
	if err == nil {
		t.Fatal("the listing succeeded")
	}
	if last := got.Exchanges[len(got.Exchanges)-1]; string(last.Body) != `{"error":"x"}` || last.Status != 200 {
		t.Errorf("last exchange: %+v", last)
	}
}

func TestServerClockIsMeasuredByTheLastAnswer(t *testing.T) {
	at := func(ahead time.Duration) http.HandlerFunc {
		return respond(200, tokensBody, "Date", testNow.Add(ahead).Format(http.TimeFormat))
	}
	got := collect(t, newAPI(t, handlers{"ListPersonalAccessTokens": at(7 * time.Minute)}))
	if !got.ClockKnown || got.ClockOffset != -7*time.Minute {
		t.Errorf("offset %v, known %t; want -7m0s", got.ClockOffset, got.ClockKnown)
	}
}

func TestNoServerClockWithoutADate(t *testing.T) {
	without := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			_, _ = w.Write([]byte(body))
		}
	}
	got := collect(t, newAPI(t, handlers{
		"GetAuthenticatedIdentity": without(identityBody), "GetOrganization": without(organizationBody),
		"GetOrganizationPolicies": without(policiesBody), list: without(scimBody), "ListSSOConfigurations": without(ssoBody),
		"ListDomainVerifications": without(domainsBody), "ListPersonalAccessTokens": without(tokensBody),
	}))
	if got.ClockKnown {
		t.Errorf("the server's clock is said to be %v off, but no answer had a Date", got.ClockOffset)
	}
}

func TestNothingConfiguredIsACompleteListing(t *testing.T) {
	for _, body := range []string{`{}`, `{"scimConfigurations":[]}`, `{"scimConfigurations":null,"pagination":null}`,
		`{"pagination":{"nextToken":""}}`} {
		got := collect(t, newAPI(t, handlers{list: ok(body)}))
		want := ona.Listing{Pages: 1, RowsPerPage: "0", FinalTokenEmpty: true, Listings: 1, Agreeing: 1}
		if diff := cmp.Diff(Listing{Listing: want, PagesRead: 1}, got.SCIM); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestWhatTheAPIDeniesIsNotAssessed(t *testing.T) {
	for _, denied := range []http.HandlerFunc{connect(403, CodePermissionDenied), connect(501, CodeUnimplemented)} {
		got := collect(t, newAPI(t, handlers{"ListSSOConfigurations": denied, "GetOrganizationPolicies": denied}))
		for _, why := range []string{got.Inventory.SSONotAssessed, got.Inventory.PoliciesNotAssessed} {
			if !strings.Contains(why, "says the server") {
				t.Errorf("not assessed because of %q, want the server's words", why)
			}
		}
		if got.Inventory.SSO != nil || got.Inventory.Policies != nil || len(got.Inventory.SCIM) != 2 {
			t.Errorf("inventory: %+v", got.Inventory)
		}
		if got.Exchanges[4].Status == 200 {
			t.Errorf("the denial is no evidence: %+v", got.Exchanges[4])
		}
	}
}

func TestAnEmptyPoliciesAnswerSaysNothing(t *testing.T) {
	got := collect(t, newAPI(t, handlers{"GetOrganizationPolicies": ok(`{}`)}))
	if got.Inventory.Policies != nil || got.Inventory.PoliciesNotAssessed == "" {
		t.Errorf("policies %+v, not assessed %q", got.Inventory.Policies, got.Inventory.PoliciesNotAssessed)
	}
}

func TestPinnedOrganizationIsReadInAnyCase(t *testing.T) {
	collect(t, newAPI(t, nil), func(o *Options) { o.OrganizationID = " " + strings.ToUpper(orgID) + "\n" })
}

func TestMismatchIsFoundBeforeAnythingIsListed(t *testing.T) {
	api := newAPI(t, nil)
	got, err := newClient(t, api.URL, func(o *Options) { o.OrganizationID = otherOrg }).Collect(context.Background())
	if err == nil || len(api.requests) != 1 || got.Identity.OrganizationID != orgID {
		t.Errorf("error %v after %d requests, identity %+v", err, len(api.requests), got.Identity)
	}
}

func TestGzipIsReadAndHashedAsItsContent(t *testing.T) {
	got := collect(t, newAPI(t, handlers{list: gzipped([]byte(scimBody))}))
	if string(got.Exchanges[3].Body) != scimBody || len(got.Inventory.SCIM) != 2 {
		t.Errorf("body %q", got.Exchanges[3].Body)
	}
}

func TestRedirectWithinTheHostIsFollowedAsPost(t *testing.T) {
	api := newAPI(t, handlers{list: inOrder(respond(308, "", "Location", "/v2/gitpod.v1.OrganizationService/"+list),
		ok(scimBody))})
	if got := collect(t, api); len(got.Inventory.SCIM) != 2 {
		t.Errorf("%d configurations", len(got.Inventory.SCIM))
	}
	if sent := api.sent(list); sent[1].body != sent[0].body {
		t.Errorf("the body was lost on the way: %q", sent[1].body)
	}
}
