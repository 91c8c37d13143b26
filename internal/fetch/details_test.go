package fetch

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnErrorQuotesTheDetailsForPeople(t *testing.T) {
	// error_code = 1 and user_message = 2 of ActionableErrorDetails, message = 1 of the tier's
	// details.
	actionable := base64.RawStdEncoding.EncodeToString([]byte("\x0a\x04GONE\x12\x0aAsk Alice."))
	tier := base64.StdEncoding.EncodeToString([]byte("\x0a\x0fSCIM needs more\x10\x03"))
	for _, c := range []struct{ name, details, want string }{
		{"debug", `{"type":"gitpod.v1.ActionableErrorDetails","debug":{"errorCode":"GONE","userMessage":"Ask Alice."}}`,
			"HTTP 400: no; Ask Alice. (errorCode GONE) (failed_precondition)"},
		{"debug in the other spelling", `{"type":"gitpod.v1.ActionableErrorDetails","debug":{"error_code":"GONE","user_message":"Ask Alice."}}`,
			"HTTP 400: no; Ask Alice. (errorCode GONE) (failed_precondition)"},
		{"protobuf", `{"type":"gitpod.v1.ActionableErrorDetails","value":"` + actionable + `"}`,
			"HTTP 400: no; Ask Alice. (errorCode GONE) (failed_precondition)"},
		{"tier in debug", `{"type":"type.googleapis.com/gitpod.v1.OrganizationTierFailedPreconditionDetails","debug":{"message":"SCIM needs more","requiredTier":"ORGANIZATION_TIER_ENTERPRISE"}}`,
			"HTTP 400: no; SCIM needs more (requiredTier ORGANIZATION_TIER_ENTERPRISE) (failed_precondition)"},
		{"tier in protobuf", `{"type":"gitpod.v1.OrganizationTierFailedPreconditionDetails","value":"` + tier + `"}`,
			"HTTP 400: no; SCIM needs more (failed_precondition)"},
		{"unknown, broken and empty ones", `{"type":"x.Other","debug":{"message":"x"}},{"type":"gitpod.v1.ActionableErrorDetails","value":"!!","debug":[1]},` +
			`{"type":"gitpod.v1.ActionableErrorDetails","value":"CggIAhC","debug":{"userMessage":7}}`,
			"HTTP 400: no (failed_precondition)"},
		{"control characters", `{"type":"gitpod.v1.ActionableErrorDetails","debug":{"userMessage":"a\n\u001b[31mb"}}`,
			"HTTP 400: no; a \uFFFD[31mb (failed_precondition)"},
	} {
		body := `{"code":"failed_precondition","message":"no","details":[` + c.details + `]}`
		_, err := newClient(t, newAPI(t, handlers{list: respond(400, body)}).URL).Collect(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), "page 1: "+c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
		hint := "SCIM and SSO need the Enterprise plan"
		if strings.HasPrefix(c.name, "tier") {
			hint = "the organization's plan does not include this"
		}
		if failure, ok := errors.AsType[*Error](err); !ok || !strings.HasPrefix(failure.Hint(), hint) {
			t.Errorf("%s: another hint than %q: %v", c.name, hint, err)
		}
	}
}

func TestDetailsAreBounded(t *testing.T) {
	detail := `{"type":"gitpod.v1.ActionableErrorDetails","debug":{"userMessage":"` + strings.Repeat("long ", 1000) + `"}}`
	body := `{"code":"internal","message":"no","details":[` + strings.Repeat(detail+",", 99) + detail + `]}`
	client := newClient(t, newAPI(t, handlers{list: respond(400, body)}).URL)
	if _, err := client.Collect(t.Context()); err == nil || len(err.Error()) > (maxExplained+1)*(maxQuoted+10)+100 {
		t.Errorf("an error of %d bytes: %v", len(err.Error()), err)
	}
}

// TestARefusalOfTheSharedHostNamesThePolicy sends the requests for app.gitpod.io to a local server.
func TestARefusalOfTheSharedHostNamesThePolicy(t *testing.T) {
	refuse := connect(403, CodePermissionDenied)
	for _, c := range []struct {
		name, base string
		api        handlers
		policy     bool
	}{
		{"every method", "https://app.gitpod.io/api", handlers{"GetAuthenticatedIdentity": refuse}, true},
		{"every method but the identity", "https://APP.ona.com/api", handlers{"GetOrganization": refuse}, true},
		{"the listing only", "https://app.gitpod.io/api", handlers{list: refuse}, false},
		{"the organization's own domain", "https://ona.example.com/api", handlers{"GetAuthenticatedIdentity": refuse}, false},
		{"a proxy", "https://app.gitpod.io/api", handlers{"GetAuthenticatedIdentity": respond(403, "<html>")}, false},
	} {
		server := httptest.NewTLSServer(newAPI(t, c.api).Config.Handler)
		t.Cleanup(server.Close)
		transport := &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
			},
		}
		t.Cleanup(transport.CloseIdleConnections)
		_, err := newClient(t, c.base, func(o *Options) { o.Transport = transport }).Collect(t.Context())
		failure, ok := errors.AsType[*Error](err)
		if !ok || failure.Code != CodePermissionDenied {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := strings.Contains(failure.Hint(), "requireCustomDomainAccess"); got != c.policy {
			t.Errorf("%s: the hint is %q", c.name, failure.Hint())
		}
	}
}
