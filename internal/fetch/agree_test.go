package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// refusedToken is a page in whose place the server refuses the token.
const refusedToken = "refused"

// listings answers the requests of one listing after the other, each a list of pages.
func listings(each ...[]string) http.HandlerFunc {
	var all []http.HandlerFunc
	for _, pages := range each {
		for _, body := range pages {
			if body == refusedToken {
				all = append(all, connect(http.StatusBadRequest, CodeInvalidArgument))
			} else {
				all = append(all, ok(body))
			}
		}
	}
	return inOrder(all...)
}

func renamed(body string) string { return strings.Replace(body, "configuration ", "renamed ", 1) }

func TestAListOfSeveralPagesIsCompleteIfTwoListingsAgree(t *testing.T) {
	whole := []string{scimRows("2", scimA, scimB), scimRows("", scimC)}
	otherOrder := []string{scimRows("2", scimC, scimA), scimRows("", scimB)}
	short := []string{scimRows("2", scimA, scimB), scimRows("", ssoA)} // scimC moved to a page that was read
	moved := []string{scimRows("2", scimA, scimB), scimRows("", scimB)}
	changed := []string{renamed(scimRows("2", scimA, scimB)), scimRows("", scimC)}
	for _, c := range []struct {
		name     string
		listings [][]string
		want     string // listings, agreeing, pages of the last, pages read
		notes    []string
	}{
		{"nothing moves", [][]string{whole, whole}, "2 2 2 4", nil},
		{"the order is another", [][]string{whole, otherOrder}, "2 2 2 4", nil},
		{"an id is repeated in the first listing", [][]string{moved, whole, whole}, "3 2 2 6",
			[]string{"listing 1 was not used: configuration " + scimB +
				" is on page 1 and again on page 2: the order moved, so another may be on no page"}},
		{"an id is repeated in the second listing", [][]string{whole, moved, whole}, "3 2 2 6",
			[]string{"listing 2 was not used"}},
		{"a row is out of sight in the first listing", [][]string{short, whole, whole}, "3 2 2 6",
			[]string{"listing 2 differs from the one before it: configurations that differ: 2, the first is " + scimC +
				", which is new"}},
		{"a row changes during the first listing", [][]string{changed, whole, whole}, "3 2 2 6",
			[]string{scimA + ", which has other content"}},
		{"a token is refused in the first listing", [][]string{{scimRows("2", scimA, scimB), refusedToken}, whole, whole},
			"3 2 2 5",
			[]string{"listing 1 was not used: the server refuses the page token: HTTP 400: says the server"}},
		{"a token is refused in the second listing", [][]string{whole, {whole[0], refusedToken}, whole}, "3 2 2 5",
			[]string{"listing 2 was not used"}},
		{"the list shrinks to one page", [][]string{{whole[0], refusedToken}, {scimRows("", scimA, scimB, scimC)}}, "2 1 1 2",
			[]string{"listing 1 was not used"}},
		{"the second listing is one page", [][]string{whole, {scimRows("", scimA, scimB, scimC)}}, "2 1 1 3", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{list: listings(c.listings...)}))
			l := got.SCIM
			if diff := cmp.Diff(c.want, fmt.Sprint(l.Listings, l.Agreeing, l.Pages, l.PagesRead)); diff != "" {
				t.Errorf("listings, agreeing, pages, pages read (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{scimA, scimB, scimC}, ids(got.Inventory.SCIM)); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if len(got.Notes) != len(c.notes) {
				t.Fatalf("notes: %q", got.Notes)
			}
			for i, note := range c.notes {
				if !strings.Contains(got.Notes[i], note) {
					t.Errorf("note %q does not say %q", got.Notes[i], note)
				}
			}
		})
	}
}

