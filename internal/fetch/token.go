package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Token is an Ona access token. However it is printed, logged or encoded, it shows as "[token]"; only string(t) gives the value.
type Token string

const tokenMark = "[token]"

// minRedactable is the length in bytes from which a token's value is looked for in what a server sends. Real tokens are far longer; a
// shorter one would be found in ordinary text.
const minRedactable = 8

// ParseToken reads a token as people paste it: with spaces or line ends around it and perhaps a leading "Bearer ". A token that is empty or
// holds a space, a control character or anything else that cannot stand in a header is refused. The error never shows the value.
func ParseToken(s string) (Token, error) {
	s = strings.TrimSpace(s)
	if scheme, rest, _ := strings.Cut(s, " "); strings.EqualFold(scheme, "bearer") {
		s = strings.TrimSpace(rest)
	}
	if s == "" {
		return "", errors.New("the token is empty")
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return "", fmt.Errorf("the token has a character at byte %d that no token can have: a space, a line end or the like", i+1)
	}
	return Token(s), nil
}

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

// in says whether a server's text repeats the token.
func (t Token) in(text string) bool {
	return len(t) >= minRedactable && strings.Contains(text, string(t))
}

// inBytes is in for an answer's body, which it does not copy.
func (t Token) inBytes(body []byte) bool {
	return len(t) >= minRedactable && bytes.Contains(body, []byte(t))
}

// redact puts "[token]" where a server's text repeats the token.
func (t Token) redact(text string) string {
	if !t.in(text) {
		return text
	}
	return strings.ReplaceAll(text, string(t), tokenMark)
}

// redactError returns err as it is unless its text repeats the token.
func (t Token) redactError(err error) error {
	if text := err.Error(); t.in(text) {
		return errors.New(t.redact(text))
	}
	return err
}
