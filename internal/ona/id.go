package ona

import (
	"fmt"
	"strings"
	"unicode"
)

const maxIDLength = 255 // bytes

// ParseID returns an id as the database holds it: a UUID in lower case, any other id unchanged. It
// refuses an id that a report could not show as it is. An empty id stays empty.
func ParseID(id string) (string, error) {
	switch {
	case isUUID(id):
		return strings.ToLower(id), nil
	case len(id) > maxIDLength:
		return "", fmt.Errorf("an id is longer than %d bytes", maxIDLength)
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fmt.Errorf("id %+q has a character that cannot be printed", id)
	case strings.TrimSpace(id) != id:
		return "", fmt.Errorf("id %q has a space around it", id)
	}
	return id, nil
}

// isUUID recognizes the form of RFC 9562: 8-4-4-4-12 hexadecimal digits.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if b != '-' {
				return false
			}
		case '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F':
		default:
			return false
		}
	}
	return true
}
