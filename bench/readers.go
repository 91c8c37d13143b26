//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"scim-auditor/internal/fetch"
)

// collect reads the organization as the job does and checks how many configurations came.
func collect(baseURL string, want int) error {
	client, err := fetch.New(fetch.Options{BaseURL: baseURL, Token: "org-0", Now: time.Now})
	if err != nil {
		return err
	}
	collection, err := client.Collect(context.Background())
	if err := errors.Join(err, collection.Close()); err != nil {
		return err
	}
	if got := collection.Inventory.SCIM.Len(); got != want {
		return fmt.Errorf("%d configurations, want %d", got, want)
	}
	return nil
}

// ask sends the requests of collect one after the other and looks into none of the answers: round trips alone.
func ask(baseURL string, pages int) error {
	client := &http.Client{Transport: fetch.NewTransport(1)}
	for _, request := range requests(baseURL, pages) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, request.url, bytes.NewReader([]byte(request.body)))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer org-0")
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil {
			return err
		}
	}
	return nil
}

type request struct{ url, body string }

// requests are those that collect sends.
func requests(baseURL string, pages int) []request {
	const service = "/gitpod.v1.OrganizationService/"
	all := []request{
		{baseURL + "/gitpod.v1.IdentityService/GetAuthenticatedIdentity", "{}"},
		{baseURL + service + "GetOrganization", "{}"},
		{baseURL + service + "GetOrganizationPolicies", "{}"},
	}
	for page := range pages {
		r := request{baseURL + service + "ListSCIMConfigurations?pageSize=100", `{"pagination":{"pageSize":100}}`}
		if page > 0 {
			r.url += fmt.Sprintf("&token=%d", page)
			r.body = fmt.Sprintf(`{"pagination":{"pageSize":100,"token":"%d"}}`, page)
		}
		all = append(all, r)
	}
	return append(all, request{baseURL + service + "ListSSOConfigurations", "{}"})
}

// writeCurlConfig writes the requests of collect as a config file of curl, which then sends them one after the other on one connection.
func writeCurlConfig(path, baseURL string, pages int) error {
	var b strings.Builder
	for _, r := range requests(baseURL, pages) {
		fmt.Fprintf(&b, "next\nsilent\nfail\nurl = %q\noutput = \"/dev/null\"\nheader = \"Authorization: Bearer org-0\"\nheader = \"Content-Type: application/json\"\ndata = %q\n", r.url, r.body)
	}
	return os.WriteFile(path, []byte(strings.TrimPrefix(b.String(), "next\n")), 0o600)
}
