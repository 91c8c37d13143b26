package demo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// crowd is an organization with n SCIM configurations.
func crowd(n int) *demo.State {
	s := demo.NewState("crowd")
	for i := range n {
		s.SCIM = append(s.SCIM, demo.Row{"id": fmt.Sprintf("id-%03d", i)})
	}
	return s
}

func TestPagesHoldEveryRowOnceAndInOrder(t *testing.T) {
	for _, test := range []struct{ rows, pageSize, pages int }{
		{rows: 0, pageSize: 0, pages: 1},
		{rows: 25, pageSize: 0, pages: 1},
		{rows: 26, pageSize: 0, pages: 2},
		{rows: 60, pageSize: 25, pages: 3},
		{rows: 60, pageSize: 100, pages: 1},
		{rows: 100, pageSize: 100, pages: 1},
		{rows: 3, pageSize: 1, pages: 3},
	} {
		state := crowd(test.rows)
		rows, pages := list(t, demo.NewServerWith(state), state.Token, ona.ListSCIMConfigurations, "scimConfigurations", "",
			test.pageSize)
		if len(rows) != test.rows || pages != test.pages {
			t.Errorf("%+v: %d rows in %d pages", test, len(rows), pages)
		}
		for i, row := range rows {
			if row["id"] != state.SCIM[i]["id"] {
				t.Errorf("%+v: row %d is %v, want %v", test, i, row["id"], state.SCIM[i]["id"])
			}
		}
	}
}

func TestPageSizesBeyondTheLimitsAreRefused(t *testing.T) {
	state := crowd(1)
	for _, size := range []int{-1, 101} {
		body := fmt.Sprintf(`{"pagination":{"pageSize":%d}}`, size)
		checkFault(t, post(demo.NewServerWith(state), state.Token, ona.ListSCIMConfigurations, body), http.StatusBadRequest,
			"invalid_argument")
	}
}

func TestAPageTokenIsGoodForItsOwnListingOnly(t *testing.T) {
	one, other := crowd(60), demo.NewState("other")
	one.SSO, other.SCIM = one.SCIM, one.SCIM
	server := demo.NewServerWith(one, other)
	next := nextToken(object(t, post(server, one.Token, ona.ListSCIMConfigurations, `{}`), http.StatusOK))
	page := func(token string) string { return fmt.Sprintf(`{"pagination":{"token":%q}}`, token) }

	checkFault(t, post(server, other.Token, ona.ListSCIMConfigurations, page(next)), http.StatusBadRequest,
		"invalid_argument")
	checkFault(t, post(server, one.Token, ona.ListAuditLogs, page(next)), http.StatusBadRequest, "invalid_argument")
	for _, forged := range []string{"25", "!", next + "0", next[:len(next)-1]} {
		checkFault(t, post(server, one.Token, ona.ListSCIMConfigurations, page(forged)), http.StatusBadRequest,
			"invalid_argument")
	}
	object(t, post(server, one.Token, ona.ListSCIMConfigurations, page(next)), http.StatusOK)
}

// firstID is the id of the first row on the page that a token in the body and a token in the query
// ask for.
func firstID(t *testing.T, server *demo.Server, state *demo.State, inBody, inQuery string) any {
	t.Helper()
	body := fmt.Sprintf(`{"pagination":{"pageSize":10,"token":%q}}`, inBody)
	r := httptest.NewRequest(http.MethodPost, "/api/"+ona.ListSCIMConfigurations+"?token="+inQuery,
		strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+state.Token)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return object(t, w.Result(), http.StatusOK)["scimConfigurations"].([]any)[0].(demo.Row)["id"]
}

func TestThePageTokenIsReadFromTheBodyOrFromTheQueryButNotFromBoth(t *testing.T) {
	state := crowd(30)
	server := demo.NewServerWith(state)
	next := nextToken(object(t, post(server, state.Token, ona.ListSCIMConfigurations, `{"pagination":{"pageSize":10}}`),
		http.StatusOK))
	for _, test := range []struct {
		inQuery         bool
		body, query, id string
	}{
		{inQuery: false, body: next, query: next, id: "id-010"},
		{inQuery: false, body: next, query: "", id: "id-010"},
		{inQuery: false, body: "", query: next, id: "id-000"},
		{inQuery: true, body: next, query: next, id: "id-010"},
		{inQuery: true, body: next, query: "", id: "id-000"},
		{inQuery: true, body: "", query: next, id: "id-010"},
	} {
		server.PageTokenInQuery = test.inQuery
		if got := firstID(t, server, state, test.body, test.query); got != test.id {
			t.Errorf("%+v: the page begins with %v", test, got)
		}
	}
}

func TestAPageTokenMayNameTheLastRowInsteadOfAPosition(t *testing.T) {
	state := demo.NewState("named")
	for _, name := range []string{"d", "b", "c", "a"} {
		state.SCIM = append(state.SCIM, demo.Row{"id": demo.ID(name), "name": name})
	}
	server := demo.NewServerWith(state)
	server.PageKey = "name"
	state.Before = func(method string, n int) {
		if method == ona.ListSCIMConfigurations && n == 2 {
			state.SCIM = state.SCIM[:3] // without a, which was listed
		}
	}
	rows, pages := list(t, server, state.Token, ona.ListSCIMConfigurations, "scimConfigurations", "", 2)
	var names []any
	for _, row := range rows {
		names = append(names, row["name"])
	}
	if got := fmt.Sprint(names, pages); got != "[a b c d] 2" {
		t.Errorf("names and pages: %s", got)
	}
}

func TestAListingMayEndWithoutAWordAndHaveMoreBesideItsRows(t *testing.T) {
	state := crowd(30)
	state.Cut[ona.ListSCIMConfigurations] = 20
	state.Beside[ona.ListSCIMConfigurations] = demo.Row{"hasMore": true}
	answer := object(t, post(demo.NewServerWith(state), state.Token, ona.ListSCIMConfigurations, `{}`), http.StatusOK)
	if rows := answer["scimConfigurations"].([]any); len(rows) != 20 || answer["pagination"] != nil ||
		answer["hasMore"] != true {
		t.Errorf("%d rows, pagination %v, hasMore %v", len(rows), answer["pagination"], answer["hasMore"])
	}
}
