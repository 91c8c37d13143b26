package demo_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
)

// post sends a request to a server and returns the answer.
func post(s *demo.Server, token, method, body string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "/api/"+method, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// object reads an answer that must have the given status.
func object(t *testing.T, answer *http.Response, status int) demo.Row {
	t.Helper()
	var row demo.Row
	if err := json.NewDecoder(answer.Body).Decode(&row); err != nil {
		t.Fatalf("the answer with status %s is no JSON: %v", answer.Status, err)
	}
	if answer.StatusCode != status {
		t.Fatalf("status %s, want %d: %v", answer.Status, status, row)
	}
	return row
}

// checkFault checks that an answer is an error of a code, and returns its message.
func checkFault(t *testing.T, answer *http.Response, status int, code string) string {
	t.Helper()
	row := object(t, answer, status)
	if row["code"] != code {
		t.Fatalf("code %v, want %s", row["code"], code)
	}
	return row["message"].(string)
}

// list reads every page of a listing, whose rows stand in a field of the answers. Extra goes into
// each request.
func list(t *testing.T, s *demo.Server, token, method, field, extra string, pageSize int) (rows []demo.Row, pages int) {
	t.Helper()
	next := ""
	for {
		body := fmt.Sprintf(`{%s"pagination":{"pageSize":%d,"token":%q}}`, extra, pageSize, next)
		answer := object(t, post(s, token, method, body), http.StatusOK)
		pages++
		page, _ := answer[field].([]any)
		for _, row := range page {
			rows = append(rows, row.(demo.Row))
		}
		if next = nextToken(answer); next == "" {
			return rows, pages
		}
	}
}

func nextToken(answer demo.Row) string {
	pagination, _ := answer["pagination"].(demo.Row)
	next, _ := pagination["nextToken"].(string)
	return next
}

// organization finds an organization of a server by its name.
func organization(t *testing.T, s *demo.Server, name string) demo.Organization {
	t.Helper()
	for _, o := range s.Organizations() {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("the server has no organization %q", name)
	return demo.Organization{}
}
