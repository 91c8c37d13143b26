package ona

import (
	"encoding/json"
	"time"
)

// Subject types of the audit-log entries that concern what is audited.
const (
	ResourceTypeSCIMConfiguration  = "RESOURCE_TYPE_SCIM_CONFIGURATION"
	ResourceTypeSSOConfiguration   = "RESOURCE_TYPE_SSO_CONFIG"
	ResourceTypeOrganizationPolicy = "RESOURCE_TYPE_ORGANIZATION_POLICY"
)

// AuditLogEntry is one line of an organization's audit log (EventService/ListAuditLogs).
type AuditLogEntry struct {
	ID string `api:"id,id"`
	// ActorID is who acted, ActorPrincipal the kind of actor, such as PRINCIPAL_USER; both may be
	// empty.
	ActorID        string `api:"actorId,id"`
	ActorPrincipal string `api:"actorPrincipal"`
	// SubjectID is what was acted on, SubjectType its kind, such as ResourceTypeSCIMConfiguration.
	SubjectID   string `api:"subjectId,id"`
	SubjectType string `api:"subjectType"`
	// Action is free text: quote it, never parse it.
	Action    string    `api:"action"`
	CreatedAt time.Time `api:"createdAt"`
	Unknown   Unknown
	Raw       json.RawMessage
}