func TestAListThatChangesAllTheTimeIsNotComplete(t *testing.T) {
	whole := []string{scimRows("2", scimA, scimB), scimRows("", scimC)}
	moved := []string{scimRows("2", scimA, scimB), scimRows("", scimB)}
	changed := []string{renamed(scimRows("2", scimA, scimB)), scimRows("", scimC)}
	for _, c := range []struct {
		name     string
		listings [][]string
		says     string
	}{
		{"the order moves in each listing", [][]string{moved, moved, moved},
			"page 2: no two of 3 listings agree, as if the list changed while it was read: configuration " + scimB +
				" is on page 1 and again on page 2"},
		{"each listing differs from the one before", [][]string{whole, changed, whole},
			"no two of 3 listings agree, as if the list changed while it was read: configurations that differ: 1, the first is " + scimA + ", which has other content"},
		{"one listing is left", [][]string{moved, moved, whole}, "configuration " + scimB +
			" is on page 1 and again on page 2"},
		{"one row is deleted in each listing", [][]string{whole, {scimRows("2", scimA), scimRows("", scimB)},
			{scimRows("2"), scimRows("", scimA)}},
			"the first is " + scimB + ", which is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{list: listings(c.listings...)})
			got, err := newClient(t, api.URL).Collect(t.Context())
			failure, _ := errors.AsType[*Error](err)
			if failure == nil || failure.Code != CodeIncompleteListing || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %s that says %q", err, CodeIncompleteListing, c.says)
			}
			if asked := len(api.sent(list)); asked != 2*maxListings || got.Inventory.SCIM != nil {
				t.Errorf("asked %d times, inventory %+v", asked, got.Inventory.SCIM)
			}
		})
	}
}

// A server that takes none of its own tokens is asked as often as one whose list changes.
func TestATokenThatIsRefusedInEachListingFailsTheNight(t *testing.T) {
	pages := []string{scimRows("2", scimA, scimB), refusedToken}
	api := newAPI(t, handlers{list: listings(pages, pages, pages)})
	got, err := newClient(t, api.URL).Collect(t.Context())
	want := "OrganizationService/ListSCIMConfigurations, page 2: no two of 3 listings agree, as if the list changed while it " +
		"was read: the server refuses the page token: HTTP 400: says the server (incomplete_listing)"
	if failure, _ := errors.AsType[*Error](err); failure == nil || err.Error() != want || failure.Hint() == "" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if asked := len(api.sent(list)); asked != 2*maxListings || got.Inventory.SCIM != nil ||
		got.SCIM.PagesRead != maxListings {
		t.Errorf("asked %d times, %d pages, inventory %+v", asked, got.SCIM.PagesRead, got.Inventory.SCIM)
	}
}

func TestARefusalOfTheSecondListingOfSSOConfigurationsIsNoListing(t *testing.T) {
	page := func(next, id string) http.HandlerFunc {
		return ok(`{"ssoConfigurations":[{"id":"` + id + `"}],"pagination":{"nextToken":"` + next + `"}}`)
	}
	api := newAPI(t, handlers{"ListSSOConfigurations": inOrder(page("2", ssoA), page("", scimA),
		connect(403, CodePermissionDenied))})
	got, err := newClient(t, api.URL).Collect(t.Context())
	if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Code != CodePermissionDenied ||
		got.Inventory.SSONotAssessed != "" {
		t.Errorf("got %v, not assessed %q", err, got.Inventory.SSONotAssessed)
	}
}

