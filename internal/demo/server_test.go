package demo_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// small is an organization with one configuration of each kind.
func small() *demo.State {
	s := demo.NewState("small")
	s.SCIM = []demo.Row{{"id": "5c100000-0000-4000-8000-000000000001", "organizationId": s.ID, "name": "Okta <&>",
		"enabled": true}}
	s.SSO = []demo.Row{{"id": "55000000-0000-4000-8000-000000000001", "organizationId": s.ID, "displayName": "Okta"}}
	s.Policies = demo.Row{"restrictAccountCreationToScim": true}
	s.AuditLog = []demo.Row{
		{"id": "e2", "actorId": "ada00000-0000-4000-8000-000000000001", "subjectId": "55000000-0000-4000-8000-000000000001",
			"subjectType": "RESOURCE_TYPE_SSO_CONFIG", "action": "created", "createdAt": "2026-11-02T00:00:00Z"},
		{"id": "e1", "actorId": "b0b00000-0000-4000-8000-000000000001", "subjectId": "5c100000-0000-4000-8000-000000000001",
			"subjectType": "RESOURCE_TYPE_SCIM_CONFIGURATION", "action": "created", "createdAt": "2026-11-01T00:00:00Z"},
	}
	s.Domains = []demo.Row{{"id": "domain-1", "domain": "small.example", "state": ona.DomainVerified}}
	s.Tokens = []demo.Row{{"id": "pat-1", "userId": "b0b00000-0000-4000-8000-000000000001"},
		{"id": "pat-2", "userId": "ada00000-0000-4000-8000-000000000001"}}
	return s
}

func TestMethodsAnswerWithTheObjectsOfTheTokensOrganization(t *testing.T) {
	state := small()
	server := demo.NewServerWith(demo.NewState("other"), state)
	own := fmt.Sprintf(`{"organizationId":%q}`, state.ID)
	for _, test := range []struct {
		method, request string
		want            demo.Row
	}{
		{ona.GetAuthenticatedIdentity, `{}`, state.Identity},
		{ona.GetOrganization, own, demo.Row{"organization": state.Organization}},
		{ona.GetOrganizationPolicies, own, demo.Row{"policies": state.Policies}},
		{ona.ListSCIMConfigurations, `{}`, demo.Row{"scimConfigurations": []any{state.SCIM[0]}}},
		{ona.ListSCIMConfigurations, `{"pagination":null}`, demo.Row{"scimConfigurations": []any{state.SCIM[0]}}},
		{ona.GetSCIMConfiguration, `{"scimConfigurationId":"5c100000-0000-4000-8000-000000000001"}`,
			demo.Row{"scimConfiguration": state.SCIM[0]}},
		{ona.ListSSOConfigurations, own, demo.Row{"ssoConfigurations": []any{state.SSO[0]}}},
		{ona.GetSSOConfiguration, `{"ssoConfigurationId":"55000000-0000-4000-8000-000000000001"}`,
			demo.Row{"ssoConfiguration": state.SSO[0]}},
		{ona.ListAuditLogs, `{}`, demo.Row{"entries": []any{state.AuditLog[0], state.AuditLog[1]}}},
		{ona.ListAuditLogs, `{"filter":{"subjectIds":["5c100000-0000-4000-8000-000000000001","90000000-0000-4000-8000-00000000000e"]}}`, demo.Row{"entries": []any{state.AuditLog[1]}}},
		{ona.ListAuditLogs, `{"filter":{"subjectTypes":["RESOURCE_TYPE_SSO_CONFIG"]}}`,
			demo.Row{"entries": []any{state.AuditLog[0]}}},
		{ona.ListAuditLogs, `{"filter":{"actorIds":["ada00000-0000-4000-8000-000000000001"],"subjectIds":["5c100000-0000-4000-8000-000000000001"]}}`, demo.Row{}},
		{ona.ListAuditLogs, `{"sort":{"field":"createdAt","order":"SORT_ORDER_ASC"}}`,
			demo.Row{"entries": []any{state.AuditLog[1], state.AuditLog[0]}}},
		{ona.ListAuditLogs, `{"filter":{"from":"2026-11-02T00:00:00Z"}}`, demo.Row{"entries": []any{state.AuditLog[0]}}},
		{ona.ListAuditLogs, `{"filter":{"to":"2026-11-02T00:00:00Z"}}`, demo.Row{"entries": []any{state.AuditLog[1]}}},
		{ona.ListDomainVerifications, own, demo.Row{"domainVerifications": []any{state.Domains[0]}}},
		{ona.ListPersonalAccessTokens, `{"filter":{"userIds":["ada00000-0000-4000-8000-000000000001"]}}`,
			demo.Row{"personalAccessTokens": []any{state.Tokens[1]}}},
	} {
		answer := object(t, post(server, state.Token, test.method, test.request), http.StatusOK)
		if diff := cmp.Diff(test.want, answer); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.request, diff)
		}
	}
}

