package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Token is an Ona access token. Printing, logging or encoding it shows "[token]"; only string(t)
// returns the value.
type Token string

// ParseToken reads a token as people paste it: with spaces or line ends around it and perhaps a
// leading "Bearer ". It refuses an empty token, one in quotes, and one with a character that a
// header must not contain. The error never shows the value.
func ParseToken(s string) (Token, error) {
	s = strings.TrimSpace(s)
	if scheme, rest, _ := strings.Cut(s, " "); strings.EqualFold(scheme, "bearer") {
		s = strings.TrimSpace(rest)
	}
	if s == "" {
		return "", errors.New("the token is empty")
	}
	if strings.ContainsRune("\"'`", rune(s[0])) {
		return "", errors.New("the token is in quotes, which an env-file keeps; remove them")
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return "", fmt.Errorf(
			"the token has a character at byte %d that no token can have: a space, a line end or the like", i+1)
	}
	return Token(s), nil
}

const tokenMark = "[token]"

// minRedactable is the shortest token, in bytes, that is looked for in a server's text. Real tokens
// are far longer; a shorter one could occur in ordinary text.
const minRedactable = 8

// String hides the value.
func (Token) String() string { return tokenMark }

// GoString hides the value.
func (Token) GoString() string { return tokenMark }

// Format hides the value under every verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(tokenMark)) }

// MarshalText hides the value in JSON, YAML and the like.
func (Token) MarshalText() ([]byte, error) { return []byte(tokenMark), nil }

// LogValue hides the value in logs.
func (Token) LogValue() slog.Value { return slog.StringValue(tokenMark) }

// inBytes reports whether a response body contains the token.
func (t Token) inBytes(body []byte) bool {
	return len(t) >= minRedactable && bytes.Contains(body, []byte(t))
}

// redact replaces the token in a server's text with "[token]".
func (t Token) redact(text string) string {
	if len(t) < minRedactable {
		return text
	}
	return strings.ReplaceAll(text, string(t), tokenMark)
}

// redactError returns err unchanged unless its text contains the token.
func (t Token) redactError(err error) error {
	text := err.Error()
	if redacted := t.redact(text); redacted != text {
		return errors.New(redacted)
	}
	return err
}
