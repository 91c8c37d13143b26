package finding

import (
	"fmt"
	"strings"
)

// The functions that return Rule.pass. Each text begins with how many subjects it is about.

func everySCIM(text string) func(*evaluation) string {
	return func(e *evaluation) string {
		return fmt.Sprintf("SCIM configurations checked: %d. %s", len(e.scim), text)
	}
}

func everyEnabled(text string) func(*evaluation) string {
	return func(e *evaluation) string { return counted("that are enabled", e.enabled, e, text) }
}

func everyDisabled(text string) func(*evaluation) string {
	return func(e *evaluation) string { return counted("that are disabled", len(e.scim)-e.enabled, e, text) }
}

func everyLinked(text string) func(*evaluation) string {
	return func(e *evaluation) string { return counted("with a link", e.linked, e, text) }
}

func everySSO(text string) func(*evaluation) string {
	return func(e *evaluation) string {
		return fmt.Sprintf("SSO configurations checked: %d. %s", len(e.Inventory.SSO), text)
	}
}

// says is for a rule that counts nothing.
func says(text string) func(*evaluation) string {
	return func(*evaluation) string { return text }
}

func counted(which string, n int, e *evaluation, text string) string {
	return strings.TrimSpace(fmt.Sprintf("SCIM configurations %s: %d of %d. %s", which, n, len(e.scim), text))
}
