package report

import (
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// jsonException is an exception as the organization's snapshot saw it.
type jsonException struct {
	RuleID         string          `json:"rule_id"`
	SubjectID      string          `json:"subject_id"`
	OrganizationID string          `json:"organization_id"`
	Owner          string          `json:"owner"`
	Reason         string          `json:"reason"`
	Ticket         string          `json:"ticket"`
	Expires        string          `json:"expires"`
	InForce        bool            `json:"in_force"`
	Bearing        finding.Bearing `json:"bearing"`
	Findings       int             `json:"findings"`
}

// jsonAuditLog is how the audit log was read; null where it was not to be read.
type jsonAuditLog struct {
	Since       *time.Time  `json:"since"`
	Until       *time.Time  `json:"until"`
	Pages       int         `json:"pages"`
	Received    int         `json:"received"`
	NotAssessed string      `json:"not_assessed"`
	Lacking     string      `json:"lacking"`
	Entries     []jsonEntry `json:"entries"`
}

type jsonEntry struct {
	ID             string     `json:"id"`
	CreatedAt      *time.Time `json:"created_at"`
	ActorID        string     `json:"actor_id"`
	ActorPrincipal string     `json:"actor_principal"`
	SubjectID      string     `json:"subject_id"`
	SubjectType    string     `json:"subject_type"`
	Action         string     `json:"action"`
}

func exceptionJSON(a *snapshot.Acceptance) jsonException {
	return jsonException{
		a.RuleID, a.SubjectID, a.OrganizationID, a.Owner, a.Reason, a.Ticket, a.Expires.Format(time.DateOnly), a.InForce, a.Bearing, a.Findings,
	}
}

func auditLogJSON(l *snapshot.AuditLog) *jsonAuditLog {
	if l == nil {
		return nil
	}
	return &jsonAuditLog{known(l.Since), known(l.Until), l.Pages, l.Received, l.NotAssessed, l.Lacking, each(l.Entries, entryJSON)}
}

func entryJSON(e *ona.AuditLogEntry) jsonEntry {
	return jsonEntry{e.ID, known(e.CreatedAt), e.ActorID, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Action}
}
