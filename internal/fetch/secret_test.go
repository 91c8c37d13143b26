package fetch

import (
	"encoding/base64"
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"
)

// encodings are ways in which a server or a proxy may repeat a secret.
var encodings = map[string]func(string) string{
	"plain":             func(s string) string { return s },
	"JSON escape":       func(s string) string { return strings.ReplaceAll(s, "-", `\u002d`) },
	"JSON escapes":      func(s string) string { return `\u0076` + s[1:] },
	"JSON in JSON":      func(s string) string { return strings.ReplaceAll(s, "-", `\\u002D`) },
	"JavaScript escape": func(s string) string { return strings.ReplaceAll(s, "-", `\x2d`) },
	"percent":           func(s string) string { return strings.ReplaceAll(s, "-", "%2D") },
	"percent in JSON":   func(s string) string { return strings.ReplaceAll(s, "-", `\u00252d`) },
	"HTML":              func(s string) string { return strings.ReplaceAll(s, "-", "&#45;") },
	"HTML in HTML":      func(s string) string { return strings.ReplaceAll(s, "-", "&amp;#x2d;") },
	"base64":            func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 of a header": func(s string) string {
		return base64.URLEncoding.EncodeToString([]byte("Authorization: Bearer " + s + "\r\n"))
	},
	"base64 of a detail": func(s string) string {
		return base64.RawStdEncoding.EncodeToString([]byte("\x0a\x21" + s +
			"!"))
	},
	"base64 in JSON": func(s string) string {
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte("x"+s)), "v", `\u0076`)
	},
}

// TestNoEncodingOfTheTokenIsKept lets a server repeat the token in a row's name, id, key and
// unknown field, and in an error: it is in no error, no log and no evidence.
func TestNoEncodingOfTheTokenIsKept(t *testing.T) {
	for name, encode := range encodings {
		token := encode(string(testToken))
		for place, body := range map[string]string{
			"name":          `{"scimConfigurations":[{"id":"` + scimA + `","name":"of ` + token + `."}]}`,
			"id":            `{"scimConfigurations":[{"id":"` + token + `"}]}`,
			"unknown field": `{"scimConfigurations":[{"id":"` + scimA + `","x":{"y":["` + token + `"]}}]}`,
			"unknown key":   `{"scimConfigurations":[{"id":"` + scimA + `","` + token + `":1}]}`,
			"page token":    `{"scimConfigurations":[],"pagination":{"nextToken":"` + token + `"}}`,
			"beside":        `{"scimConfigurations":[],"` + token + `":true}`,
			"broken JSON":   `{"scimConfigurations":[{"id":"` + token + `"`,
			"no JSON":       `<html>` + token + `</html>`,
		} {
			client := newClient(t, newAPI(t, handlers{list: ok(body)}).URL)
			got, err := client.Collect(t.Context())
			failure, _ := errors.AsType[*Error](err)
			if failure == nil || failure.Code != CodeMalformedAnswer ||
				!strings.Contains(err.Error(), "page 1: the answer repeats the token, so it was not kept") {
				t.Errorf("%s as %s: %v, want a refusal", place, name, err)
			}
			expectSecret(t, place+" as "+name, testToken, got, err, client)
		}
		for place, body := range map[string]string{
			"message": `{"code":"permission_denied","message":"who is ` + token + `?"}`,
			"detail": `{"code":"permission_denied","message":"no","details":[{"type":"gitpod.v1.ActionableErrorDetails",` +
				`"value":"` + token + `","debug":{"userMessage":"use ` + token + `","errorCode":"` + token + `"}}]}`,
			"HTML": `<html>Authorization: Bearer ` + token + `</html>`,
		} {
			client := newClient(t, newAPI(t, handlers{list: respond(403, body)}).URL)
			got, err := client.Collect(t.Context())
			if failure, _ := errors.AsType[*Error](err); failure == nil || failure.Status != 403 {
				t.Errorf("%s as %s: %v, want the 403", place, name, err)
			}
			expectSecret(t, place+" as "+name, testToken, got, err, client)
		}
	}
}

// expectSecret looks for a secret in everything that leaves the package, whichever way it is
// encoded.
func expectSecret(t *testing.T, place string, secret Token, got *Collection, err error, client testClient) {
	t.Helper()
	shown := err.Error() + client.log.String()
	for _, x := range got.Exchanges {
		shown += string(x.Body) + x.Request
	}
	for name, encode := range encodings {
		encoded := strings.TrimRight(encode(string(secret)), "=")
		if strings.Contains(shown, encoded) || strings.Contains(html.UnescapeString(shown), string(secret)) {
			t.Errorf("%s: the secret is shown as %s:\n%s", place, name, shown)
		}
	}
}

func TestTextLikeATokenIsKept(t *testing.T) {
	for _, name := range []string{`v1.secret\u002dvalue`, "v1.secret-value-of-another-token", "%2D&#45;"} {
		if got := collect(t, newAPI(t, handlers{list: row(`"name":"` + name + `"`)})); len(got.Inventory.SCIM) != 1 {
			t.Errorf("%s: %+v", name, got.Inventory.SCIM)
		}
	}
}

func TestThePasswordOfAProxyIsASecret(t *testing.T) {
	proxy, err := url.Parse("http://admin:hunter22@proxy.example:3128")
	if err != nil {
		t.Fatal(err)
	}
	s := newSecrets(testToken, proxy)
	header := "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("admin:hunter22"))
	for text, want := range map[string]string{
		header:          "[text that repeats the proxy's user and password]",
		"hunter22":      "[proxy password]",
		`hunter\u00322`: "[text that repeats the proxy's password]",
		"admin":         "admin",
	} {
		if got := s.redact(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if short := newSecrets("", &url.URL{User: url.UserPassword("", "ab")}); short.find("a dab of paint") != "" {
		t.Error("a password of two letters hides ordinary text")
	}
}

func TestAProxyIsRefusedWithoutItsPassword(t *testing.T) {
	for _, value := range []string{
		"http://admin:Sup3r/Secret@proxy:3128", "admin:Sup3r/Secret@proxy:3128", "http://admin:123/Secret@proxy",
		"http://admin:1?Secret@proxy",
		"http://admin:Secret%zz@proxy",
	} {
		if err := CheckProxy(value); err == nil || strings.Contains(err.Error(), "Secret") ||
			strings.Contains(err.Error(), "Sup3r") {
			t.Errorf("%s: %v", value, err)
		}
	}
	for _, value := range []string{"http://proxy:3128", "proxy.example:3128", "socks5://admin:Sup3r%2FSecret@proxy"} {
		if err := CheckProxy(value); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
}
