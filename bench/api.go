//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// api is a server with as many organizations as there are tokens org-0, org-1 and so on, each with the same number of pages. It does nothing
// that costs time but wait for the round trip: every page is rendered before it is asked for.
type api struct {
	roundTrip time.Duration
	pages     [][]byte
	// mayNotReadSSO lets it refuse the SSO configurations.
	mayNotReadSSO bool
}

// newAPI renders pages of rows, which stand for the SCIM configurations of every organization.
func newAPI(roundTrip time.Duration, pages, rows int) *api {
	a := &api{roundTrip: roundTrip}
	for page := range pages {
		a.pages = append(a.pages, renderPage(page, pages, rows))
	}
	return a
}

func renderPage(page, pages, rows int) []byte {
	configurations := make([]map[string]any, rows)
	for i := range configurations {
		n := page*rows + i
		configurations[i] = map[string]any{
			"id": fmt.Sprintf("%08d-0000-4000-8000-%012d", page, n), "name": fmt.Sprintf("Okta production %07d", n), "enabled": true,
			"ssoConfigurationId": fmt.Sprintf("%08d-0000-4000-9000-%012d", n%7, n%7), "createdAt": "2026-01-02T03:04:05.117Z",
			"updatedAt": "2026-10-02T03:04:05.117Z", "tokenExpiresAt": "2027-01-02T03:04:05Z",
		}
	}
	answer := map[string]any{"scimConfigurations": configurations}
	if page < pages-1 {
		answer["pagination"] = map[string]string{"nextToken": strconv.Itoa(page + 1)}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // maps of texts always have a JSON form
	}
	return body
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone away
	}
	time.Sleep(a.roundTrip)
	number := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer org-")
	answer := a.answer(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], number, body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	if a.mayNotReadSSO && strings.HasSuffix(r.URL.Path, "/ListSSOConfigurations") {
		w.WriteHeader(http.StatusForbidden)
	}
	_, _ = w.Write(answer) // the client has gone away
}

func (a *api) answer(method, number string, request []byte) []byte {
	switch method {
	case "GetAuthenticatedIdentity":
		return fmt.Appendf(nil, `{"subject":{"id":"auditor","principal":"PRINCIPAL_USER"},"organizationId":"organization-%s"}`, number)
	case "GetOrganization":
		return fmt.Appendf(nil, `{"organization":{"id":"organization-%s","name":"Organization %s"}}`, number, number)
	case "GetOrganizationPolicies":
		return []byte(`{"policies":{"restrictAccountCreationToScim":true}}`)
	case "ListSCIMConfigurations":
		return a.pages[pageOf(request)]
	}
	if a.mayNotReadSSO && method == "ListSSOConfigurations" {
		return []byte(`{"code":"permission_denied","message":"no"}`)
	}
	return []byte("{}")
}

// pageOf reads the page from a request such as {"pagination":{"pageSize":100,"token":"7"}}; without a token it is the first.
func pageOf(request []byte) int {
	_, after, found := bytes.Cut(request, []byte(`"token":"`))
	if !found {
		return 0
	}
	token, _, _ := bytes.Cut(after, []byte(`"`))
	page, err := strconv.Atoi(string(token))
	if err != nil {
		panic(err) // only this server's tokens come back
	}
	return page
}
