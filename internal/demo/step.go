package demo

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"scim-auditor/internal/ona"
)

// step is one change of an event.
type step struct {
	// Do says what happens, see apply and applyToOrganization.
	Do string
	// Kind is "scim", "sso", "domain", "user" (a member) or "token" if the step changes what Key
	// names, or "role" if the audit log alone shows it; empty for other steps.
	Kind string
	configuration
	// Quiet leaves updatedAt as it is.
	Quiet bool
	// Raw has fields whose JSON is sent unchanged.
	Raw map[string]json.RawMessage
	// Log is the action of the audit-log entry, which is HoursLater after the event. If it is
	// empty, there is no entry.
	Log        string
	HoursLater int
	// Method is the method that answers with Fault. In JSON the delay is in nanoseconds.
	Method string
	Fault  Fault
}

// subjectTypes are the audit log's names for the kinds.
var subjectTypes = map[string]string{
	"scim":   ona.ResourceTypeSCIMConfiguration,
	"sso":    ona.ResourceTypeSSOConfiguration,
	"domain": ona.ResourceTypeDomainVerification,
	"user":   ona.ResourceTypeUser,
	"token":  ona.ResourceTypePersonalAccessToken,
	"role":   ona.ResourceTypeRoleAssignment,
}

// apply makes the change at an instant. It panics if the configuration does not exist: a mistake in
// the story.
func (p step) apply(s *State, at time.Time) {
	rows, id := &s.SCIM, ID(s.Name, p.Kind, p.Key)
	switch p.Kind {
	case "":
		p.applyToOrganization(s, at)
		return
	case "sso":
		rows = &s.SSO
	case "domain":
		rows = &s.Domains
	case "user":
		rows = &s.Members
	case "token":
		rows = &s.Tokens
	}
	switch p.Do {
	case "update":
		p.setFields(s, (*rows)[indexOf(*rows, id)], at)
	case "create":
		*rows = append(*rows, p.row(s, p.Kind, at))
	case "remove":
		i := indexOf(*rows, id)
		s.removed = append(s.removed, (*rows)[i])
		*rows = slices.Delete(*rows, i, i+1)
	case "restore": // as it was, under its old id
		*rows = append(*rows, s.removed[indexOf(s.removed, id)])
	case "log": // and nothing else
	default:
		p.unknown()
	}
	if p.Log != "" {
		s.Log(at.Add(time.Duration(p.HoursLater)*time.Hour), subjectTypes[p.Kind], id, p.Log)
	}
}

// setFields changes a configuration. A SCIM configuration's updatedAt moves too, unless the step is
// quiet.
func (p step) setFields(s *State, row Row, at time.Time) {
	if p.Kind == "scim" && !p.Quiet {
		row["updatedAt"] = at.Format(time.RFC3339)
	}
	if p.Link != "" {
		row["ssoConfigurationId"] = ID(s.Name, "sso", p.Link)
	}
	set(row, p.Set)
	for name, value := range p.Raw {
		row[name] = value
	}
}

func (p step) applyToOrganization(s *State, at time.Time) {
	switch p.Do {
	case "update each":
		for _, row := range s.SCIM {
			set(row, p.Set)
		}
	case "update policies":
		set(s.Policies, p.Set)
		s.Log(at, ona.ResourceTypeOrganizationPolicy, s.ID, "updated organization policies")
	case "update organization":
		set(s.Organization, p.Set)
		s.Log(at, ona.ResourceTypeOrganization, s.ID, p.Log)
	case "update identity":
		set(s.Identity, p.Set)
	case "fail":
		s.Faults[p.Method] = p.Fault
	case "recover":
		clear(s.Faults)
	case "respell":
		respell(s)
	default:
		p.unknown()
	}
}

func (p step) unknown() { panic("demo: the story has an unknown step " + strconv.Quote(p.Do)) }

// Log adds an entry at the head of the audit log.
func (s *State) Log(at time.Time, subjectType string, subject any, action string) {
	s.AuditLog = slices.Insert(s.AuditLog, 0, Row{
		"id":             ID(s.Name, "audit", strconv.Itoa(len(s.AuditLog)+1)),
		"actorId":        ID(s.Name, "user", "identity-team"),
		"actorPrincipal": "PRINCIPAL_USER",
		"subjectId":      subject,
		"subjectType":    subjectType,
		"kind":           "AUDIT_LOG_ENTRY_KIND_RESOURCE_CHANGE",
		"action":         action,
		"createdAt":      at.Format(time.RFC3339),
	})
}
