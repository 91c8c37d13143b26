package fetch

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"scim-auditor/internal/ona"
)

func TestConfirmingARemoval(t *testing.T) {
	there := `{"scimConfiguration":{"id":"` + strings.ToUpper(scimA) + `","name":"x"}}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   ona.Removal // without its reason
		code   string
	}{
		{"the API does not know it", connect(404, CodeNotFound), ona.Removal{Confirmed: true}, ""},
		{"the API has it", ok(there), ona.Removal{StillThere: true}, ""},
		{"the token may not look", connect(403, CodePermissionDenied), ona.Removal{}, ""},
		{"the server has no such method", connect(501, CodeUnimplemented), ona.Removal{}, ""},
		{"a 404 of a proxy", respond(404, "404 page not found"), ona.Removal{}, ""},
		{"a 404 that says not_found without a message of the API", respond(404, "not_found"), ona.Removal{}, ""},
		{"a 404 of another meaning", connect(404, CodeUnimplemented), ona.Removal{}, ""},
		{"a 403 of a proxy", respond(403, "<html>"), ona.Removal{}, ""},
		{"a 501 of a proxy", respond(501, "<html>"), ona.Removal{}, ""},
		{"a request that is refused", connect(400, CodeInvalidArgument), ona.Removal{}, ""},
		{"a 400 that says not_found", connect(400, CodeNotFound), ona.Removal{}, ""},
		{"no such route for this verb", respond(405, ""), ona.Removal{}, ""},
		{"an expired token", connect(401, CodeUnauthenticated), ona.Removal{}, CodeUnauthenticated},
		{"another configuration", ok(strings.ReplaceAll(there, strings.ToUpper(scimA), scimB)), ona.Removal{},
			CodeMalformedAnswer},
		{"nothing", ok(`{}`), ona.Removal{}, CodeMalformedAnswer},
		{"null", ok(`{"scimConfiguration":null}`), ona.Removal{}, CodeMalformedAnswer},
		{"HTML", ok(`<html>`), ona.Removal{}, CodeMalformedAnswer},
		{"a configuration without id", ok(`{"scimConfiguration":{}}`), ona.Removal{}, CodeMalformedAnswer},
		{"a list", ok(`{"scimConfiguration":[]}`), ona.Removal{}, CodeMalformedAnswer},
		{"down", connect(503, CodeUnavailable), ona.Removal{}, CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{"GetSCIMConfiguration": c.answer})
			removal, x, err := newClient(t, api.URL).ConfirmRemoved(context.Background(), ona.GetSCIMConfiguration, scimA)
			failure, _ := errors.AsType[*Error](err)
			// A refusal and an error confirm nothing; only the refusal has a reason.
			if hasWhy := c.code == "" && !c.want.StillThere; (removal.Reason != "") != hasWhy {
				t.Errorf("reason %q", removal.Reason)
			}
			removal.Reason = ""
			if removal != c.want || (failure == nil) != (c.code == "") || (failure != nil && failure.Code != c.code) {
				t.Errorf("got %+v, %v; want %+v, code %q", removal, err, c.want, c.code)
			}
			if want := `{"scimConfigurationId":"` + scimA + `"}`; x.Request != want || x.Status == 0 {
				t.Errorf("exchange: %s, status %d", x.Request, x.Status)
			}
		})
	}
}

func TestConfirmingTheRemovalOfAnSSOConfiguration(t *testing.T) {
	api := newAPI(t, handlers{"GetSSOConfiguration": ok(`{"ssoConfiguration":{"id":"` + ssoA + `"}}`)})
	client := newClient(t, api.URL)
	removal, x, err := client.ConfirmRemoved(context.Background(), ona.GetSSOConfiguration, ssoA)
	if err != nil || !removal.StillThere || x.Records != 1 || x.Request != `{"ssoConfigurationId":"`+ssoA+`"}` {
		t.Errorf("got %+v, %+v, %v", removal, x, err)
	}
	if removal, _, err := client.ConfirmRemoved(context.Background(), ona.GetSSOConfiguration, ""); err == nil ||
		removal.Confirmed {
		t.Errorf("an empty id gives %+v", removal)
	}
}
