package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testToken = Token("v1.secret-value-of-the-test-token")
	orgID     = "b0e1c5a2-0000-4000-8000-000000000001"
	otherOrg  = "b0e1c5a2-0000-4000-8000-000000000002"
	scimA     = "aaaaaaaa-0000-4000-8000-00000000000a"
	scimB     = "bbbbbbbb-0000-4000-8000-00000000000b"
	scimC     = "cccccccc-0000-4000-8000-00000000000c"
	ssoA      = "dddddddd-0000-4000-8000-00000000000d"

	identityBody = `{"subject":{"id":"user-1","principal":"PRINCIPAL_USER"},"organizationId":"` + orgID +
		`","organizationTier":"ENTERPRISE"}`
	organizationBody = `{"organization":{"id":"` + orgID +
		`","name":"Acme","tier":"ORGANIZATION_TIER_ENTERPRISE","createdAt":"2024-01-01T00:00:00Z"}}`
	policiesBody = `{"policies":{"organizationId":"` + orgID + `","restrictAccountCreationToScim":true}}`
	scimBody     = `{"scimConfigurations":[{"id":"` + scimB + `","name":"b"},{"id":"` + scimA +
		`","organizationId":"` + orgID + `","enabled":true}],"pagination":{}}`
	domainsBody = `{"domainVerifications":[{"id":"eeeeeeee-0000-4000-8000-00000000000e","organizationId":"` + orgID +
		`","domain":"acme.example","state":"DOMAIN_VERIFICATION_STATE_VERIFIED","verifiedAt":"2025-03-01T00:00:00Z"}]}`
	tokensBody = `{"personalAccessTokens":[{"id":"pat-1","userId":"user-1","description":"auditor","expiresAt":"2027-01-31T00:00:00Z","readOnly":true}]}`
	ssoBody    = `{"ssoConfigurations":[{"id":"` + ssoA + `","state":"SSO_CONFIGURATION_STATE_ACTIVE"}]}`
)

// testNow is on a whole second, as a Date header is.
var testNow = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// handlers answer by the method's name without its service.
type handlers map[string]http.HandlerFunc

// fakeAPI is a server that checks what every request must have and counts the tries of each method.
type fakeAPI struct {
	*httptest.Server
	mu       sync.Mutex
	requests []recorded
}

type recorded struct{ method, query, body string }

func newAPI(t testing.TB, special handlers) *fakeAPI {
	t.Helper()
	standard := handlers{
		"GetAuthenticatedIdentity": ok(identityBody), "GetOrganization": ok(organizationBody),
		"GetOrganizationPolicies": ok(policiesBody),
		"ListSCIMConfigurations":  ok(scimBody), "ListSSOConfigurations": ok(ssoBody),
		"ListDomainVerifications": ok(domainsBody), "ListPersonalAccessTokens": ok(tokensBody),
	}
	for method, handler := range special {
		standard[method] = handler
	}
	api := &fakeAPI{}
	api.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		api.mu.Lock()
		api.requests = append(api.requests, recorded{method, r.URL.RawQuery, string(body)})
		api.mu.Unlock()
		handler, known := standard[method]
		if !known || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer "+string(testToken) ||
			r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("unexpected request: %s %s, authorization %d bytes", r.Method, r.URL, len(r.Header.Get("Authorization")))
			http.NotFound(w, r)
			return
		}
		handler(w, r)
	}))
	t.Cleanup(api.Close)
	return api
}

// sent gives the requests of one method in order.
func (api *fakeAPI) sent(method string) (sent []recorded) {
	api.mu.Lock()
	defer api.mu.Unlock()
	for _, r := range api.requests {
		if r.method == method {
			sent = append(sent, r)
		}
	}
	return sent
}

func ok(body string) http.HandlerFunc { return respond(http.StatusOK, body) }

// respond answers with a status, a body and headers given as name, value, name, value.
func respond(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", testNow.Format(http.TimeFormat))
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func connect(status int, code string) http.HandlerFunc {
	return respond(status, fmt.Sprintf(`{"code":%q,"message":"says the server"}`, code))
}

// inOrder answers each request with the next handler, and stays with the last.
func inOrder(list ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		handler := list[min(next, len(list)-1)]
		next++
		mu.Unlock()
		handler(w, r)
	}
}

// onWire writes bytes to the connection as they are and closes it.
func onWire(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

// scimRows is a page of rows with these ids.
func scimRows(next string, ids ...string) string {
	rows := make([]map[string]any, len(ids))
	for i, id := range ids {
		rows[i] = map[string]any{"id": id, "organizationId": orgID, "name": "configuration " + id, "enabled": true}
	}
	body, err := json.Marshal(map[string]any{"scimConfigurations": rows,
		"pagination": map[string]string{"nextToken": next}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// testClient is a Client whose waits are recorded instead of waited.
type testClient struct {
	*Client
	log   *bytes.Buffer
	waits *[]time.Duration
}

func newClient(t testing.TB, baseURL string, change ...func(*Options)) testClient {
	t.Helper()
	var log bytes.Buffer
	var waits []time.Duration
	var mu sync.Mutex // calls wait at once
	options := Options{
		BaseURL: baseURL, Token: testToken, Now: func() time.Time { return testNow },
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, d)
			return ctx.Err()
		},
	}
	for _, f := range change {
		f(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.http.CloseIdleConnections)
	return testClient{client, &log, &waits}
}