func TestAnUnknownMemberBesideTheRowsMayMeanThatTheListIsNotWhole(t *testing.T) {
	for _, c := range []struct{ member, says string }{
		{`"hasMore":true`, "field hasMore can mean that the list has more: true"},
		{`"has_more":1`, "hasMore"},
		{`"truncated":true`, "truncated can mean that the list has more"},
		{`"isTruncated":"yes"`, "isTruncated"},
		{`"partial":true`, "partial"},
		{`"unreachable":["eu-west"]`, "unreachable"},
		{`"remainingItemCount":150`, "remainingItemCount"},
		{`"errors":[{"message":"shard 3"}]`, `errors can mean that something failed: [{"message":"shard 3"}]`},
		{`"partialErrors":{"a":"b"}`, "partialErrors"},
		{`"error":"x"`, "error"},
		{`"warnings":["stale"]`, "warnings"},
		{`"code":"internal"`, `code can mean that something failed: "internal"`},
		{`"status":503`, "status"},
		{`"timed_out":true`, "timedOut"},
		{`"cursor":"abc"`, "cursor looks like a page token"},
		{`"next-token":"abc"`, "next-token looks like a page token"},
		{`"nextPageToken":"abc"`, "nextPageToken looks like a page token"},
		{`"@odata.nextLink":"https://x"`, "@odata.nextLink"},
		{`"continuation":"abc"`, "continuation"},
		{`"LastEvaluatedKey":{"id":"x"}`, "LastEvaluatedKey"},
		{`"links":{"next":"https://x"}`, "field links.next looks like a page token"},
		{`"meta":{"page":{"hasNext":true}}`, "meta.page.hasNext"},
		{`"complete":false`, "complete is false, so the list may not be whole"},
		{`"success":false`, "success"},
		{`"lastPage":false`, "lastPage"},
		{`"total":250`, "the unknown field total counts 250, but 1 rows were listed"},
		{`"totalSize":"250"`, "totalSize counts 250"},
		{`"pagination":{"hasMore":true}`, "field pagination.hasMore"},
		{`"pagination":{"total":2}`, "total counts 2"},
		{`"totalPages":3`, "the unknown field totalPages counts 3, but 1 pages were listed"},
		{`"message":"shard 3 is down"`, "message can mean that something failed"},
		{`"degraded":true`, "degraded"},
		{`"excludedRows":1`, "excludedRows"},
		{`"filtered":true`, "filtered"},
		{`"hiddenCount":"1"`, "hiddenCount"},
		{`"rateLimited":true`, "rateLimited"},
		{`"end":false`, "end is false"},
		{`"meta":[{"hasMore":true}]`, "field meta.hasMore"},
		{`"meta":{"total":250}`, "field meta.total counts 250"},
		{`"page":{"totalElements":250,"totalPages":1}`, "field page.totalElements counts 250"},
		{`"page":{"totalPages":3}`, "field page.totalPages counts 3, but 1 pages"},
		{`"count":{"value":"250","relation":"COUNT_RESPONSE_RELATION_EQ"}`, "field count.value counts 250"},
		{`"total":{"value":250,"relation":"eq"}`, "field total.value counts 250"},
		{`"total":2.0`, "field total counts 2.0"},
		{`"retryAfter":5`, "retryAfter"},
	} {
		body := `{"scimConfigurations":[{"id":"` + scimA + `"}],` + c.member + `}`
		_, err := newClient(t, newAPI(t, handlers{list: ok(body)}).URL).Collect(t.Context())
		if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Page != 1 ||
			!strings.Contains(err.Error(), c.says) || failure.Hint() == "" {
			t.Errorf("%s: got %v, want an error that says %q", c.member, err, c.says)
		}
		sso := strings.Replace(body, "scimConfigurations", "ssoConfigurations", 1)
		if _, err := newClient(t, newAPI(t, handlers{"ListSSOConfigurations": ok(sso)}).URL).Collect(t.Context()); err == nil {
			t.Errorf("%s: the SSO listing is accepted", c.member)
		}
	}
}

// What failed may be what the object lacks, such as the invite domains.
func TestAnUnknownMemberBesideOneObjectMayMeanThatSomethingFailed(t *testing.T) {
	for method, object := range map[string]string{
		"GetOrganization": `"organization":{"id":"` + orgID + `"}`, "GetOrganizationPolicies": `"policies":{}`,
	} {
		failed := newAPI(t, handlers{method: ok(`{` + object + `,"errors":["inviteDomains: timeout"]}`)})
		_, err := newClient(t, failed.URL).Collect(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the unknown field errors can mean that something failed") {
			t.Errorf("%s: got %v", method, err)
		}
		collect(t, newAPI(t, handlers{method: ok(`{` + object + `,"errors":[],"region":"eu","next":"x"}`)}))
	}
}

