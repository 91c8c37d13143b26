package fetch

import (
	"errors"
	"fmt"
	"strings"
)

// Token is an Ona access token. Printed, logged or encoded in any way it shows as "[token]"; only
// string(t) returns the value.
type Token string

// ParseToken reads a token as people paste it: with spaces or line ends around it and perhaps a
// leading "Bearer ". It refuses a token that is empty or holds a character that cannot stand in a
// header. The error never shows the value.
func ParseToken(s string) (Token, error) {
	s = strings.TrimSpace(s)
	if scheme, rest, _ := strings.Cut(s, " "); strings.EqualFold(scheme, "bearer") {
		s = strings.TrimSpace(rest)
	}
	if s == "" {
		return "", errors.New("the token is empty")
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return "", fmt.Errorf(
			"the token has a character at byte %d that no token can have: a space, a line end or the like", i+1)
	}
	return Token(s), nil
}
