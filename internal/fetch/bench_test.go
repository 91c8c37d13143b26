package fetch

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// BenchmarkPages reads 500 pages of 100 configurations from a server that takes 5 ms for each. "x-round-trips" is the time in relation to
// the same requests without looking into the answers: 1 means that decoding costs nothing beside the network.
func BenchmarkPages(b *testing.B) {
	const pages, rows, roundTripTime = 500, 100, 5 * time.Millisecond
	bodies := make(map[string]string, pages)
	token := ""
	for page := range pages {
		ids := make([]string, rows)
		for i := range ids {
			ids[i] = fmt.Sprintf("%08d-0000-4000-8000-%012d", page, i)
		}
		next := fmt.Sprintf("page-%d", page+2)
		if page == pages-1 {
			next = ""
		}
		bodies[token] = scimRows(next, ids...)
		token = next
	}
	api := newAPI(b, handlers{list: func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(roundTripTime)
		ok(bodies[tokenInQuery(r)])(w, r)
	}})
	client := newClient(b, api.URL, func(o *Options) { o.Logger = nil })

	start := time.Now()
	for page := range pages {
		token := ""
		if page > 0 {
			token = fmt.Sprintf("page-%d", page+1)
		}
		if r := client.requestPage(context.Background(), scimSource, page+1, token); r.err != nil {
			b.Fatal(r.err)
		}
	}
	alone := time.Since(start)

	for b.Loop() {
		got, err := client.Collect(context.Background())
		if err != nil || len(got.Inventory.SCIM) != pages*rows {
			b.Fatalf("%d configurations, error %v", len(got.Inventory.SCIM), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(alone), "x-round-trips")
}