func TestRequestsThatAMethodDoesNotTakeAreRefused(t *testing.T) {
	state := small()
	server := demo.NewServerWith(state)
	for _, test := range []struct {
		method, request string
		status          int
		code, message   string
	}{
		{ona.GetAuthenticatedIdentity, `{"organizationId":"x"}`, 400, "invalid_argument",
			`unknown request field "organizationId"`},
		{ona.GetAuthenticatedIdentity, ``, 400, "invalid_argument", "decoding the request"},
		{ona.GetAuthenticatedIdentity, `{} {}`, 400, "invalid_argument", "decoding the request"},
		{ona.ListSCIMConfigurations, `{"organizationId":"x"}`, 400, "invalid_argument",
			`unknown request field "organizationId"`},
		{ona.ListSCIMConfigurations, `{"pagination":{"pagesize":10}}`, 400, "invalid_argument",
			`unknown request field "pagination.pagesize"`},
		{ona.ListSCIMConfigurations, `{"pagination":{"pageSize":"ten"}}`, 400, "invalid_argument", "decoding the request"},
		{ona.ListAuditLogs, `{"filter":{"since":"2026-11-16T00:00:00Z"}}`, 400, "invalid_argument",
			`unknown request field "filter.since"`},
		{ona.ListDomainVerifications, `{}`, 400, "invalid_argument", "organizationId is required"},
		{ona.ListPersonalAccessTokens, `{"organizationId":"x"}`, 400, "invalid_argument",
			`unknown request field "organizationId"`},
		{ona.GetOrganization, `{}`, 400, "invalid_argument", "organizationId is required"},
		{ona.GetOrganization, `{"organizationId":"90000000-0000-4000-8000-00000000000e"}`, 403, "permission_denied",
			"does not belong to organization 90000000-0000-4000-8000-00000000000e"},
		{ona.GetOrganizationPolicies, `{"organizationId":"90000000-0000-4000-8000-00000000000e"}`, 403, "permission_denied",
			"does not belong to organization 90000000-0000-4000-8000-00000000000e"},
		{ona.ListSSOConfigurations, `{}`, 400, "invalid_argument", "organizationId is required"},
		{ona.GetSCIMConfiguration, `{}`, 400, "invalid_argument", "scimConfigurationId is required"},
		{ona.GetSCIMConfiguration, `{"scimConfigurationId":"90000000-0000-4000-8000-00000000000e"}`, 404, "not_found",
			"there is no scimConfiguration 90000000-0000-4000-8000-00000000000e"},
		{ona.GetSSOConfiguration, `{"ssoConfigurationId":"90000000-0000-4000-8000-00000000000e"}`, 404, "not_found",
			"there is no ssoConfiguration 90000000-0000-4000-8000-00000000000e"},
		{ona.GetOrganization, `{"organizationId":"x"}`, 400, "invalid_argument", `organizationId: "x" is not a UUID`},
		{ona.GetSCIMConfiguration, `{"scimConfigurationId":"5c100000"}`, 400, "invalid_argument", "is not a UUID"},
		{ona.GetSSOConfiguration, `{"ssoConfigurationId":"x"}`, 400, "invalid_argument", "is not a UUID"},
		{ona.ListAuditLogs, ids("subjectIds", 26), 400, "invalid_argument", "filter.subjectIds: more than 25 items: 26"},
		{ona.ListPersonalAccessTokens, ids("userIds", 26), 400, "invalid_argument", "filter.userIds: more than 25 items: 26"},
		{ona.ListAuditLogs, ids("actorIds", 26), 400, "invalid_argument", "filter.actorIds: more than 25 items: 26"},
		{ona.ListAuditLogs, `{"filter":{"subjectIds":["x"]}}`, 400, "invalid_argument", "is not a UUID"},
		{ona.ListAuditLogs, `{"pagination":{"pageSize":101}}`, 400, "invalid_argument", "not between 0 and 100"},
		{"gitpod.v1.OrganizationService/DeleteSCIMConfiguration", `{}`, 501, "unimplemented", "there is no method"},
	} {
		message := checkFault(t, post(server, state.Token, test.method, test.request), test.status, test.code)
		if !strings.Contains(message, test.message) {
			t.Errorf("%s %s: message %q lacks %q", test.method, test.request, message, test.message)
		}
	}
}

