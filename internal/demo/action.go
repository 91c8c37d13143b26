package demo

import (
	"slices"
	"strconv"
	"time"
)

// action changes an organization at an instant.
type action func(s *State, at time.Time)

// kind is a kind of configuration that the story changes.
type kind struct {
	key, subjectType, title string
	rows                    func(*State) *[]Row
}

var (
	scimKind = kind{"scim", "RESOURCE_TYPE_SCIM_CONFIGURATION", "SCIM configuration",
		func(s *State) *[]Row { return &s.SCIM }}
	ssoKind = kind{"sso", "RESOURCE_TYPE_SSO_CONFIG", "SSO configuration",
		func(s *State) *[]Row { return &s.SSO }}
)

// find returns the configuration with a key. It panics if there is none: a mistake in the story.
func (k kind) find(s *State, key string) Row {
	rows := *k.rows(s)
	return rows[indexOf(rows, ID(s.Name, k.key, key))]
}

// log puts an entry at the head of the audit log.
func (s *State) log(at time.Time, subjectType string, subject any, action string) {
	s.AuditLog = slices.Insert(s.AuditLog, 0, Row{
		"id":             ID(s.Name, "audit", strconv.Itoa(len(s.AuditLog)+1)),
		"actorId":        ID(s.Name, "user", "identity-team"),
		"actorPrincipal": "PRINCIPAL_USER",
		"subjectId":      subject,
		"subjectType":    subjectType,
		"action":         action,
		"createdAt":      at.Format(time.RFC3339),
	})
}

// update sets fields of a configuration; a nil value removes the field. A SCIM configuration's
// updatedAt moves too. The audit log says verb and kind, such as "disabled SCIM configuration"; an
// empty verb leaves the entry out.
func (k kind) update(key, verb string, fields Row) action {
	return func(s *State, at time.Time) {
		row := k.find(s, key)
		if k.key == scimKind.key {
			row["updatedAt"] = at.Format(time.RFC3339)
		}
		set(row, fields)
		if verb != "" {
			s.log(at, k.subjectType, row["id"], verb+" "+k.title)
		}
	}
}

// rotateToken replaces the token of a SCIM configuration by one that expires at another instant.
func rotateToken(key, expires string) action {
	return func(s *State, at time.Time) {
		scimKind.update(key, "", Row{"tokenExpiresAt": expires})(s, at)
		s.log(at, scimKind.subjectType, ID(s.Name, "scim", key), "regenerated SCIM token")
	}
}

// createSCIM adds a SCIM configuration that is created at the action's instant; see State.scim.
func createSCIM(key, name, sso string, more Row) action {
	return func(s *State, at time.Time) {
		scimKind.add(s, at, s.scim(key, name, sso, at.Format(time.RFC3339), more), "created")
	}
}

// createSSO adds an SSO configuration; see State.sso.
func createSSO(key, name, issuer, domains string) action {
	return func(s *State, at time.Time) { ssoKind.add(s, at, s.sso(key, name, issuer, domains, nil), "created") }
}

// remove takes a configuration out of the listing.
func (k kind) remove(key string) action {
	return func(s *State, at time.Time) {
		row, rows := k.find(s, key), k.rows(s)
		*rows = slices.DeleteFunc(*rows, func(r Row) bool { return r["id"] == row["id"] })
		s.removed = append(s.removed, row)
		s.log(at, k.subjectType, row["id"], "deleted "+k.title)
	}
}

// restore brings a removed configuration back as it was, under its old id.
func (k kind) restore(key string) action {
	return func(s *State, at time.Time) {
		k.add(s, at, s.removed[indexOf(s.removed, ID(s.Name, k.key, key))], "restored")
	}
}

func (k kind) add(s *State, at time.Time, row Row, verb string) {
	rows := k.rows(s)
	*rows = append(*rows, row)
	s.log(at, k.subjectType, row["id"], verb+" "+k.title)
}

// updatePolicies sets policies of the organization; a nil value removes one.
func updatePolicies(fields Row) action {
	return func(s *State, at time.Time) {
		set(s.Policies, fields)
		s.log(at, "RESOURCE_TYPE_ORGANIZATION_POLICY", s.ID, "updated organization policies")
	}
}

// fail makes a method answer with a fault.
func fail(method string, fault Fault) action {
	return func(s *State, _ time.Time) { s.Faults[method] = fault }
}
