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

// AuditLog is what was read of an organization's audit log, and what the entries are compared with.
type AuditLog struct {
	ona.AuditLog
	// Compared is, by type of subject, the instant of the snapshot that the changes are counted from,
	// by the server's clock. A type that is missing was not compared.
	Compared map[diff.SubjectType]time.Time
	// Seen reports whether the baseline or an older snapshot has a SCIM configuration; nil: none has.
	Seen func(id string) bool
}

// subjectTypes is what the audit log calls the subjects of changes.
var subjectTypes = map[string]diff.SubjectType{
	ona.ResourceTypeSCIMConfiguration:  diff.SCIMConfiguration,
	ona.ResourceTypeSSOConfiguration:   diff.SSOConfiguration,
	ona.ResourceTypeOrganizationPolicy: diff.Organization,
}

// entrySubject is what an entry is about, with an empty type where changes have no such subject. A
// policy entry is about the organization, whatever id it has.
func entrySubject(entry ona.AuditLogEntry) diff.Subject {
	kind := subjectTypes[entry.SubjectType]
	if kind == diff.Organization {
		return diff.Subject{Type: kind}
	}
	return diff.Subject{Type: kind, ID: entry.SubjectID}
}

// whole reports whether no entry since an instant is missing.
func (l *AuditLog) whole(since time.Time) bool {
	return l.Lacking == "" || !l.CompleteFrom.IsZero() && !l.CompleteFrom.After(since)
}

// between reports whether an entry lies between the snapshots that its subject was compared in,
// within the tolerance. A type of subject that is not known is taken for a SCIM configuration.
func (l *AuditLog) between(kind diff.SubjectType, at time.Time, tolerance time.Duration) bool {
	since, compared := l.Compared[cmp.Or(kind, diff.SCIMConfiguration)]
	return compared && at.After(since.Add(-tolerance)) && !at.After(l.Until.Add(tolerance))
}

// sinceBaseline counts the entries between the snapshots that are about a subject of changes.
func (l *AuditLog) sinceBaseline() int {
	n := 0
	if l != nil {
		for _, entry := range l.Entries {
			if s := entrySubject(entry); s.Type != "" && l.between(s.Type, entry.CreatedAt, 0) {
				n++
			}
		}
	}
	return n
}

// Candidates returns, for each change, the entries that may name who made it, newest first: those
// about the same subject between the snapshots, or no more than tolerance before or after. Nil
// where there are none, and for a change that nobody makes, such as a field that a newer server
// reports.
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
		case c.SubjectType != diff.Organization && madeBySomebody(c):
			all[i] = byID[c.SubjectID]
		case c.SubjectType == diff.Organization && ofPolicy(c):
			all[i] = policies
		}
	}
	return all
}

// madeBySomebody is false for a change that only shows because the server answers differently.
func madeBySomebody(c diff.Change) bool {
	return !slices.Contains([]diff.Kind{diff.FieldFirstReported, diff.TokenExpiryReported, diff.TokenExpiryLost}, c.Kind)
}

// ofPolicy distinguishes changes of policies, whose values are JSON, from the other changes of an
// organization.
func ofPolicy(c diff.Change) bool {
	switch c.Kind {
	case diff.RestrictionLifted, diff.RestrictionSet:
		return true
	case diff.FieldChanged:
		own := slices.Contains([]string{"name", "tier", "createdAt"}, c.Field)
		return !own && json.Valid([]byte(cmp.Or(c.After, c.Before)))
	}
	return false
}

// mustBeLogged reports whether a change without an entry fails: other changes of an organization
// are logged elsewhere.
func mustBeLogged(c diff.Change) bool {
	if c.SubjectType == diff.Organization {
		return c.Kind == diff.RestrictionLifted || c.Kind == diff.RestrictionSet
	}
	return madeBySomebody(c)
}

// How much of the log a text quotes.
const (
	maxEntries     = 5
	maxActionRunes = 200
)

// Quote writes entries in one line, newest first: when, who, and the action word for word.
func Quote(entries []ona.AuditLogEntry) string {
	var texts []string
	for i, entry := range entries {
		if i == maxEntries {
			texts = append(texts, fmt.Sprintf("and %d more", len(entries)-i))
			break
		}
		actor := strings.TrimSpace(entry.ActorPrincipal + " " + entry.ActorID)
		texts = append(texts, fmt.Sprintf("%s %s %q",
			exactUTC(entry.CreatedAt), cmp.Or(actor, "unknown actor"), beginning(entry.Action)))
	}
	return strings.Join(texts, "; ")
}

func beginning(text string) string {
	if runes := []rune(text); len(runes) > maxActionRunes {
		return string(runes[:maxActionRunes]) + "…"
	}
	return text
}