// ids is a request with n ids in a list of the filter.
func ids(list string, n int) string {
	id := demo.ID("some")
	return fmt.Sprintf(`{"filter":{%q:[%q%s]}}`, list, id, strings.Repeat(`,"`+id+`"`, n-1))
}

func TestAsManyIDsAsTheAPITakesAreAccepted(t *testing.T) {
	state := small()
	object(t, post(demo.NewServerWith(state), state.Token, ona.ListAuditLogs, ids("subjectIds", 25)), http.StatusOK)
}

func TestOnlyAKnownTokenIsLetIn(t *testing.T) {
	server := demo.NewServer()
	for _, header := range []string{"", "Bearer ", "Bearer demo-token", "demo-token-acme", "Bearer demo-token-acme "} {
		r := httptest.NewRequest(http.MethodPost, "/api/"+ona.GetAuthenticatedIdentity, strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		checkFault(t, w.Result(), http.StatusUnauthorized, "unauthenticated")
	}
}

func TestEachTokenSpeaksForItsOwnOrganization(t *testing.T) {
	server := demo.NewServer()
	var names []string
	for _, o := range server.Organizations() {
		names = append(names, o.Name)
		identity := object(t, post(server, o.Token, ona.GetAuthenticatedIdentity, `{}`), http.StatusOK)
		if identity["organizationId"] != o.ID {
			t.Errorf("the token of %s speaks for %v, want %s", o.Name, identity["organizationId"], o.ID)
		}
	}
	if diff := cmp.Diff([]string{"acme", "globex", "initech", "umbrella"}, names); diff != "" {
		t.Errorf("organizations (-want +got):\n%s", diff)
	}
}

func TestOnlyConnectCallsAreAnswered(t *testing.T) {
	server := demo.NewServer()
	for _, test := range []struct {
		verb, path, contentType string
		status                  int
	}{
		{http.MethodPost, "/" + ona.GetAuthenticatedIdentity, "application/json", http.StatusNotFound},
		{http.MethodGet, "/api/" + ona.GetAuthenticatedIdentity, "application/json", http.StatusMethodNotAllowed},
		{http.MethodPost, "/api/" + ona.GetAuthenticatedIdentity, "application/proto", http.StatusUnsupportedMediaType},
	} {
		r := httptest.NewRequest(test.verb, test.path, strings.NewReader(`{}`))
		r.Header.Set("Content-Type", test.contentType)
		r.Header.Set("Authorization", "Bearer demo-token-acme")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s %s %s: status %d, want %d", test.verb, test.path, test.contentType, w.Code, test.status)
		}
	}
}

