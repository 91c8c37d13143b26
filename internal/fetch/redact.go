package fetch

import (
	"encoding/base64"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minRedactable is the shortest secret, in bytes, that is looked for in a server's text. Real
// tokens are far longer; a shorter one could occur in ordinary text.
const minRedactable = 8

// maxEscapes is how many times a text is unescaped in the search for a secret: JSON within JSON
// within HTML needs three.
const maxEscapes = 4

// secrets are what a server's text must not show: the token, and what the proxy of the environment
// gets with each request.
type secrets struct {
	all []secret
	// addresses is set if no e-mail address may be shown either.
	addresses bool
}

// address finds what may be an e-mail address in a text.
var address = regexp.MustCompile(`[^\s"'<>()\[\]{},;:=|\\/]+@[^\s"'<>()\[\]{},;:=|\\/]+`)

const addressMark = "[address]"

type secret struct {
	name, mark string
	// forms are the secret itself, then its base64 in any surrounding text.
	forms []string
}

// newSecrets returns the secrets of a client. proxy is nil if there is no proxy.
func newSecrets(token Token, proxy *url.URL) *secrets {
	s := &secrets{}
	s.add("the token", tokenMark, string(token))
	if proxy != nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		s.add("the proxy's user and password", "[proxy password]", proxy.User.Username()+":"+password)
		s.add("the proxy's password", "[proxy password]", password)
	}
	return s
}

func (s *secrets) add(name, mark, value string) {
	if len(value) < minRedactable {
		return
	}
	forms := []string{value}
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			// The characters that also depend on the bytes around the value are left out.
			text := alphabet.EncodeToString([]byte(strings.Repeat("x", before) + value))
			forms = append(forms, text[(before*8+5)/6:(before+len(value))*8/6])
		}
	}
	slices.Sort(forms[1:])
	s.all = append(s.all, secret{name, mark, slices.Compact(forms)})
}

// find returns the name of a secret that the text contains, as it is or escaped for JSON, HTML or a
// URL; empty if there is none.
func (s *secrets) find(text string) string {
	for range maxEscapes {
		for _, secret := range s.all {
			for _, form := range secret.forms {
				if strings.Contains(text, form) {
					return secret.name
				}
			}
		}
		unescaped := unescape(text)
		if unescaped == text {
			break
		}
		text = unescaped
	}
	return ""
}

// redact replaces each secret in a server's text with its mark, and the whole text if a secret is
// escaped or in base64.
func (s *secrets) redact(text string) string {
	for _, secret := range s.all {
		text = strings.ReplaceAll(text, secret.forms[0], secret.mark)
	}
	if name := s.find(text); name != "" {
		return "[text that repeats " + name + "]"
	}
	if s.addresses {
		return address.ReplaceAllLiteralString(text, addressMark)
	}
	return text
}

// redactError returns err unchanged unless its text contains a secret.
func (s *secrets) redactError(err error) error {
	text := err.Error()
	if redacted := s.redact(text); redacted != text {
		return errors.New(redacted)
	}
	return err
}

// unescape decodes the escapes of a text once.
func unescape(text string) string {
	var b strings.Builder
	for at := strings.IndexAny(text, `\%`); at >= 0; at = strings.IndexAny(text, `\%`) {
		char, length := escapedChar(text[at:])
		b.WriteString(text[:at])
		b.WriteByte(char)
		text = text[at+length:]
	}
	b.WriteString(text)
	return html.UnescapeString(b.String())
}

// escapedChar returns the character that a text begins with, and its length in the text. It decodes
// an ASCII character as JSON, JavaScript and URLs escape it; a secret has no others.
func escapedChar(text string) (char byte, length int) {
	for _, prefix := range []string{"%", `\x`, `\u00`} {
		if digits := strings.TrimPrefix(text, prefix); len(digits) < len(text) && len(digits) >= 2 {
			if code, err := strconv.ParseUint(digits[:2], 16, 7); err == nil {
				return byte(code), len(prefix) + 2
			}
		}
	}
	if len(text) > 1 && text[0] == '\\' && strings.IndexByte(`"'/\`, text[1]) >= 0 {
		return text[1], 2
	}
	return text[0], 1
}

// environmentProxy returns the proxy that NewTransport uses for a base URL; nil if there is none.
// The errors of net/http show the proxy's password, this one does not.
func environmentProxy(base *url.URL) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base})
	if err != nil || proxy != nil && CheckProxy(proxy.String()) != nil {
		return nil, &Error{Code: CodeConnection, Err: errors.New(
			"the proxy in the environment is not a URL such as http://proxy.example:3128")}
	}
	return proxy, nil
}
