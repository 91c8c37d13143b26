package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// AuditLog is what was read from an organization's audit log, and what the entries are compared
// with.
type AuditLog struct {
	ona.AuditLog
	// Compared is, by subject type, when the snapshot was taken that the changes are compared with,
	// on the server's clock. A type without an entry was not compared.
	Compared map[diff.SubjectType]time.Time
	// Seen reports whether the baseline or an older snapshot has a SCIM configuration; nil means
	// that none has.
	Seen func(id string) bool
}

// subjectTypes maps the audit log's subject types to those of changes.
var subjectTypes = map[string]diff.SubjectType{
	ona.ResourceTypeSCIMConfiguration:  diff.SCIMConfiguration,
	ona.ResourceTypeSSOConfiguration:   diff.SSOConfiguration,
	ona.ResourceTypeOrganizationPolicy: diff.Organization,
	ona.ResourceTypeUser:               diff.Member,
	ona.ResourceTypeRoleAssignment:     diff.Member,
}

// entrySubject returns the subject of an entry; its type is empty if changes have no such type. The
// subject of a policy entry is the organization, without an id. Only some entries about a user or a
// role have the id of a member.
func entrySubject(entry ona.AuditLogEntry) diff.Subject {
	kind := subjectTypes[entry.SubjectType]
	if kind == diff.Organization {
		return diff.Subject{Type: kind}
	}
	return diff.Subject{Type: kind, ID: entry.SubjectID}
}

// isComplete reports whether no entry since an instant is missing.
func (l *AuditLog) isComplete(since time.Time) bool {
	return l.Lacking == "" || !l.CompleteFrom.IsZero() && !l.CompleteFrom.After(since)
}

// between reports whether an entry was created between the two snapshots in which its subject was
// compared, within the tolerance. For an unknown subject type it uses those of SCIM configurations.
func (l *AuditLog) between(kind diff.SubjectType, at time.Time, tolerance time.Duration) bool {
	since, compared := l.Compared[cmp.Or(kind, diff.SCIMConfiguration)]
	return compared && at.After(since.Add(-tolerance)) && !at.After(l.Until.Add(tolerance))
}

// sinceBaseline counts the entries between the two snapshots whose subject type changes can have.
func (l *AuditLog) sinceBaseline() int {
	n := 0
	if l != nil {
		for _, entry := range l.Entries {
			if s := entrySubject(entry); s.Type != "" && s.Type != diff.Member && l.between(s.Type, entry.CreatedAt, 0) {
				n++
			}
		}
	}
	return n
}

// Candidates returns, for each change, the entries that may name who made it, newest first: those
// about the same subject between the two snapshots, or at most tolerance before or after. It
// returns nil for a change without entries and for one that no person made, such as a field that a
// newer server reports.
func (l *AuditLog) Candidates(changes []diff.Change, tolerance time.Duration) [][]ona.AuditLogEntry {
	all := make([][]ona.AuditLogEntry, len(changes))
	if l == nil || l.NotAssessed != "" {
		return all
	}
	var policies []ona.AuditLogEntry
	byID := make(map[string][]ona.AuditLogEntry)
	for _, entry := range l.Entries {
		switch s := entrySubject(entry); {
		case !l.between(s.Type, entry.CreatedAt, tolerance):
		case s.Type == diff.Organization:
			policies = append(policies, entry)
		case s.ID != "":
			byID[s.ID] = append(byID[s.ID], entry)
		}
	}
	for i, c := range changes {
		switch {
		case c.SubjectType != diff.Organization && isMadeByPerson(c):
			all[i] = byID[c.SubjectID]
		case c.SubjectType == diff.Organization && isPolicyChange(c):
			all[i] = policies
		}
	}
	return all
}

// isMadeByPerson is false for a change that appears only because the server answers differently.
func isMadeByPerson(c diff.Change) bool {
	return !slices.Contains([]diff.Kind{
		diff.FieldFirstReported, diff.TokenExpiryReported, diff.TokenExpiryLost, diff.OrganizationNotStated,
		diff.OrganizationStated,
	}, c.Kind)
}

// isPolicyChange distinguishes changes of policies, whose values are JSON, from the other changes
// of an organization.
func isPolicyChange(c diff.Change) bool {
	switch c.Kind {
	case diff.RestrictionLifted, diff.RestrictionSet:
		return true
	case diff.FieldChanged:
		own := slices.Contains([]string{"name", "tier", "createdAt"}, c.Field)
		return !own && json.Valid([]byte(cmp.Or(c.After, c.Before)))
	}
	return false
}

// mustBeLogged reports whether a change without an entry fails the rule. Changes of an organization
// other than its policies are logged under subject types that are not read. For which changes of
// members the API writes an entry is not documented.
func mustBeLogged(c diff.Change) bool {
	if c.SubjectType == diff.Member {
		return false
	}
	if c.SubjectType == diff.Organization {
		return c.Kind == diff.RestrictionLifted || c.Kind == diff.RestrictionSet
	}
	return isMadeByPerson(c)
}

// Limits for Quote.
const (
	maxEntries     = 5
	maxActionRunes = 200
)

// Quote returns entries as one line, newest first: when, who, and the action as logged.
func Quote(entries []ona.AuditLogEntry) string {
	var texts []string
	for i, entry := range entries {
		if i == maxEntries {
			texts = append(texts, fmt.Sprintf("and %d more", len(entries)-i))
			break
		}
		actor := strings.TrimSpace(entry.ActorPrincipal + " " + label(entry.ActorName, entry.ActorID))
		texts = append(texts, fmt.Sprintf("%s %s %s",
			exactUTC(entry.CreatedAt), cmp.Or(actor, "unknown actor"), diff.Quoted(beginning(entry.Action))))
	}
	return strings.Join(texts, "; ")
}

func beginning(text string) string {
	if runes := []rune(text); len(runes) > maxActionRunes {
		return string(runes[:maxActionRunes]) + "…"
	}
	return text
}
