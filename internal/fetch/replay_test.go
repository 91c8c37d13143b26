package fetch

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAReplayCollectsTheSame collects from a server that lists several pages, repeats a try and
// denies the SSO configurations, and again from what it answered.
func TestAReplayCollectsTheSame(t *testing.T) {
	tries := 0
	api := newAPI(t, handlers{
		"ListSCIMConfigurations": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("token") == "" {
				ok(`{"scimConfigurations":[{"id":"`+scimA+`","extra":1}],"pagination":{"nextToken":"2"}}`)(w, r)
				return
			}
			ok(`{"scimConfigurations":[{"id":"`+scimB+`"}],"pagination":{}}`)(w, r)
		},
		"ListSSOConfigurations": func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"code":"permission_denied","message":"not for you"}`))
		},
	})
	first, err := newClient(t, api.URL).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pages := &Pages{}
	for range 3 { // the pages are decoded once
		replay := NewReplay(first.Exchanges, testNow)
		client, err := replay.Client(api.URL, pages, false)
		if err != nil {
			t.Fatal(err)
		}
		pages.Next()
		again, err := client.Collect(t.Context())
		if err != nil || replay.Missing() != nil {
			t.Fatalf("error %v, missing %v", err, replay.Missing())
		}
		if d := cmp.Diff(first.Inventory, again.Inventory); d != "" {
			t.Errorf("(-first +again):\n%s", d)
		}
		if d := cmp.Diff(first.UnknownFields, again.UnknownFields); d != "" || len(first.UnknownFields) != 1 {
			t.Errorf("unknown fields (-first +again):\n%s", d)
		}
		if len(again.Exchanges) != len(first.Exchanges) || again.SCIM != first.SCIM {
			t.Errorf("%d exchanges and %+v, want %d and %+v", len(again.Exchanges), again.SCIM, len(first.Exchanges), first.SCIM)
		}
	}
}

func TestAReplayNamesTheRequestWithoutAResponse(t *testing.T) {
	api := newAPI(t, nil)
	first, err := newClient(t, api.URL).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	replay := NewReplay(first.Exchanges[:1], testNow)
	client, err := replay.Client(api.URL, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Collect(t.Context()); err == nil || replay.Missing() == nil {
		t.Errorf("error %v, missing %v", err, replay.Missing())
	}
}
