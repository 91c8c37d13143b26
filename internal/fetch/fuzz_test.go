package fetch

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// listOf reads a listing whose only page is body.
func listOf(body []byte) ([]ona.SCIMConfiguration, error) {
	transport := roundTrip(func(r *http.Request) (*http.Response, error) { return answerWith(r, 200, string(body)), nil })
	client, err := New(Options{BaseURL: "https://api.example", Token: testToken, Now: func() time.Time { return testNow },
		Transport: transport, Limits: Limits{MaxTries: 1}})
	if err != nil {
		return nil, err
	}
	all, err := scimListing().read(context.Background(), client.newReader(orgID))
	return all.rows, err
}

func canonicals(rows []ona.SCIMConfiguration) (texts []string) {
	for _, r := range rows {
		texts = append(texts, r.Canonical())
	}
	return texts
}

func pageOf(rows []string) []byte {
	return []byte(`{"scimConfigurations":[` + strings.Join(rows, ",") + `]}`)
}

// FuzzSCIMPage holds that no page makes the reader panic, that what was accepted, written as
// canonical JSON, is read as the same again, and that the order of the rows changes nothing.
func FuzzSCIMPage(f *testing.F) {
	for _, body := range []string{
		scimBody, scimRows("next", scimA), scimRows("", scimC, scimA,
			scimB), `{}`, `{"scimConfigurations":null}`, `{"error":"x"}`, `[]`, `null`, ``,
		`{"scimConfigurations":[{"id":"a","x":1.50,"y":{"b":-0,"a":1e400},"z":"\u2028","createdAt":"2024-01-01T00:00:00.5+01:00"}]}`,
		`{"scimConfigurations":[{"id":"a"},{"id":"a","enabled":false}]}`,
		`{"scimConfigurations":[{"id":"a"},{"id":"a","enabled":true}]}`,
		`{"scimConfigurations":[{"id":"a","createdAt":"0001-01-01T00:00:00Z","tokenExpiresAt":"9999-12-31T23:59:59Z"}],"pagination":{"nextToken":""}}`,
		`{"scimConfigurations":[{"id":"a","id":"b"}]}`, `{"scimConfigurations":[{"id":"a","name":"` + "\xff" + `"}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := listOf(body)
		if err != nil {
			if rows != nil || err.Error() == "" {
				t.Fatalf("rows %v beside error %v", rows, err)
			}
			return
		}
		first := canonicals(rows)
		again, err := listOf(pageOf(first))
		if err != nil || !slices.Equal(first, canonicals(again)) {
			t.Fatalf("read again: %v\n%q\n%q", err, first, canonicals(again))
		}
		var page struct {
			Rows []jsontext.Value `json:"scimConfigurations"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			t.Fatalf("accepted what is not JSON: %v", err)
		}
		var reversed []string
		for _, row := range slices.Backward(page.Rows) {
			reversed = append(reversed, string(row))
		}
		turned, err := listOf(pageOf(reversed))
		if err != nil || !slices.Equal(first, canonicals(turned)) {
			t.Fatalf("in reverse order: %v\n%q\n%q", err, first, canonicals(turned))
		}
	})
}
