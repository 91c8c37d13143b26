package ona_test

import (
	"strings"
	"testing"

	"scim-auditor/internal/ona"
)

func TestAnAnswerKeepsTheDomainOfAnAddressOnly(t *testing.T) {
	r := ona.NewRedaction([]byte("salt"))
	ada := r.Email("ada@acme.example")
	for body, want := range map[string]string{
		`{"name":"Okta of Ada@ACME.example."}`:                   `{"name":"Okta of ` + ada + `."}`,
		`{"a":"ada\u0040acme.example","b":1}`:                    `{"a":"` + ada + `","b":1}`,
		`{"a":"x\nada@acme.example\"\u003c"}`:                    `{"a":"x\n` + ada + `\"<"}`,
		`{"url":"https://x.example/?to=ada%40acme.example&n=1"}`: `{"url":"https://x.example/?to=` + ada + `&n=1"}`,
		`{"ada@acme.example":["\u0061da@acme.example"]}`:         `{"` + ada + `":["` + ada + `"]}`,
		`{"claims":"claims.email.endsWith('@acme.example')"}`:    `{"claims":"claims.email.endsWith('@acme.example')"}`,
		`{"nextToken": "ada@acme.example"}`:                      `{"nextToken": "ada@acme.example"}`,
		`<p>ada@acme.example</p>`:                                `<p>` + ada + `</p>`,
		"{\"a\":\"\xff ada@acme.example\"}":                      "{\"a\":\"\xff " + ada + "\"}",
	} {
		if got := string(r.Answer([]byte(body))); got != want {
			t.Errorf("%s becomes\n%s, want\n%s", body, got, want)
		}
		var none *ona.Redaction
		if got := string(none.Answer([]byte(body))); got != body {
			t.Errorf("without redaction %s becomes %s", body, got)
		}
	}
}

func TestAnAddressAndItsHashAreTheSameWithoutAddresses(t *testing.T) {
	r := ona.NewRedaction([]byte("salt"))
	of := func(address string) ona.Inventory {
		return ona.Inventory{
			SCIM: []ona.SCIMConfiguration{{Name: "Okta of " + address, Unknown: ona.Unknown{"contact": []byte(`"` + address + `"`)}}},
			SSO:  []ona.SSOConfiguration{{Claims: map[string]string{"owner": address}, EmailDomains: []string{"acme.example"}}},
		}.WithoutAddresses()
	}
	plain, hashed := of("Ada@Acme.example"), of(r.Email("Ada@Acme.example"))
	if plain.SCIM[0].Canonical() != hashed.SCIM[0].Canonical() || plain.SSO[0].Canonical() != hashed.SSO[0].Canonical() {
		t.Errorf("%s and %s", plain.SCIM[0].Canonical(), hashed.SCIM[0].Canonical())
	}
	if text := plain.SCIM[0].Canonical() + plain.SSO[0].Canonical(); strings.Contains(text, "Ada") {
		t.Error(text)
	}
}
