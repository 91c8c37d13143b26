package fetch

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

const listTokens = "ListPersonalAccessTokens"

// pat is a token of a user that ends so many days after testNow; 0 days is a token without an end.
func pat(id, user string, days int) string {
	end := ""
	if days != 0 {
		end = fmt.Sprintf(`,"expiresAt":%q`, testNow.AddDate(0, 0, days).Format(time.RFC3339))
	}
	return fmt.Sprintf(`{"id":%q,"userId":%q,"creator":{"id":"x"},"lastUsed":"2026-11-22T02:00:00Z"%s}`, id, user, end)
}

func tokenPage(next string, tokens ...string) http.HandlerFunc {
	return ok(fmt.Sprintf(`{"personalAccessTokens":[%s],"pagination":{"nextToken":%q}}`, strings.Join(tokens, ","), next))
}

func TestTheEndOfTheOwnTokenIsReadWhereItCanBe(t *testing.T) {
	in := func(days int) time.Time { return testNow.AddDate(0, 0, days) }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    ona.OwnToken
	}{
		"one": {tokenPage("", pat("a", "user-1", 30)), ona.OwnToken{Ends: in(30), Tokens: 1}},
		"one has ended": {tokenPage("", pat("a", "user-1", 30), pat("b", "user-1", -1)),
			ona.OwnToken{Ends: in(30), Tokens: 1}},
		"another user's": {tokenPage("", pat("a", "user-1", 30), pat("b", "user-2", 3)),
			ona.OwnToken{Ends: in(30), Tokens: 1}},
		"twice": {tokenPage("", pat("a", "user-1", 30), pat("a", "user-1", 30)),
			ona.OwnToken{Ends: in(30), Tokens: 1}},
		"several": {inOrder(tokenPage("2", pat("a", "user-1", 60)), tokenPage("", pat("b", "user-1", 20))),
			ona.OwnToken{Ends: in(20), Tokens: 2}},
		"one has no end": {tokenPage("", pat("a", "user-1", 0), pat("b", "user-1", 20)),
			ona.OwnToken{Ends: in(20), Tokens: 2}},
		"the one has none":  {tokenPage("", pat("a", "user-1", 0)), ona.OwnToken{Tokens: 1}},
		"none":              {ok(`{}`), ona.OwnToken{}},
		"all others' of it": {tokenPage("", pat("a", "user-2", 30)), ona.OwnToken{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{listTokens: c.handler}))
			if d := cmp.Diff(c.want, got.OwnToken); d != "" || len(got.UnknownFields) > 0 {
				t.Errorf("unknown fields %q (-want +got):\n%s", got.UnknownFields, d)
			}
		})
	}
}

func TestTokensThatCannotBeReadDoNotFailTheNight(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"says the server":      connect(403, CodePermissionDenied),
		"unimplemented":        connect(501, CodeUnimplemented),
		"HTTP 404":             respond(404, "no such route"),
		"not a time":           tokenPage("", `{"id":"a","userId":"user-1","expiresAt":"soon"}`),
		"repeats the token":    ok(`{"personalAccessTokens":[{"id":"` + string(testToken) + `"}]}`),
		"repeats that of page": tokenPage("2", pat("a", "user-1", 30)),
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(t, newAPI(t, handlers{listTokens: handler}))
			if !strings.Contains(got.OwnToken.NotAssessed, name) || !got.OwnToken.Ends.IsZero() || len(got.Inventory.SCIM) != 2 {
				t.Errorf("%+v", got.OwnToken)
			}
		})
	}
}

func TestTheTokensOfAServiceAccountAreNotAskedFor(t *testing.T) {
	api := newAPI(t, handlers{"GetAuthenticatedIdentity": ok(strings.Replace(identityBody, "PRINCIPAL_USER",
		"PRINCIPAL_SERVICE_ACCOUNT", 1))})
	if got := collect(t, api); !strings.Contains(got.OwnToken.NotAssessed, "not a user's") ||
		len(api.sent(listTokens)) > 0 {
		t.Errorf("%+v after %d requests", got.OwnToken, len(api.sent(listTokens)))
	}
}

func TestTheEndOfTheRunIsNoUnreadableToken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	api := newAPI(t, handlers{listTokens: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	if _, err := newClient(t, api.URL).Collect(ctx); err == nil {
		t.Error("the run goes on after its end")
	}
}
