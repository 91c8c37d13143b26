package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A hostile server breaks one method. Every case says which code the collection must end with, what
// the error must name, and how often the method may be asked.
type hostileCase struct {
	name   string
	method string // ListSCIMConfigurations unless set
	answer http.HandlerFunc
	change func(*Options)
	code   string
	says   []string
	tries  int
}

const (
	list     = "ListSCIMConfigurations"
	mayRetry = 3 // MaxTries of these tests
)

func row(members string) http.HandlerFunc {
	return ok(`{"scimConfigurations":[{"id":"` + scimA + `",` + members + `}]}`)
}

func compress(body []byte) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return b.String()
}

func gzipped(body []byte) http.HandlerFunc {
	return respond(http.StatusOK, compress(body), "Content-Encoding", "gzip")
}

func quick(o *Options) { o.CallTimeout = 500 * time.Millisecond }

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func hangInBody(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte(`{"scimConfigurations":[`))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

var answersWithoutMeaning = []hostileCase{
	{name: "HTML with 200", answer: respond(200, "<html>Sign in</html>", "Content-Type", "text/html"),
		code: CodeMalformedAnswer, says: []string{"<html>Sign in</html>", "page 1"}, tries: 1},
	{name: "nothing with 200", answer: ok(""), code: CodeMalformedAnswer, says: []string{"it is empty"}, tries: 1},
	{name: "204", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		code: CodeMalformedAnswer, says: []string{"HTTP 204"}, tries: 1},
	{name: "null", answer: ok("null"), code: CodeMalformedAnswer, tries: 1},
	{name: "a list", answer: ok("[]"), code: CodeMalformedAnswer, says: []string{"not a JSON object"}, tries: 1},
	{name: "an error with 200", answer: ok(`{"error":"not allowed"}`), code: CodeMalformedAnswer,
		says: []string{"unknown fields error"}, tries: 1},
	{name: "another message", answer: ok(`{"message":"hello","code":5}`), code: CodeMalformedAnswer,
		says: []string{"code, message"}, tries: 1},
	{name: "rows in both spellings", answer: ok(`{"scim_configurations":[],"scimConfigurations":[{"id":"` + scimA +
		`"}]}`), code: CodeMalformedAnswer, says: []string{"field scimConfigurations is also spelled scim_configurations, with another value"}, tries: 1},
	{name: "page tokens in both spellings", answer: ok(`{"scimConfigurations":[],"pagination":{"next_token":"x","nextToken":"y"}}`), code: CodeMalformedAnswer, says: []string{"field nextToken is also spelled next_token"}, tries: 1},
	{name: "a field in both spellings", answer: row(`"sso_configuration_id":"` + ssoA + `","ssoConfigurationId":"` +
		scimB + `"`), code: CodeMalformedAnswer, says: []string{"field ssoConfigurationId is also spelled sso_configuration_id, with another value", scimA}, tries: 1},
	{name: "page token outside", answer: ok(`{"scimConfigurations":[],"nextPageToken":"x"}`), code: CodeMalformedAnswer,
		says: []string{"nextPageToken"}, tries: 1},
	{name: "list is an object", answer: ok(`{"scimConfigurations":{}}`), code: CodeMalformedAnswer,
		says: []string{"field scimConfigurations is an object, not a list"}, tries: 1},
	{name: "pagination is text", answer: ok(`{"pagination":"x"}`), code: CodeMalformedAnswer,
		says: []string{"field pagination is a string, not an object"}, tries: 1},
	{name: "page token is a number", answer: ok(`{"pagination":{"nextToken":2}}`), code: CodeMalformedAnswer,
		says: []string{"pagination.nextToken is a number, not a string"}, tries: 1},
	{name: "JSON cut inside", answer: ok(scimBody[:60]), code: CodeMalformedAnswer, says: []string{"page 1"}, tries: 1},
	{name: "more after the JSON", answer: ok(scimBody + "{}"), code: CodeMalformedAnswer, tries: 1},
	{name: "a member twice at the top", answer: ok(`{"scimConfigurations":[],"scimConfigurations":[]}`),
		code: CodeMalformedAnswer, says: []string{"duplicate"}, tries: 1},
	{name: "a member twice in a row", answer: row(`"enabled":true,"enabled":false`), code: CodeMalformedAnswer,
		says: []string{"duplicate", "enabled", scimA, "page 1"}, tries: 1},
	{name: "invalid UTF-8", answer: row("\"name\":\"\xff\""), code: CodeMalformedAnswer, says: []string{"UTF-8", scimA},
		tries: 1},
	{name: "too deep", answer: row(`"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70)), code: CodeMalformedAnswer,
		says: []string{"deeper than 64", scimA}, tries: 1},
	{name: "a level too deep", answer: row(`"x":` + strings.Repeat("[", 62) + strings.Repeat("]", 62)),
		code: CodeMalformedAnswer, says: []string{"deeper than 64", scimA}, tries: 1},
	{name: "too deep beside the rows", answer: ok(`{"scimConfigurations":[],"x":` + strings.Repeat("[", 64) +
		strings.Repeat("]", 64) + `}`), code: CodeMalformedAnswer, says: []string{"deeper than 64", "page 1"}, tries: 1},
	{name: "too deep beside the page token", answer: ok(`{"pagination":{"x":` + strings.Repeat("[", 63) +
		strings.Repeat("]", 63) + `}}`), code: CodeMalformedAnswer, says: []string{"deeper than 64", "page 1"}, tries: 1},
	{name: "unasked encoding", answer: respond(200, scimBody, "Content-Encoding", "br"), code: CodeMalformedAnswer,
		says: []string{"content encoding br"}, tries: 1},
	{name: "gzip in name only", answer: respond(200, scimBody, "Content-Encoding", "gzip"), code: CodeMalformedAnswer,
		says: []string{"decompressing"}, tries: 1},
	{name: "gzip bomb", answer: gzipped(bytes.Repeat([]byte(" "), 1<<20)),
		change: func(o *Options) { o.MaxResponseBytes = 1 << 16 }, code: CodeResponseTooLarge, says: []string{"65536 bytes"},
		tries: 1},
	{name: "too large", answer: ok(strings.Repeat(" ", 70_000)), change: func(o *Options) { o.MaxResponseBytes = 1 << 16 },
		code: CodeResponseTooLarge, tries: 1},
	{name: "repeats the token", answer: row(`"name":"` + string(testToken) + `"`), code: CodeMalformedAnswer,
		says: []string{"repeats the token"}, tries: 1},
}

var rowsThatAreNotValid = []hostileCase{
	{name: "a row is null", answer: ok(`{"scimConfigurations":[null]}`), code: CodeMalformedAnswer,
		says: []string{"row 1"}, tries: 1},
	{name: "no id", answer: ok(`{"scimConfigurations":[{"id":"` + scimA + `"},{"name":"x"}]}`), code: CodeMalformedAnswer,
		says: []string{"row 2", "field id is missing"}, tries: 1},
	{name: "empty id", answer: ok(`{"scimConfigurations":[{"id":""}]}`), code: CodeMalformedAnswer,
		says: []string{"field id is missing"}, tries: 1},
	{name: "id is a number", answer: ok(`{"scimConfigurations":[{"id":7}]}`), code: CodeMalformedAnswer,
		says: []string{"field id is a number, not a string"}, tries: 1},
	{name: "id with a line end", answer: ok(`{"scimConfigurations":[{"id":"a\nb"}]}`), code: CodeMalformedAnswer,
		says: []string{"cannot be printed", `a\nb`}, tries: 1},
	{name: "endless id", answer: ok(`{"scimConfigurations":[{"id":"` + strings.Repeat("x", 256) + `"}]}`),
		code: CodeMalformedAnswer, says: []string{"longer than 255"}, tries: 1},
	{name: "name is a number", answer: row(`"name":5`), code: CodeMalformedAnswer,
		says: []string{"field name is a number, not a string", scimA, "page 1"}, tries: 1},
	{name: "enabled is text", answer: row(`"enabled":"true"`), code: CodeMalformedAnswer,
		says: []string{"field enabled is a string, not a boolean", scimA}, tries: 1},
	{name: "linking is a number", answer: row(`"allowUnverifiedEmailAccountLinking":1`), code: CodeMalformedAnswer,
		says: []string{"not a boolean", scimA}, tries: 1},
	{name: "time without a zone", answer: row(`"tokenExpiresAt":"2026-01-01T00:00:00"`), code: CodeMalformedAnswer,
		says: []string{"field tokenExpiresAt", "RFC 3339", scimA}, tries: 1},
	{name: "empty time", answer: row(`"createdAt":""`), code: CodeMalformedAnswer,
		says: []string{"field createdAt", scimA}, tries: 1},
	{name: "ten fractional digits", answer: row(`"createdAt":"2026-01-01T00:00:00.0123456789Z"`),
		code: CodeMalformedAnswer, says: []string{"field createdAt"}, tries: 1},
	{name: "time before year 1", answer: row(`"updatedAt":"0001-01-01T00:00:00+05:00"`), code: CodeMalformedAnswer,
		says: []string{"field updatedAt"}, tries: 1},
	{name: "time is a number", answer: row(`"updatedAt":1700000000`), code: CodeMalformedAnswer,
		says: []string{"field updatedAt is a number"}, tries: 1},
	{name: "foreign SCIM configuration", answer: row(`"organizationId":"` + otherOrg + `"`), code: CodeForeignOrganization,
		says: []string{otherOrg, orgID, scimA, "page 1"}, tries: 1},
	{name: "foreign SSO configuration", method: "ListSSOConfigurations", answer: ok(`{"ssoConfigurations":[{"id":"` +
		ssoA + `","organizationId":"` + otherOrg + `"}]}`), code: CodeForeignOrganization,
		says: []string{otherOrg, orgID, ssoA}, tries: 1},
	{name: "SSO state is a number", method: "ListSSOConfigurations", answer: ok(`{"ssoConfigurations":[{"id":"` + ssoA +
		`","state":1}]}`), code: CodeMalformedAnswer, says: []string{"field state is a number", ssoA}, tries: 1},
	{name: "SSO domains hold null", method: "ListSSOConfigurations", answer: ok(`{"ssoConfigurations":[{"id":"` + ssoA +
		`","emailDomains":[null]}]}`), code: CodeMalformedAnswer, says: []string{"emailDomains contains null"}, tries: 1},
	{name: "SSO claims hold null", method: "ListSSOConfigurations", answer: ok(`{"ssoConfigurations":[{"id":"` + ssoA +
		`","claims":{"a":null}}]}`), code: CodeMalformedAnswer, says: []string{"claims contains null"}, tries: 1},
	{name: "SSO claims are a list", method: "ListSSOConfigurations", answer: ok(`{"ssoConfigurations":[{"id":"` + ssoA +
		`","claims":[]}]}`), code: CodeMalformedAnswer, says: []string{"field claims is a list, not an object"}, tries: 1},
}

var refusals = []hostileCase{
	{name: "400", answer: connect(400, CodeInvalidArgument), code: CodeInvalidArgument,
		says: []string{"HTTP 400", "says the server"}, tries: 1},
	{name: "no Enterprise plan", answer: connect(400, CodeFailedPrecondition), code: CodeFailedPrecondition, tries: 1},
	{name: "400 that calls itself exhausted", answer: connect(400, CodeResourceExhausted), code: CodeResourceExhausted,
		tries: 1},
	{name: "401", answer: connect(401, CodeUnauthenticated), code: CodeUnauthenticated, tries: 1},
	{name: "401 of a proxy", answer: respond(401, "<html>"), code: CodeUnauthenticated,
		says: []string{"without an API error in the body"}, tries: 1},
	{name: "403", answer: connect(403, CodePermissionDenied), code: CodePermissionDenied, tries: 1},
	{name: "404", answer: respond(404, "404 page not found"), code: CodeNotFound, says: []string{"404 page not found"},
		tries: 1},
	{name: "501", answer: connect(501, CodeUnimplemented), code: CodeUnimplemented, tries: 1},
	{name: "409 already exists", answer: connect(409, CodeAlreadyExists), code: CodeAlreadyExists, tries: 1},
	{name: "409 aborted", answer: connect(409, CodeAborted), code: CodeAborted, tries: mayRetry},
	{name: "408", answer: respond(408, ""), code: CodeDeadlineExceeded, says: []string{"no message"}, tries: mayRetry},
	{name: "429", answer: connect(429, CodeResourceExhausted), code: CodeResourceExhausted,
		says: []string{"after 3 tries"}, tries: mayRetry},
	{name: "499", answer: connect(499, CodeCanceled), code: CodeCanceled, tries: 1},
	{name: "500", answer: connect(500, CodeInternal), code: CodeInternal, tries: mayRetry},
	{name: "502 in HTML", answer: respond(502, "<html>Bad\n gateway\x1b[31m</html>"), code: CodeUnavailable,
		says: []string{"<html>Bad gateway\uFFFD[31m</html>"}, tries: mayRetry},
	{name: "503", answer: connect(503, CodeUnavailable), code: CodeUnavailable, tries: mayRetry},
	{name: "504", answer: connect(504, CodeDeadlineExceeded), code: CodeDeadlineExceeded, tries: mayRetry},
	{name: "507", answer: respond(507, ""), code: CodeUnavailable, tries: mayRetry},
	{name: "508", answer: connect(508, CodeInternal), code: CodeInternal, tries: mayRetry},
	{name: "520", answer: respond(520, ""), code: CodeUnavailable, tries: mayRetry},
	{name: "524 in HTML", answer: respond(524, "<html>A timeout occurred</html>", "Content-Type", "text/html"),
		code: CodeUnavailable, says: []string{"HTTP 524 without an API error in the body: <html>A timeout occurred</html>",
			"after 3 tries"}, tries: mayRetry},
	{name: "530", answer: respond(530, "error code: 1033"), code: CodeUnavailable, tries: mayRetry},
	{name: "501 of a proxy", answer: respond(501, "<html>"), code: CodeUnimplemented, tries: 1},
	{name: "418", answer: respond(418, "tea"), code: CodeUnknown, tries: 1},
	{name: "a wait beyond the limit", answer: respond(429, "", "Retry-After", "600"), code: CodeResourceExhausted,
		says: []string{"10m0s", "2m0s"}, tries: 1},
	{name: "error that repeats the token", answer: respond(401,
		`{"code":"unauthenticated","message":"bad token `+string(testToken)+`"}`), code: CodeUnauthenticated,
		says: []string{"bad token [token]"}, tries: 1},
}

var brokenConnections = []hostileCase{
	{name: "dropped before the answer", answer: onWire(""), code: CodeConnection, tries: mayRetry},
	{name: "header cut", answer: onWire("HTTP/1.1 200 OK\r\nContent-"), code: CodeConnection, tries: mayRetry},
	{name: "not HTTP", answer: onWire("SSH-2.0-OpenSSH\r\n\r\n"), code: CodeConnection, tries: mayRetry},
	{name: "body cut short", answer: onWire("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"sci\r\n"),
		code: CodeConnection, tries: mayRetry},
	{name: "Content-Length too long", answer: onWire("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"),
		code: CodeConnection, says: []string{"unexpected EOF"}, tries: mayRetry},
	{name: "Content-Length too short", answer: onWire("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + scimBody),
		code: CodeMalformedAnswer, tries: 1},
	{name: "token in a broken header", answer: onWire("HTTP/1.1 " + string(testToken) + " OK\r\n\r\n"),
		code: CodeConnection, says: []string{"[token]"}, tries: mayRetry},
	{name: "gzip cut short", answer: respond(200, compress([]byte(scimBody))[:60], "Content-Encoding", "gzip"),
		code: CodeConnection, says: []string{"unexpected EOF"}, tries: mayRetry},
	{name: "slow header", answer: hang, change: quick, code: CodeTimeout, says: []string{"within 500ms"}, tries: mayRetry},
	{name: "slow body", answer: hangInBody, change: quick, code: CodeTimeout, says: []string{"within 500ms"},
		tries: mayRetry},
	{name: "redirect to another host", answer: respond(308, "", "Location", "https://app.gitpod.io/api/x"),
		code: CodeRedirectRefused, says: []string{"127.0.0.1", "app.gitpod.io"}, tries: 1},
	{name: "redirect to another port", answer: respond(307, "", "Location", "http://127.0.0.1:1/x"),
		code: CodeRedirectRefused, says: []string{"127.0.0.1:1"}, tries: 1},
	{name: "redirect that makes a GET", answer: respond(302, "", "Location", "/login"), code: CodeRedirectRefused,
		says: []string{"into a GET"}, tries: 1},
	{name: "redirect for ever", answer: respond(307, "", "Location", "/api/gitpod.v1.OrganizationService/"+list),
		code: CodeRedirectRefused, says: []string{"more than 5"}, tries: 6},
	{name: "redirect to nowhere", answer: respond(308, ""), code: CodeRedirectRefused, tries: 1},
}

var otherMethods = []hostileCase{
	{name: "identity 401", method: "GetAuthenticatedIdentity", answer: connect(401, CodeUnauthenticated),
		code: CodeUnauthenticated, tries: 1},
	{name: "identity without organization", method: "GetAuthenticatedIdentity", answer: ok(`{"subject":{"id":"x"}}`),
		code: CodeMalformedAnswer, says: []string{"organizationId"}, tries: 1},
	{name: "identity subject is text", method: "GetAuthenticatedIdentity", answer: ok(`{"subject":"x"}`),
		code: CodeMalformedAnswer, says: []string{"field subject is a string, not an object"}, tries: 1},
	{name: "token of another organization", method: "GetAuthenticatedIdentity",
		answer: ok(strings.ReplaceAll(identityBody, orgID, otherOrg)),
		change: func(o *Options) { o.OrganizationID = strings.ToUpper(orgID) }, code: CodeOrganizationMismatch,
		says: []string{otherOrg, orgID}, tries: 1},
	{name: "another organization", method: "GetOrganization",
		answer: ok(strings.ReplaceAll(organizationBody, orgID, otherOrg)), code: CodeForeignOrganization,
		says: []string{otherOrg, orgID}, tries: 1},
	{name: "no organization", method: "GetOrganization", answer: ok(`{}`), code: CodeMalformedAnswer,
		says: []string{"field organization is missing"}, tries: 1},
	{name: "organization 403", method: "GetOrganization", answer: connect(403, CodePermissionDenied),
		code: CodePermissionDenied, tries: 1},
	{name: "another organization's policies", method: "GetOrganizationPolicies",
		answer: ok(strings.ReplaceAll(policiesBody, orgID, otherOrg)), code: CodeForeignOrganization,
		says: []string{otherOrg}, tries: 1},
	{name: "policies are an error", method: "GetOrganizationPolicies", answer: ok(`{"error":"x"}`),
		code: CodeMalformedAnswer, says: []string{"unknown fields error"}, tries: 1},
	{name: "policies 403 of a proxy", method: "GetOrganizationPolicies", answer: respond(403, "<html>"),
		code: CodePermissionDenied, tries: 1},
	{name: "policies 500", method: "GetOrganizationPolicies", answer: connect(500, CodeInternal), code: CodeInternal,
		tries: mayRetry},
	{name: "SSO 400", method: "ListSSOConfigurations", answer: connect(400, CodeFailedPrecondition),
		code: CodeFailedPrecondition, tries: 1},
	{name: "SSO 403 of a proxy", method: "ListSSOConfigurations", answer: respond(403, "denied"),
		code: CodePermissionDenied, tries: 1},
}

func TestHostileServers(t *testing.T) {
	for _, group := range [][]hostileCase{answersWithoutMeaning, rowsThatAreNotValid, refusals, brokenConnections,
		otherMethods} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.test(t) })
		}
	}
}

func (c hostileCase) test(t *testing.T) {
	method := list
	if c.method != "" {
		method = c.method
	}
	api := newAPI(t, handlers{method: c.answer})
	client := newClient(t, api.URL+"/api", func(o *Options) {
		o.MaxTries = mayRetry
		if c.change != nil {
			c.change(o)
		}
	})
	got, err := client.Collect(context.Background())
	failure, isError := errors.AsType[*Error](err)
	if !isError {
		t.Fatalf("got error %v, want an *Error with code %s", err, c.code)
	}
	if failure.Code != c.code {
		t.Errorf("code %q, want %q: %v", failure.Code, c.code, err)
	}
	for _, text := range append(c.says, method) {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\r\x1b") {
		t.Errorf("the error is more than one plain line: %q", err)
	}
	if tries := len(api.sent(method)); tries != c.tries {
		t.Errorf("asked %d times, want %d", tries, c.tries)
	}
	if got.Inventory.SCIM != nil || len(got.Inventory.SSO) > 0 || got.Inventory.Policies != nil {
		t.Errorf("a collection that is not complete has an inventory: %+v", got.Inventory)
	}
	if failure.Hint() == "" && c.code != CodeAlreadyExists {
		t.Errorf("no hint for %s", c.code)
	}
	noToken(t, got, err, client)
}

// noToken looks for the token in everything that leaves the package.
func noToken(t *testing.T, got *Collection, err error, client testClient) {
	t.Helper()
	collection, jsonErr := json.Marshal(got)
	if jsonErr != nil {
		t.Fatal(jsonErr)
	}
	bodies := ""
	for _, x := range got.Exchanges {
		bodies += string(x.Body) + x.Request
	}
	for name, text := range map[string]string{
		"error": fmt.Sprintf("%v %+v", err, err), "log": client.log.String(), "collection": string(collection),
		"exchanges": bodies,
		"client":    fmt.Sprintf("%v %+v %#v", client.Client, *client.Client, client.Client),
	} {
		if strings.Contains(text, string(testToken)) {
			t.Errorf("the %s shows the token", name)
		}
	}
}

func TestFailureInTheMiddleOfAListing(t *testing.T) {
	for _, c := range []struct {
		name, method string
		status       int
		code         string
	}{
		{"SCIM 401", list, 401, CodeUnauthenticated},
		{"SCIM 403", list, 403, CodePermissionDenied},
		{"SCIM 500", list, 500, CodeInternal},
		{"SSO 403", "ListSSOConfigurations", 403, CodePermissionDenied},
		{"SSO 501", "ListSSOConfigurations", 501, CodeUnimplemented},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := `{"ssoConfigurations":[{"id":"` + ssoA + `"}],"pagination":{"nextToken":"more"}}`
			if c.method == list {
				first = scimRows("more", scimA)
			}
			api := newAPI(t, handlers{c.method: inOrder(ok(first), connect(c.status, c.code))})
			got, err := newClient(t, api.URL, func(o *Options) { o.MaxTries = 2 }).Collect(context.Background())
			failure, _ := errors.AsType[*Error](err)
			if failure == nil || failure.Code != c.code || failure.Page != 2 || failure.Status != c.status {
				t.Fatalf("got %#v, want %s on page 2", failure, c.code)
			}
			if got.Inventory.SCIM != nil || got.Inventory.SSO != nil || got.Inventory.SSONotAssessed != "" {
				t.Errorf("half a listing was kept: %+v", got.Inventory)
			}
			if got.Inventory.Organization.Name != "Acme" || got.Identity.OrganizationID != orgID {
				t.Errorf("what was learnt of the organization was lost: %+v %+v", got.Identity, got.Inventory.Organization)
			}
		})
	}
}
