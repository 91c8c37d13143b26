package fetch

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestConfirmingARemoval(t *testing.T) {
	there := `{"scimConfiguration":{"id":"` + strings.ToUpper(scimA) + `","name":"x"}}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   Removal // without its reason
		code   string
	}{
		{"the API does not know it", connect(404, CodeNotFound), Removal{Confirmed: true}, ""},
		{"the API has it", ok(there), Removal{StillThere: true}, ""},
		{"the token may not look", connect(403, CodePermissionDenied), Removal{}, ""},
		{"the server has no such method", connect(501, CodeUnimplemented), Removal{}, ""},
		{"a 404 of a proxy", respond(404, "404 page not found"), Removal{}, CodeNotFound},
		{"a 404 of another meaning", connect(404, CodeUnimplemented), Removal{}, CodeUnimplemented},
		{"a 403 of a proxy", respond(403, "<html>"), Removal{}, CodePermissionDenied},
		{"an expired token", connect(401, CodeUnauthenticated), Removal{}, CodeUnauthenticated},
		{"another configuration", ok(strings.ReplaceAll(there, strings.ToUpper(scimA), scimB)), Removal{}, CodeMalformedAnswer},
		{"nothing", ok(`{}`), Removal{}, CodeMalformedAnswer},
		{"null", ok(`{"scimConfiguration":null}`), Removal{}, CodeMalformedAnswer},
		{"HTML", ok(`<html>`), Removal{}, CodeMalformedAnswer},
		{"a configuration without id", ok(`{"scimConfiguration":{}}`), Removal{}, CodeMalformedAnswer},
		{"a list", ok(`{"scimConfiguration":[]}`), Removal{}, CodeMalformedAnswer},
		{"down", connect(503, CodeUnavailable), Removal{}, CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{"GetSCIMConfiguration": c.answer})
			removal, x, err := newClient(t, api.URL).ConfirmSCIMRemoved(context.Background(), scimA)
			failure, _ := errors.AsType[*Error](err)
			// A refusal and an error confirm nothing; only the refusal has a reason.
			if hasWhy := c.code == "" && !c.want.StillThere; (removal.Why != "") != hasWhy {
				t.Errorf("reason %q", removal.Why)
			}
			removal.Why = ""
			if removal != c.want || (failure == nil) != (c.code == "") || (failure != nil && failure.Code != c.code) {
				t.Errorf("got %+v, %v; want %+v, code %q", removal, err, c.want, c.code)
			}
			if want := `{"scimConfigurationId":"` + scimA + `"}`; string(x.Request) != want || x.Status == 0 {
				t.Errorf("exchange: %s, status %d", x.Request, x.Status)
			}
		})
	}
}

func TestConfirmingTheRemovalOfAnSSOConfiguration(t *testing.T) {
	api := newAPI(t, handlers{"GetSSOConfiguration": ok(`{"ssoConfiguration":{"id":"` + ssoA + `"}}`)})
	client := newClient(t, api.URL)
	removal, x, err := client.ConfirmSSORemoved(context.Background(), ssoA)
	if err != nil || !removal.StillThere || x.Records != 1 || string(x.Request) != `{"ssoConfigurationId":"`+ssoA+`"}` {
		t.Errorf("got %+v, %+v, %v", removal, x, err)
	}
	if removal, _, err := client.ConfirmSSORemoved(context.Background(), ""); err == nil || removal.Confirmed {
		t.Errorf("an empty id gives %+v", removal)
	}
}