func TestOtherUnknownMembersBesideTheRowsAreOnlyReported(t *testing.T) {
	for _, member := range []string{
		`"hasMore":false`, `"truncated":null`, `"errors":[]`, `"errors": [ ]`, `"error":""`, `"code":0`, `"code":"ok"`,
		`"status":"SUCCESS"`, `"status":200`,
		`"cursor":""`, `"next-token":null`, `"nextPageToken":""`, `"remaining":0`, `"links":{"next":null,"self":"https://x"}`,
		`"complete":true`,
		`"lastPage":true`, `"total":1`, `"totalCount":"0"`, `"prevCursor":"abc"`, `"previousPageToken":"abc"`,
		`"requestId":"abc"`, `"serverVersion":{"major":2}`,
		`"pagination":{"totalSize":1,"nextToken":""}`, `"totalPages":1`, `"message":"OK"`, `"stale":false`,
		`"count":{"value":"1","relation":"COUNT_RESPONSE_RELATION_EQ"}`, `"meta":[{"total":1},2]`, `"end":true`, `"limit":100`,
		`"account":{"value":77}`, `"totalCount":{"value":1}`,
	} {
		body := `{"scimConfigurations":[{"id":"` + scimA + `"}],` + member + `}`
		if got := collect(t, newAPI(t, handlers{list: ok(body)})); len(got.UnknownFields) == 0 ||
			len(got.Inventory.SCIM) != 1 {
			t.Errorf("%s: unknown fields %q, %d configurations", member, got.UnknownFields, len(got.Inventory.SCIM))
		}
	}
}

// A page that has a next token says itself that there is more.
func TestThatThereIsMoreMeansNothingBesideANextToken(t *testing.T) {
	first := strings.Replace(scimRows("2", scimA), `{"pagination"`, `{"hasMore":true,"total":2,"last":false,"end":false,"cursor":"x","pagination"`,
		1)
	pages := []string{first, scimRows("", scimB)}
	if got := collect(t, newAPI(t, handlers{list: listings(pages, pages)})); len(got.Inventory.SCIM) != 2 {
		t.Errorf("%d configurations", len(got.Inventory.SCIM))
	}
	echo := strings.Replace(pages[1], `"pagination":{`, `"pagination":{"token":"2",`, 1)
	if got := collect(t, newAPI(t, handlers{list: listings([]string{first, echo},
		[]string{first, echo})})); len(got.Inventory.SCIM) != 2 {
		t.Errorf("%d configurations of a server that repeats the token it was sent", len(got.Inventory.SCIM))
	}
	failed := strings.Replace(first, `"hasMore":true`, `"errors":["x"]`, 1)
	if _, err := newClient(t, newAPI(t, handlers{list: ok(failed)}).URL).Collect(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "errors") {
		t.Errorf("errors beside a next token: %v", err)
	}
}

func TestASecondListingMustAgreeWithTheFirst(t *testing.T) {
	first := scimRows("", scimA, scimB)
	for _, c := range []struct {
		name   string
		second http.HandlerFunc
		says   string
	}{
		{"the same", ok(scimRows("", scimB, scimA)), ""},
		{"a missing configuration is back", ok(scimRows("", scimA, scimB, scimC)),
			"a second listing does not agree with the first: configurations that differ: 1, the first is " + scimC +
				", which is new"},
		{"other content", ok(renamed(first)), scimA + ", which has other content"},
		{"nothing", ok(`{}`), "which is missing"},
		{"an id on two pages", listings([]string{scimRows("2", scimA, scimB), scimRows("", scimA)}), "again on page 2"},
		{"refused", connect(403, CodePermissionDenied), "says the server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := inOrder(ok(first), c.second)
			api := newAPI(t, handlers{list: answers})
			client := newClient(t, api.URL)
			got, err := client.Collect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			again, evidence, err := client.ListAgain(t.Context(), ona.ListSCIMConfigurations, got.Inventory)
			if c.says == "" {
				if err != nil || again.PagesRead != 1 || len(evidence.Exchanges) != 1 {
					t.Errorf("got %+v, %v", again, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}
