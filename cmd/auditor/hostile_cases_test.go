package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

// The answers of hostile servers.

func ok(body string) http.HandlerFunc { return respond(http.StatusOK, body) }

// respond answers with a status, a body and headers given as name, value, name, value.
func respond(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func fault(f demo.Fault) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { f.Write(w) }
}

func code(code string) http.HandlerFunc {
	return fault(demo.Fault{Code: code, Message: "says the server"})
}

// wire writes bytes to the connection as they are and closes it.
func wire(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func silentInBody(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"scimConfigurations":[`)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func gzipped(body []byte) http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return respond(http.StatusOK, b.String(), "Content-Encoding", "gzip")
}

// row is a first page of one row, which is the first configuration with other members. Further
// members stand beside the rows.
func row(members string, beside ...string) http.HandlerFunc {
	rows := fmt.Sprintf(`"scimConfigurations":[{"id":%q,%s}]`, firstID, members)
	return ok("{" + strings.Join(append([]string{rows}, beside...), ",") + "}")
}

// endless returns a page with another token each time.
func endless() http.HandlerFunc {
	var page atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		ok(fmt.Sprintf(`{"pagination":{"nextToken":"page-%d"}}`, page.Add(1)))(w, r)
	}
}

var (
	firstID = demo.ID("acme", "0")
	lastID  = demo.ID("acme", "3")
	foreign = demo.ID("globex")
	short   = fetch.Limits{CallTimeout: 2 * time.Second, MaxTries: 2}
)

const (
	maxWaits = 5 // between the six tries of a request
	// unknownWaits: on a slow machine other requests are too slow as well.
	unknownWaits = -1
)

var refusedNights = []hostileCase{
	{name: "400", answer: code("invalid_argument"), code: "invalid_argument", says: []string{"HTTP 400: says the server", "page 1", "server does not take the request"}},
	{name: "400 in mid-listing", page: 2, answer: code("invalid_argument"), code: "incomplete_listing", says: []string{"page 2: no two of 3 listings agree", "the server refuses the page token: HTTP 400: says the server", "run again"}},
	{name: "no Enterprise plan", answer: code("failed_precondition"), code: "failed_precondition", says: []string{"Enterprise plan"}},
	{name: "401", answer: code("unauthenticated"), code: "unauthenticated", says: []string{"make a new read-only personal access token"}},
	{name: "401 in mid-listing", page: 2, answer: code("unauthenticated"), code: "unauthenticated", says: []string{"page 2"}},
	{name: "401 for the identity", method: ona.GetAuthenticatedIdentity, answer: code("unauthenticated"), code: "unauthenticated", says: []string{"GetAuthenticatedIdentity"}},
	{name: "403", answer: code("permission_denied"), code: "permission_denied", says: []string{"organization admin", "says nothing about the configurations"}},
	{name: "403 in mid-listing", page: 2, answer: code("permission_denied"), code: "permission_denied", says: []string{"page 2"}},
	{name: "403 in the middle of the SSO listing", method: ona.ListSSOConfigurations, page: 2, answer: code("permission_denied"), code: "permission_denied", says: []string{"ListSSOConfigurations, page 2"}},
	{name: "403 of a proxy for the SSO listing", method: ona.ListSSOConfigurations, answer: respond(403, "<html>denied"), code: "permission_denied", says: []string{"without an API error in the body: <html>denied"}},
	{name: "408", answer: respond(408, ""), code: "deadline_exceeded", says: []string{"no message"}, waits: maxWaits},
	{name: "409", answer: code("aborted"), code: "aborted", says: []string{"run again later"}, waits: maxWaits},
	{name: "418", answer: respond(418, "tea"), code: "unknown", says: []string{"HTTP 418 without an API error in the body: tea"}},
	{name: "401 that repeats the token", answer: respond(401, `{"code":"unauthenticated","message":"who is demo-token-acme?"}`), code: "unauthenticated", says: []string{"who is [token]?"}},
	{name: "404", answer: respond(404, "404 page not found"), code: "not_found", says: []string{"check the base URL", "404 page not found"}},
	{name: "501", answer: code("unimplemented"), code: "unimplemented", says: []string{"check the base URL"}},
	{name: "429 with RetryInfo", answer: fault(demo.Fault{Code: "resource_exhausted", RetryDelay: time.Second}), code: "resource_exhausted", says: []string{"after 6 tries", "lower concurrency"}, waits: maxWaits},
	{name: "429 with RateLimit-RetryAfter", answer: respond(429, "", "RateLimit-RetryAfter", "2"), code: "resource_exhausted", waits: maxWaits},
	{name: "429 with Retry-After in seconds", answer: respond(429, "", "Retry-After", "2"), code: "resource_exhausted", waits: maxWaits},
	{name: "429 with Retry-After as a date", answer: respond(429, "", "Retry-After", "Tue, 17 Nov 2026 02:00:30 GMT", "Date", "Tue, 17 Nov 2026 02:00:00 GMT"), code: "resource_exhausted", waits: maxWaits},
	{name: "429 with a wait that makes no sense", answer: respond(429, "", "Retry-After", "-5"), code: "resource_exhausted", waits: maxWaits},
	{name: "429 with a wait beyond all measure", answer: respond(429, "", "Retry-After", "9999999999999999"), code: "resource_exhausted", says: []string{"longer than the 2m0s allowed"}},
	{name: "429 with a wait beyond the limit", answer: respond(429, "", "Retry-After", "600"), code: "resource_exhausted", says: []string{"wait 10m0s, longer than the 2m0s allowed"}},
	{name: "500", answer: code("internal"), code: "internal", says: []string{"the server failed"}, waits: maxWaits},
	{name: "500 in mid-listing", page: 2, answer: code("internal"), code: "internal", says: []string{"page 2"}, waits: maxWaits},
	{name: "502 in HTML", answer: respond(502, "<html>Bad\n gateway\x1b[31m</html>"), code: "unavailable", says: []string{"<html>Bad gateway\uFFFD[31m</html>"}, waits: maxWaits},
	{name: "503", answer: code("unavailable"), code: "unavailable", says: []string{"run again later"}, waits: maxWaits},
	{name: "504", answer: code("deadline_exceeded"), code: "deadline_exceeded", says: []string{"too slow"}, waits: maxWaits},
	{name: "524 in HTML", answer: respond(524, "<html>A timeout occurred</html>"), code: "unavailable", says: []string{"HTTP 524 without an API error in the body: <html>A timeout occurred</html>", "after 6 tries", "a proxy before it is down"}, waits: maxWaits},
	{name: "no plan, with details", answer: respond(400, `{"code":"failed_precondition","message":"no","details":[{"type":"gitpod.v1.OrganizationTierFailedPreconditionDetails","debug":{"message":"SCIM needs another plan","requiredTier":"ORGANIZATION_TIER_ENTERPRISE"}}]}`), code: "failed_precondition", says: []string{"HTTP 400: no; SCIM needs another plan (requiredTier ORGANIZATION_TIER_ENTERPRISE)", "the organization's plan does not include this"}},
	{name: "policies 500", method: ona.GetOrganizationPolicies, answer: code("internal"), code: "internal", says: []string{"GetOrganizationPolicies"}, waits: maxWaits},
	{name: "SSO 500", method: ona.ListSSOConfigurations, answer: code("internal"), code: "internal", waits: maxWaits},
	{name: "organization 404", method: ona.GetOrganization, answer: code("not_found"), code: "not_found", says: []string{"GetOrganization"}},
	{name: "SSO 400", method: ona.ListSSOConfigurations, answer: code("failed_precondition"), code: "failed_precondition"},
	{name: "token of another organization", prepare: func(s *demo.State) {
		s.Identity = demo.Row{"subject": demo.Row{"id": "1"}, "organizationId": foreign}
	}, code: "organization_mismatch", says: []string{foreign, "name the new one with --organization"}},
}

var senselessNights = []hostileCase{
	{name: "200 with HTML", answer: respond(200, "<html>Sign in</html>", "Content-Type", "text/html"), code: "malformed_answer", says: []string{"<html>Sign in</html>", "proxies between"}},
	{name: "200 with nothing", answer: ok(""), code: "malformed_answer", says: []string{"it is empty"}},
	{name: "204", answer: respond(204, ""), code: "malformed_answer", says: []string{"HTTP 204"}},
	{name: "206", answer: respond(206, `{"scimConfigurations":[]}`), code: "malformed_answer", says: []string{"HTTP 206"}},
	{name: "200 with null", answer: ok("null"), code: "malformed_answer", says: []string{"not a JSON object"}},
	{name: "200 with two objects", answer: ok(`{"scimConfigurations":[]}{}`), code: "malformed_answer"},
	{name: "200 in UTF-16", answer: ok("\xff\xfe{\x00}\x00"), code: "malformed_answer"},
	{name: "200 with another shape", answer: ok(`{"items":[],"total":0}`), code: "malformed_answer", says: []string{"items, total"}},
	{name: "200 with an error", answer: ok(`{"error":"not allowed"}`), code: "malformed_answer", says: []string{"unknown fields error"}},
	{name: "a list for an object", answer: ok(`[]`), code: "malformed_answer", says: []string{"not a JSON object"}},
	{name: "a row that is null", answer: ok(`{"scimConfigurations":[null]}`), code: "malformed_answer", says: []string{"row 1"}},
	{name: "a configuration for the list", answer: ok(`{"scimConfigurations":{"id":"x"}}`), code: "malformed_answer", says: []string{"field scimConfigurations is an object, not a list"}},
	{name: "wrong types in mid-listing", page: 2, answer: row(`"name":5`), code: "malformed_answer", says: []string{"page 2", "field name is a number"}},
	{name: "wrong types", answer: row(`"enabled":"true"`), code: "malformed_answer", says: []string{"field enabled is a string, not a boolean", firstID, "page 1"}},
	{name: "duplicate JSON keys", answer: row(`"enabled":true,"enabled":false`), code: "malformed_answer", says: []string{"duplicate", firstID}},
	{name: "invalid UTF-8", answer: row("\"name\":\"\xff\""), code: "malformed_answer", says: []string{"UTF-8", firstID}},
	{name: "bad timestamp", answer: row(`"tokenExpiresAt":"tomorrow"`), code: "malformed_answer", says: []string{"field tokenExpiresAt is not a time in RFC 3339", firstID}},
	{name: "missing id", answer: ok(`{"scimConfigurations":[{"name":"x"}]}`), code: "malformed_answer", says: []string{"row 1: field id is missing"}},
	{name: "deep nesting", answer: row(`"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), code: "malformed_answer", says: []string{"nested deeper than 64 levels"}},
	{name: "huge body", answer: ok(strings.Repeat(" ", 70_000)), limits: fetch.Limits{MaxResponseBytes: 1 << 16}, code: "response_too_large", says: []string{"larger than 65536 bytes", "--page-size"}},
	{name: "gzip bomb", answer: gzipped(bytes.Repeat([]byte(" "), 1<<20)), limits: fetch.Limits{MaxResponseBytes: 1 << 16}, code: "response_too_large"},
	{name: "gzip in name only", answer: respond(200, `{"scimConfigurations":[]}`, "Content-Encoding", "gzip"), code: "malformed_answer", says: []string{"decompressing"}},
	{name: "encoding that was not asked for", answer: respond(200, "{}", "Content-Encoding", "br"), code: "malformed_answer", says: []string{"content encoding br"}},
	{name: "encoding named like the token", answer: respond(200, "{}", "Content-Encoding", "demo-token-acme"), code: "malformed_answer", says: []string{"content encoding [token]"}},
	{name: "a name like the token", answer: row(`"name":"demo-token-acme"`), code: "malformed_answer", says: []string{"repeats the token"}},
	{name: "foreign SCIM configuration in mid-listing", page: 2, answer: row(`"organizationId":"` + foreign + `"`), code: "foreign_organization", says: []string{foreign, "page 2"}},
	{name: "foreign SSO configuration", method: ona.ListSSOConfigurations, answer: ok(`{"ssoConfigurations":[{"id":"x","organizationId":"` + foreign + `"}]}`), code: "foreign_organization", says: []string{foreign}},
	{name: "foreign policies", method: ona.GetOrganizationPolicies, answer: ok(`{"policies":{"organizationId":"` + foreign + `"}}`), code: "foreign_organization", says: []string{foreign}},
	{name: "foreign SCIM configuration", answer: row(`"organizationId":"` + foreign + `"`), code: "foreign_organization", says: []string{foreign, firstID, "tell Ona"}},
	{name: "foreign organization", method: ona.GetOrganization, answer: ok(`{"organization":{"id":"` + foreign + `"}}`), code: "foreign_organization", says: []string{foreign}},
	{name: "no organization", method: ona.GetOrganization, answer: ok(`{}`), code: "malformed_answer", says: []string{"field organization is missing"}},
	{name: "identity without an organization", method: ona.GetAuthenticatedIdentity, answer: ok(`{}`), code: "malformed_answer", says: []string{"organizationId"}},
}

var brokenNights = []hostileCase{
	{name: "dropped connection", answer: wire(""), code: "connection", says: []string{"HTTPS_PROXY"}, waits: maxWaits},
	{name: "dropped connection in mid-listing", page: 2, answer: wire(""), code: "connection", says: []string{"page 2"}, waits: maxWaits},
	{name: "answer cut short", answer: wire("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"sci\r\n"), code: "connection", waits: maxWaits},
	{name: "Content-Length too long", answer: wire("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"), code: "connection", says: []string{"unexpected EOF"}, waits: maxWaits},
	{name: "Content-Length too short", answer: wire("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + `{"scimConfigurations":[]}`), code: "malformed_answer"},
	{name: "not HTTP", answer: wire("SSH-2.0-OpenSSH\r\n\r\n"), code: "connection", waits: maxWaits},
	{name: "slow headers", answer: silent, limits: short, code: "timeout", says: []string{"no full answer within 2s"}, waits: unknownWaits},
	{name: "slow body", answer: silentInBody, limits: short, code: "timeout", says: []string{"no full answer within 2s"}, waits: unknownWaits},
	{name: "slower than the run may last", answer: silent, args: []string{"--timeout", "80ms"}, code: "timeout", says: []string{"the time allowed for the run is over", "--timeout"}, waits: unknownWaits},
	{name: "redirect to another host", answer: respond(308, "", "Location", "https://app.gitpod.io/api/x"), code: "redirect_refused", says: []string{"http://127.0.0.1", "https://app.gitpod.io"}},
	{name: "redirect to another host in mid-listing", page: 2, answer: respond(307, "", "Location", "https://app.gitpod.io/api/x"), code: "redirect_refused", says: []string{"page 2", "https://app.gitpod.io"}},
	{name: "redirect with the token in it", answer: respond(307, "", "Location", "https://evil.example/demo-token-acme"), code: "redirect_refused", says: []string{"https://evil.example"}},
	{name: "redirect to nowhere", answer: respond(308, ""), code: "redirect_refused"},
	{name: "redirect that makes a GET", answer: respond(302, "", "Location", "/login"), code: "redirect_refused", says: []string{"into a GET"}},
	{name: "redirect for ever", answer: respond(307, "", "Location", "/api/"+ona.ListSCIMConfigurations), code: "redirect_refused", says: []string{"more than 5 redirects"}},
}

var pagingNights = []hostileCase{
	{name: "the same page token again", page: 2, answer: ok(`{"pagination":{"nextToken":"x"}}`), code: "incomplete_listing", says: []string{"its next page token repeats"}},
	{name: "more pages than the limit", page: 2, answer: endless(), limits: fetch.Limits{MaxPages: 4}, code: "incomplete_listing", says: []string{"limit of 4 pages"}},
	{name: "the same id twice with other content", answer: ok(fmt.Sprintf(`{"scimConfigurations":[{"id":%q,"name":"a"},{"id":%q,"name":"b"}]}`, firstID, firstID)), code: "incomplete_listing", says: []string{"listed twice with different content", firstID}},
	{name: "page tokens in both spellings", answer: ok(`{"scimConfigurations":[],"pagination":{"next_token":"x","nextToken":"y"}}`), code: "malformed_answer", says: []string{"field nextToken is also spelled next_token, with another value"}},
	{name: "a link in both spellings", answer: row(`"sso_configuration_id":"x","ssoConfigurationId":"y"`), code: "malformed_answer", says: []string{"field ssoConfigurationId is also spelled sso_configuration_id, with another value", firstID}},
	{name: "the token with JSON escapes", answer: row(`"name":"demo\u002dtoken\u002dacme"`), code: "malformed_answer", says: []string{"the answer repeats the token, so it was not kept"}},
	{name: "the page token outside", answer: ok(`{"scimConfigurations":[],"nextPageToken":"x"}`), code: "malformed_answer", says: []string{"nextPageToken"}},
	{name: "more beside the rows", answer: row(`"name":"x"`, `"hasMore":true`), code: "malformed_answer", says: []string{"field hasMore can mean that the list has more: true", "page 1"}},
	{name: "an error beside the rows", answer: row(`"name":"x"`, `"code":"internal"`), code: "malformed_answer", says: []string{`field code can mean that something failed: "internal"`}},
	{name: "the page token is a number", answer: ok(`{"pagination":{"nextToken":2}}`), code: "malformed_answer", says: []string{"pagination.nextToken is a number, not a string"}},
	// The next two read as lists that have ended; what is missing is still there when it is asked
	// for.
	{name: "{} for a listing", answer: ok(`{}`), code: "incomplete_listing", says: []string{"is not in the listing, but the API still has it"}},
	{name: "the first page without pagination", answer: ok(`{"scimConfigurations":[{"id":"` + firstID + `"}]}`), code: "incomplete_listing", says: []string{"is not in the listing, but the API still has it", "run again"}},
	{name: "{} in mid-listing", page: 2, answer: ok(`{}`), code: "incomplete_listing", says: []string{"the API still has it"}},
	{name: "an empty last page", page: 2, answer: ok(`{"scimConfigurations":[],"pagination":{}}`), code: "incomplete_listing", says: []string{"the API still has it"}},
	{name: "{} for the SSO listing", method: ona.ListSSOConfigurations, answer: ok(`{}`), code: "incomplete_listing", says: []string{"sso_configuration", "the API still has it"}},
}

func withoutLast(s *demo.State) { s.SCIM = s.SCIM[:3] }

var confirmationNights = []hostileCase{
	{name: "removal that cannot be asked about", prepare: withoutLast, method: ona.GetSCIMConfiguration, answer: code("internal"), code: "internal", says: []string{"confirming that scim_configuration " + lastID + " was removed"}, waits: maxWaits},
	{name: "another configuration than asked for", prepare: withoutLast, method: ona.GetSCIMConfiguration, answer: ok(`{"scimConfiguration":{"id":"` + firstID + `"}}`), code: "malformed_answer", says: []string{"not the requested one"}},
	{name: "still there", prepare: withoutLast, method: ona.GetSCIMConfiguration, answer: ok(`{"scimConfiguration":{"id":"` + lastID + `"}}`), code: "incomplete_listing", says: []string{lastID}},
}
