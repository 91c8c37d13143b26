package fetch

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Token is an Ona access token. Printing, logging or encoding it shows "[token]"; only string(t)
// returns the value.
type Token string

// ParseToken reads a token as people paste it: with spaces or line ends around it and perhaps a
// leading "Bearer ". It refuses an empty token, one in quotes and one with a character that a
// header must not contain. The error never shows the value.
func ParseToken(s string) (Token, error) {
	s = strings.TrimSpace(s)
	if inQuotes(s) {
		return "", errInQuotes
	}
	if scheme, rest, _ := strings.Cut(s, " "); strings.EqualFold(scheme, "bearer") {
		s = strings.TrimSpace(rest)
	}
	switch {
	case s == "":
		return "", errors.New("the token is empty")
	case inQuotes(s):
		return "", errInQuotes
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return "", fmt.Errorf(
			"the token has a character at byte %d that no token can have: a space, a line end or the like", i+1)
	}
	return Token(s), nil
}

var errInQuotes = errors.New("the token is in quotes, as some readers of env files keep them: remove the quotes")

// inQuotes reports whether a value begins or ends with a quotation mark.
func inQuotes(s string) bool {
	const marks = "\"'`\u201c\u201d\u2018\u2019"
	return strings.Trim(s, marks) != s
}

const tokenMark = "[token]"

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
