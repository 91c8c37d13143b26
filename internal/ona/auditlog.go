package ona

import (
	"encoding/json"
	"time"
)

// The subject types of audit-log entries that concern what is audited.
const (
	ResourceTypeSCIMConfiguration  = "RESOURCE_TYPE_SCIM_CONFIGURATION"
	ResourceTypeSSOConfiguration   = "RESOURCE_TYPE_SSO_CONFIG"
	ResourceTypeOrganizationPolicy = "RESOURCE_TYPE_ORGANIZATION_POLICY"
)

// AuditLogEntry is one line of an organization's audit log (EventService/ListAuditLogs).
type AuditLogEntry struct {
	ID string
	// ActorID is who acted, ActorPrincipal the actor's kind, such as PRINCIPAL_USER; both may be empty.
	ActorID, ActorPrincipal string
	// SubjectID is what was acted on, SubjectType its kind, such as ResourceTypeSCIMConfiguration.
	SubjectID, SubjectType string
	// Action is free text: it is quoted and never parsed.
	Action    string
	CreatedAt time.Time
	// Unknown holds the fields that this version does not know, by the API's name, each value as canonical JSON (RFC 8785 order).
	Unknown map[string]json.RawMessage
	// Raw is the object as received.
	Raw json.RawMessage
}

// Canonical is the entry as canonical JSON, see SCIMConfiguration.Canonical.
func (e AuditLogEntry) Canonical() string {
	o := newObject(e.Unknown)
	o.text("id", e.ID)
	o.text("actorId", e.ActorID)
	o.text("actorPrincipal", e.ActorPrincipal)
	o.text("subjectId", e.SubjectID)
	o.text("subjectType", e.SubjectType)
	o.text("action", e.Action)
	o.instant("createdAt", e.CreatedAt)
	return o.String()
}
