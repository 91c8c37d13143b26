package fetch

import (
	"context"
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

// pagesByToken serves three pages; next reads the token as one kind of server does. The token needs
// escaping in a query.
func pagesByToken(next func(r *http.Request) string) http.HandlerFunc {
	pages := map[string]string{
		"": scimRows("p&2 +ü", scimC), "p&2 +ü": scimRows("p3", scimA), "p3": scimRows("", scimB),
	}
	return func(w http.ResponseWriter, r *http.Request) { ok(pages[next(r)])(w, r) }
}

func tokenInBody(r *http.Request) string {
	var request request
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		panic(err)
	}
	return request.Pagination.Token
}

func tokenInQuery(r *http.Request) string { return r.URL.Query().Get("token") }

func TestPagingWorksWithEitherKindOfServer(t *testing.T) {
	for name, next := range map[string]func(*http.Request) string{"body": tokenInBody, "query": tokenInQuery} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{list: pagesByToken(next)}))
			want := Listing{
				Listing:  ona.Listing{Pages: 3, RowsPerPage: "3 x 1", FinalTokenEmpty: true, Listings: 2, Agreeing: 2},
				Received: 3, Distinct: 3, PagesRead: 6,
			}
			if diff := cmp.Diff(want, got.SCIM); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{scimA, scimB, scimC}, ids(got.Inventory.SCIM)); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

func ids(configurations []ona.SCIMConfiguration) (ids []string) {
	for _, c := range configurations {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestAnEmptyPageWithATokenIsNotTheEnd(t *testing.T) {
	pages := []string{scimRows("2", scimA), `{"pagination":{"nextToken":"3"}}`, scimRows("", scimB)}
	got := collect(t, newAPI(t, handlers{list: listings(pages, pages)}))
	if diff := cmp.Diff("1, 0, 1", got.SCIM.RowsPerPage); diff != "" {
		t.Errorf("rows per page (-want +got):\n%s", diff)
	}
	if len(got.Notes) != 2 || !strings.Contains(got.Notes[1], "page 2 is empty") {
		t.Errorf("notes: %q", got.Notes)
	}
}

func TestListingsThatAreNotWhole(t *testing.T) {
	twice := strings.Replace(scimRows("", scimA, scimA), "configuration ", "renamed ", 1)
	endless := func() http.HandlerFunc {
		page := 0
		return func(w http.ResponseWriter, r *http.Request) {
			page++
			ok(fmt.Sprintf(`{"pagination":{"nextToken":"%d"}}`, page))(w, r)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		says   string
		tries  int
	}{
		{"the same token again", inOrder(ok(scimRows("x", scimA)), ok(scimRows("x", scimB))), "repeats that of page 1", 2},
		{"tokens in a circle", inOrder(ok(scimRows("x", scimA)), ok(scimRows("y", scimB)), ok(scimRows("x", scimC))),
			"repeats that of page 1", 3},
		{"a server that ignores the token", ok(scimRows("x", scimA)), "never end", 2},
		{"more pages than are read", endless(), "limit of 5 pages", 5},
		{"an id twice on one page with other content", ok(twice), scimA, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{list: c.answer})
			got, err := newClient(t, api.URL, func(o *Options) { o.MaxPages = 5 }).Collect(context.Background())
			failure, _ := errors.AsType[*Error](err)
			if failure == nil || failure.Code != CodeIncompleteListing || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %s that says %q", err, CodeIncompleteListing, c.says)
			}
			if tries := len(api.sent(list)); tries != c.tries {
				t.Errorf("asked %d times, want %d", tries, c.tries)
			}
			if got.Inventory.SCIM != nil || got.SCIM.FinalTokenEmpty {
				t.Errorf("a listing that is not whole was kept: %+v", got.SCIM)
			}
		})
	}
}

func TestAnIDTwiceOnOnePageWithTheSameContentIsKeptOnceAndNoted(t *testing.T) {
	again := strings.Replace(scimRows("", scimA, scimA, scimB), `"id":"`+scimA, `"id":"`+strings.ToUpper(scimA), 1)
	got := collect(t, newAPI(t, handlers{list: ok(again)}))
	want := Listing{
		Listing:  ona.Listing{Pages: 1, RowsPerPage: "3", FinalTokenEmpty: true, Listings: 1, Agreeing: 1},
		Received: 3, Distinct: 2, PagesRead: 1,
	}
	if diff := cmp.Diff(want, got.SCIM); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
	if len(got.Notes) != 1 || !strings.Contains(got.Notes[0], scimA) {
		t.Errorf("notes: %q", got.Notes)
	}
}

func TestAnAnswerMayBeAsDeepAsTheLimit(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	got := collect(t, newAPI(t, handlers{list: ok(
		`{"scimConfigurations":[{"id":"` + scimA + `","x":` + nested(61) + `}],"pagination":{"x":` + nested(62) + `},"x":` +
			nested(63) + `}`)}))
	if len(got.Inventory.SCIM) != 1 || string(got.Inventory.SCIM[0].Unknown["x"]) != nested(61) {
		t.Errorf("configurations: %+v", got.Inventory.SCIM)
	}
}

func within5Seconds(t *testing.T, event <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(5 * time.Second):
		t.Error(what)
	}
}

func TestTheTokenOfTheNextPageIsTheAnswersOwn(t *testing.T) {
	for body, want := range map[string]string{
		scimRows("next", scimA, scimB): "next",
		`{"scimConfigurations":[{"pagination":{"nextToken":"inner"}}],"pagination":{"nextToken":"outer"}}`: "outer",
		`{"pagination":{"other":[1],"nextToken":"x"}}`:                                                     "x",
		`{"pagination":{"nextToken":null}}`:                                                                "",
		`{"pagination":null}`:                                                                              "",
	} {
		if p, err := splitPage([]byte(body), source{field: "scimConfigurations"}); err != nil || p.next() != want {
			t.Errorf("%s: token %q, %v; want %q", body, p.next(), err, want)
		}
	}
}