func TestTheDateIsTheInstantOfTheNight(t *testing.T) {
	server := demo.NewServer()
	for n, want := range map[int]string{1: "Mon, 16 Nov 2026 02:00:00 GMT", 7: "Sun, 22 Nov 2026 02:00:00 GMT"} {
		server.SetNight(n)
		for _, token := range []string{"demo-token-acme", "unknown"} {
			if got := post(server, token, ona.GetAuthenticatedIdentity, `{}`).Header.Get("Date"); got != want {
				t.Errorf("night %d: Date %q, want %q", n, got, want)
			}
		}
		if got := demo.Night(n).Format(http.TimeFormat); got != want {
			t.Errorf("Night(%d) is %q, want %q", n, got, want)
		}
	}
}

func TestAFaultIsAConnectErrorWithARetryDelay(t *testing.T) {
	state := small()
	state.Faults[ona.ListSCIMConfigurations] = demo.Fault{Code: "unavailable", Message: "busy",
		RetryDelay: 1500 * time.Millisecond}
	answer := object(t, post(demo.NewServerWith(state), state.Token, ona.ListSCIMConfigurations, `{}`),
		http.StatusServiceUnavailable)
	want := demo.Row{
		"code":    "unavailable",
		"message": "busy",
		"details": []any{demo.Row{
			"type": "google.rpc.RetryInfo",
			// retry_delay (1): { seconds (1): 1, nanos (2): 500000000 }
			"value": "CggIARCAyrXuAQ",
			"debug": demo.Row{"retryDelay": "1.5s"},
		}},
	}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFaultHitsTheFirstRequestsOfEveryNight(t *testing.T) {
	state := small()
	state.Faults[ona.ListSCIMConfigurations] = demo.Fault{Code: "aborted", Message: "try again", Times: 2}
	server := demo.NewServerWith(state)
	for night := 1; night <= 2; night++ {
		server.SetNight(night)
		for _, status := range []int{409, 409, 200, 200} {
			if got := post(server, state.Token, ona.ListSCIMConfigurations, `{}`).StatusCode; got != status {
				t.Errorf("night %d: status %d, want %d", night, got, status)
			}
		}
	}
}

func TestAFaultMayComeFromARouterOrAProxy(t *testing.T) {
	state := small()
	state.Faults[ona.GetSCIMConfiguration] = demo.Fault{Code: "unimplemented", Message: "no such route",
		Status: http.StatusNotFound}
	state.Faults[ona.GetSSOConfiguration] = demo.Fault{Text: "404 page not found", Status: http.StatusNotFound}
	server := demo.NewServerWith(state)
	checkFault(t, post(server, state.Token, ona.GetSCIMConfiguration, `{}`), http.StatusNotFound, "unimplemented")
	w := httptest.NewRecorder()
	fault := state.Faults[ona.GetSSOConfiguration]
	if fault.Write(w); w.Code != http.StatusNotFound || w.Body.String() != "404 page not found\n" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

func TestAnInterceptComesBeforeTheServer(t *testing.T) {
	state := small()
	server := demo.NewServerWith(state)
	server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
		if method == ona.ListSCIMConfigurations {
			http.Error(w, "<html>proxy</html>", http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	}
	if got := post(server, state.Token, ona.ListSCIMConfigurations, `{}`).StatusCode; got != http.StatusBadGateway {
		t.Errorf("the intercepted method has status %d", got)
	}
	if got := post(server, state.Token, ona.GetAuthenticatedIdentity, `{}`).StatusCode; got != http.StatusOK {
		t.Errorf("the method that is passed on has status %d", got)
	}
}

func TestRowsKeepTheSpellingOfTheTest(t *testing.T) {
	state := small()
	state.SCIM = []demo.Row{{"id": "a", "seats": json.RawMessage(`1.50e1`), "name": nil}}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/"+ona.ListSCIMConfigurations, strings.NewReader(`{}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+state.Token)
	demo.NewServerWith(state).ServeHTTP(w, r)
	if got, want := w.Body.String(), `{"scimConfigurations":[{"id":"a","name":null,"seats":1.50e1}]}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
