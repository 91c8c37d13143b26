package snapshot

import (
	"context"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

// The parts of an organization that a snapshot reads.
const (
	PartSCIM     = "SCIM"
	PartSSO      = "SSO"
	PartPolicies = "policies"
	PartDomains  = "domains"
	PartMembers  = "members"
	PartTokens   = "member tokens"
	PartAuditLog = "audit log"
)

// Compared is a part whose changes are reported, and that a snapshot may not be able to read. The
// next one that can is compared with the last one that could.
type Compared struct{ Part, Noun string }

// ComparedParts are the parts that are compared. Members are not among them: whether they are
// compared also depends on the settings of both snapshots, see MembersBaseline.
var ComparedParts = []Compared{{PartSSO, "SSO configurations"}, {PartPolicies, "organization policies"}}

// PartOf returns the part of which a change is.
func PartOf(c *diff.Change) string {
	switch {
	case c.SubjectType == diff.SSOConfiguration:
		return PartSSO
	case c.SubjectType == diff.Member:
		return PartMembers
	case c.Kind == diff.RestrictionSet || c.Kind == diff.RestrictionLifted:
		return PartPolicies
	}
	return PartSCIM
}

// NotAssessed returns why one of the parts of a complete snapshot could not be read; empty if it
// could, or if the settings did not ask for it.
func NotAssessed(parts []finding.Part, name string) string {
	for _, p := range parts {
		if p.Name == name {
			return p.NotAssessed
		}
	}
	return ""
}

// partRead has the condition on the view snapshots that a complete snapshot read a part.
var partRead = map[string]string{
	PartSCIM:     "true",
	PartSSO:      "sso_not_assessed IS NULL",
	PartPolicies: "policies_not_assessed IS NULL",
	PartDomains:  "domains_not_assessed IS NULL",
	PartMembers:  "members_setting <> 'off' AND members_not_assessed IS NULL",
	PartTokens:   "members_setting <> 'off' AND member_tokens_not_assessed IS NULL",
	PartAuditLog: "baseline_id IS NOT NULL AND audit_log_not_assessed IS NULL",
}

// Parts returns every part of an organization that the settings ask for, SCIM first, and why a
// complete snapshot could not read it. LastRead is not set.
func (h *Snapshot) Parts() []finding.Part {
	parts := []finding.Part{
		{Name: PartSCIM},
		{Name: PartSSO, NotAssessed: h.SSONotAssessed},
		{Name: PartPolicies, NotAssessed: h.PoliciesNotAssessed},
		{Name: PartDomains, NotAssessed: h.DomainsNotAssessed},
	}
	if h.MembersSetting == MembersOn || h.MembersSetting == MembersRedacted {
		parts = append(parts, finding.Part{Name: PartMembers, NotAssessed: h.MembersNotAssessed},
			finding.Part{Name: PartTokens, NotAssessed: h.MemberTokensNotAssessed})
	}
	return append(parts, finding.Part{
		Name: PartAuditLog, NotAssessed: h.AuditLogNotAssessed, Lacking: h.AuditLogLacking, NotDue: h.BaselineID == 0,
	})
}

// Parts returns the parts of a snapshot with LastRead. The snapshot need not be stored yet.
func (s *Store) Parts(ctx context.Context, h Snapshot) ([]finding.Part, error) {
	parts := h.Parts()
	for i := range parts {
		if parts[i].NotAssessed == "" && h.Outcome != Failed {
			continue
		}
		last, _, err := lastComplete(ctx, s.db, h.OrganizationID, h.ID, "AND "+partRead[parts[i].Name])
		if err != nil {
			return nil, err
		}
		parts[i].LastRead = last.TakenAt
	}
	return parts, nil
}

// LastRead returns the newest complete snapshot of the organization, with an id up to upTo, that
// could read a part. It may be pruned.
func (s *Store) LastRead(
	ctx context.Context, organizationID, part string, upTo int64,
) (h Snapshot, found bool, err error) {
	return lastComplete(ctx, s.db, organizationID, upTo+1, "AND "+partRead[part])
}
