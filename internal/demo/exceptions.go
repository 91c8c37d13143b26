package demo

import "fmt"

// Exceptions is an exceptions file for the story: one exception that expires after night 4, one whose finding is mended on night 6, one for
// a whole organization, and one that holds all the time.
func Exceptions() string {
	return fmt.Sprintf(`# Findings that somebody has accepted for a time.
- rule: SCIM-007
  subject: %s   # acme: OneLogin (until 2025)
  owner: grace@acme.example
  reason: kept until the archive of 2025 is closed
  ticket: SEC-101
  expires: 2026-11-19
- rule: SCIM-009
  subject: %s   # globex: Partners
  owner: hank@globex.example
  reason: the partners' sign-in is being set up
  ticket: IAM-7
  expires: 2026-12-31
- rule: SCIM-025
  organization: %s   # globex
  owner: hank@globex.example
  reason: guests are invited by hand until the end of the year
  expires: 2026-12-31
- rule: SCIM-004
  subject: %s   # globex: Keycloak pilot
  owner: hank@globex.example
  reason: the pilot's token never worked
  ticket: IAM-3
  expires: 2027-06-30
`, ID("acme", "scim", "onelogin"), ID("globex", "scim", "partners"), ID("globex"), ID("globex", "scim", "lab-pilot"))
}
