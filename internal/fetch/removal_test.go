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
		state  RemovalState
		code   string
	}{
		{"the API does not know it", connect(404, CodeNotFound), Confirmed, ""},
		{"the API has it", ok(there), StillThere, ""},
		{"the token may not look", connect(403, CodePermissionDenied), NotReadable, ""},
		{"the server has no such method", connect(501, CodeUnimplemented), NotReadable, ""},
		{"a 404 of a proxy", respond(404, "404 page not found"), "", CodeNotFound},
		{"a 404 of another meaning", connect(404, CodeUnimplemented), "", CodeUnimplemented},
		{"a 403 of a proxy", respond(403, "<html>"), "", CodePermissionDenied},
		{"an expired token", connect(401, CodeUnauthenticated), "", CodeUnauthenticated},
		{"another configuration", ok(strings.ReplaceAll(there, strings.ToUpper(scimA), scimB)), "", CodeMalformedAnswer},
		{"nothing", ok(`{}`), "", CodeMalformedAnswer},
		{"null", ok(`{"scimConfiguration":null}`), "", CodeMalformedAnswer},
		{"HTML", ok(`<html>`), "", CodeMalformedAnswer},
		{"a configuration without id", ok(`{"scimConfiguration":{}}`), "", CodeMalformedAnswer},
		{"a list", ok(`{"scimConfiguration":[]}`), "", CodeMalformedAnswer},
		{"down", connect(503, CodeUnavailable), "", CodeUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, handlers{"GetSCIMConfiguration": c.answer})
			removal, x, err := newClient(t, api.URL).ConfirmSCIMRemoved(context.Background(), scimA)
			failure, _ := errors.AsType[*Error](err)
			if removal.State != c.state || (failure == nil) != (c.code == "") || (failure != nil && failure.Code != c.code) {
				t.Errorf("got %+v, %v; want state %q, code %q", removal, err, c.state, c.code)
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
	if err != nil || removal.State != StillThere || x.Records != 1 || string(x.Request) != `{"ssoConfigurationId":"`+ssoA+`"}` {
		t.Errorf("got %+v, %+v, %v", removal, x, err)
	}
	if removal, _, err := client.ConfirmSSORemoved(context.Background(), ""); err == nil || removal.State == Confirmed {
		t.Errorf("an empty id gives %+v", removal)
	}
}
