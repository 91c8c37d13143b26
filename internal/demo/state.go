package demo

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Row is a JSON object as the API writes it: it omits a field with its default, and an instant is
// RFC 3339 text. A test can set the exact bytes of a value with json.RawMessage.
type Row = map[string]any

// State is what the API knows about one organization at one time. Create it with NewState.
type State struct {
	// Name is the label of the organization, ID its id, Token the one that reads it.
	Name, ID, Token string
	// Identity is the response of GetAuthenticatedIdentity.
	Identity Row
	// Organization and Policies are the objects in the responses of GetOrganization and
	// GetOrganizationPolicies.
	Organization, Policies Row
	// SCIM and SSO are the configurations in the order in which they are listed.
	SCIM, SSO []Row
	// Domains are the domain verifications, Members the members, Tokens the personal access tokens
	// of all users.
	Domains, Members, Tokens []Row
	// AuditLog is the audit log, newest entry first.
	AuditLog []Row
	// Faults are the methods that answer with an error.
	Faults map[string]Fault
	// Beside has members that stand beside the rows in the answers of a method.
	Beside map[string]Row
	// Cut is after how many rows the listing of a method ends without a word.
	Cut map[string]int
	// Before, unless nil, is called before the server looks at the state for request n to a method,
	// counted from 1 in each night, and may change the state. It must replace rows instead of
	// editing them. No two calls happen at the same time.
	Before func(method string, n int)

	// removed holds the configurations that the story removed and may restore.
	removed []Row
}

// NewState returns an organization without configurations. Its id and token are computed from its
// name.
func NewState(name string) *State {
	id := ID(name)
	return &State{
		Name:  name,
		ID:    id,
		Token: "demo-token-" + name,
		Identity: Row{
			"subject":        Row{"id": ID(name, "service-account", "auditor"), "principal": "PRINCIPAL_SERVICE_ACCOUNT"},
			"organizationId": id,
		},
		Organization: Row{
			"id":        id,
			"name":      name,
			"createdAt": "2025-02-03T10:00:00Z",
			"updatedAt": "2026-06-01T08:15:00Z",
			"tier":      "ORGANIZATION_TIER_ENTERPRISE",
		},
		Policies: Row{},
		Faults:   map[string]Fault{},
		Beside:   map[string]Row{},
		Cut:      map[string]int{},
	}
}

// ID computes an id from a name, such as ID("acme", "scim", "okta-production"): a UUID of version 8
// (RFC 9562) from the SHA-256 of the parts.
func ID(parts ...string) string {
	b := sha256.Sum256([]byte(strings.Join(parts, "/")))
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// clone copies a state including its rows, but not the values in a row: the story only replaces
// them.
func (s *State) clone() *State {
	c := *s
	c.Identity = maps.Clone(s.Identity)
	c.Organization = maps.Clone(s.Organization)
	c.Policies = maps.Clone(s.Policies)
	c.SCIM = cloneRows(s.SCIM)
	c.SSO = cloneRows(s.SSO)
	c.Domains, c.Members, c.Tokens = cloneRows(s.Domains), cloneRows(s.Members), cloneRows(s.Tokens)
	c.AuditLog = cloneRows(s.AuditLog)
	c.Faults = maps.Clone(s.Faults)
	c.removed = cloneRows(s.removed)
	return &c
}

func cloneRows(rows []Row) []Row {
	c := slices.Clone(rows)
	for i, row := range c {
		c[i] = maps.Clone(row)
	}
	return c
}

func indexOf(rows []Row, id string) int {
	return slices.IndexFunc(rows, func(row Row) bool { return idOf(row) == id })
}

// idOf returns the id of a row; that of a member is the one of its user.
func idOf(row Row) any {
	if id, ok := row["id"]; ok {
		return id
	}
	return row["userId"]
}
