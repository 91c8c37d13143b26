package finding_test

import (
	"fmt"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

const day = 24 * time.Hour

var takenAt = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// after is an instant counted from the snapshot; a negative length is before it.
func after(d time.Duration) time.Time { return takenAt.Add(d) }

// inOrder is an organization in which nothing is wrong: one SCIM configuration, scim-1, linked to
// sso-1.
func inOrder() finding.Input {
	in := finding.Input{
		TakenAt: takenAt,
		Inventory: ona.Inventory{
			Organization: ona.Organization{ID: "org-1", Name: "Acme"},
			SCIM:         []ona.SCIMConfiguration{scim("scim-1", "Okta", "sso-1")},
			SSO:          []ona.SSOConfiguration{sso("sso-1", "Okta sign-in")},
			Policies:     &ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true},
		},
		Baseline: &finding.Baseline{OrganizationID: "org-1", BaseURL: "https://ona.test/api",
			Principal: "PRINCIPAL_USER u-1"},
		Leavers:          &finding.Leavers{},
		AuditLog:         quietLog(),
		ServerClockKnown: true,
		BaseURL:          "https://ona.test/api",
		Principal:        "PRINCIPAL_USER u-1",
		ScheduleKnown:    true,
		Approved:         &finding.Approved{},
	}
	seenSince(&in, "scim-1", rotated(after(-100*day)))
	return in
}

// quietLog is an audit log without entries since the baseline.
func quietLog() *finding.AuditLog {
	return &finding.AuditLog{
		Compared: map[diff.SubjectType]time.Time{diff.SCIMConfiguration: after(-day), diff.SSOConfiguration: after(-day),
			diff.Organization: after(-day)},
		AuditLog: ona.AuditLog{Until: takenAt},
	}
}

// entry is one about a SCIM configuration.
func entry(at time.Time, id, action string) ona.AuditLogEntry {
	return ona.AuditLogEntry{
		ID: "entry-" + action, ActorID: "u-7", ActorPrincipal: "PRINCIPAL_USER", SubjectID: id,
		SubjectType: ona.ResourceTypeSCIMConfiguration,
		Action:      action, CreatedAt: at,
	}
}

// entryOf is one about another type of subject.
func entryOf(kind string, at time.Time, id, action string) ona.AuditLogEntry {
	e := entry(at, id, action)
	e.SubjectType = kind
	return e
}

// scim is a configuration in order, except that no snapshot before this one shows its token.
func scim(id, name, link string) ona.SCIMConfiguration {
	return ona.SCIMConfiguration{
		ID: id, OrganizationID: "org-1", Name: name, Enabled: true, SSOConfigurationID: link,
		CreatedAt: after(-160 * day), UpdatedAt: after(-100 * day), TokenExpiresAt: after(200 * day),
		AllowUnverifiedEmailAccountLinking: new(false),
	}
}

func sso(id, name string) ona.SSOConfiguration {
	return ona.SSOConfiguration{
		ID: id, OrganizationID: "org-1", DisplayName: name, ProviderType: ona.ProviderTypeCustom, State: ona.SSOStateActive,
	}
}

// seenSince lets snapshots show the token of a SCIM configuration since a time; the first that does
// is otherwise this one.
func seenSince(in *finding.Input, id string, since finding.ExpirySince) {
	others := in.ExpirySince
	in.ExpirySince = func(c *ona.SCIMConfiguration) finding.ExpirySince {
		switch {
		case c.ID == id:
			return since
		case others == nil:
			return finding.ExpirySince{At: takenAt}
		}
		return others(c)
	}
}

func addSCIM(in *finding.Input, c ona.SCIMConfiguration) {
	in.Inventory.SCIM = append(in.Inventory.SCIM, c)
}

func addSSO(in *finding.Input, c ona.SSOConfiguration) {
	in.Inventory.SSO = append(in.Inventory.SSO, c)
}

func change(kind diff.Kind, field, before, after string) diff.Change {
	return diff.Change{
		Kind: kind, SubjectType: diff.SCIMConfiguration, SubjectID: "scim-1", SubjectName: "Okta",
		Field: field, Before: before, After: after,
	}
}

// ofRule is the findings of one rule, in the order in which they came.
func ofRule(findings []finding.Finding, id string) []finding.Finding {
	var found []finding.Finding
	for _, f := range findings {
		if f.RuleID == id {
			found = append(found, f)
		}
	}
	return found
}

// short is what most tests compare: status, severity of a failure, subject.
func short(f finding.Finding) string {
	if f.Status != finding.Fail {
		return fmt.Sprintf("%s %s", f.Status, f.SubjectID)
	}
	return fmt.Sprintf("%s %s %s", f.Status, f.Severity, f.SubjectID)
}
