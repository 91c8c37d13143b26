package finding

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// AuditLog is what is known of an organization's audit log. Its instants are those of the server's clock.
type AuditLog struct {
	// NotAssessed says why the log could not be read; the other fields then say nothing.
	NotAssessed string
	// Since is, by type of subject, the instant of the snapshot that the changes are counted from. A type that is missing was not compared.
	Since map[diff.SubjectType]time.Time
	// Until is the instant of the snapshot.
	Until time.Time
	// Entries are newest first; they may reach beyond Since and Until.
	Entries []ona.AuditLogEntry
	// Lacking says why entries may be missing from Entries, empty when none are; those from LackingBefore on are whole, unless it is zero.
	Lacking       string
	LackingBefore time.Time
	// Seen says whether the baseline or an older snapshot has a SCIM configuration; nil: none has.
	Seen func(id string) bool
}

// subjectTypes is what the audit log calls the subjects of changes.
var subjectTypes = map[string]diff.SubjectType{
	ona.ResourceTypeSCIMConfiguration:  diff.SCIMConfiguration,
	ona.ResourceTypeSSOConfiguration:   diff.SSOConfiguration,
	ona.ResourceTypeOrganizationPolicy: diff.Organization,
}

// withAuditLog runs a check that needs the audit log since the baseline only where there are both.
func withAuditLog(inner check) check {
	return withBaseline(func(e *evaluation, r *result) judging {
		switch {
		case e.AuditLog == nil:
			return nothingKnown("The audit log was not read.")(e, r)
		case e.AuditLog.NotAssessed != "":
			return nothingKnown("The audit log could not be read: "+e.AuditLog.NotAssessed)(e, r)
		}
		return inner(e, r)
	})
}

// whole says whether no entry since an instant is missing.
func (l *AuditLog) whole(since time.Time) bool {
	return l.Lacking == "" || !l.LackingBefore.IsZero() && !l.LackingBefore.After(since)
}

// subjectOf is what an entry is about, as changes name it: a policy entry is about the organization, whatever id it has.
func (l *AuditLog) subjectOf(entry ona.AuditLogEntry) (diff.SubjectType, string) {
	kind := subjectTypes[entry.SubjectType]
	if kind == diff.Organization {
		return kind, ""
	}
	return kind, entry.SubjectID
}

// subjects is the ids that the entries are about.
func (l *AuditLog) subjects() map[string]bool {
	ids := make(map[string]bool)
	if l != nil {
		for _, entry := range l.Entries {
			ids[entry.SubjectID] = true
		}
	}
	return ids
}

// grouped is the entries that accept takes, by what they are about, newest first.
func (l *AuditLog) grouped(accept func(diff.SubjectType, ona.AuditLogEntry) bool) map[diff.Subject][]ona.AuditLogEntry {
	groups := make(map[diff.Subject][]ona.AuditLogEntry)
	for _, entry := range l.Entries {
		kind, id := l.subjectOf(entry)
		if kind != "" && (id != "" || kind == diff.Organization) && accept(kind, entry) {
			groups[diff.Subject{Type: kind, ID: id}] = append(groups[diff.Subject{Type: kind, ID: id}], entry)
		}
	}
	return groups
}

// Candidates are, for each change, the entries that may tell who made it, newest first: those about the same subject between the snapshots,
// or no more than tolerance before or after. Nil where there are none, and for a change that nobody makes, such as a field that a newer
// server reports.
func (l *AuditLog) Candidates(changes []diff.Change, tolerance time.Duration) [][]ona.AuditLogEntry {
	all := make([][]ona.AuditLogEntry, len(changes))
	if l == nil || l.NotAssessed != "" {
		return all
	}
	var policies []ona.AuditLogEntry
	bySubject := make(map[string][]ona.AuditLogEntry)
	for _, entry := range l.Entries {
		kind, id := l.subjectOf(entry)
		switch {
		case !l.between(kind, entry, tolerance):
		case kind == diff.Organization:
			policies = append(policies, entry)
		case id != "":
			bySubject[id] = append(bySubject[id], entry)
		}
	}
	for i, c := range changes {
		switch {
		case c.SubjectType != diff.Organization && madeBySomebody(c):
			all[i] = bySubject[c.SubjectID]
		case c.SubjectType == diff.Organization && ofPolicy(c):
			all[i] = policies
		}
	}
	return all
}

// between says whether an entry lies between the snapshots that its subject was compared in, give or take the tolerance. A type of subject
// that is not known is taken for a SCIM configuration.
func (l *AuditLog) between(kind diff.SubjectType, entry ona.AuditLogEntry, tolerance time.Duration) bool {
	since, compared := l.Since[cmp.Or(kind, diff.SCIMConfiguration)]
	return compared && entry.CreatedAt.After(since.Add(-tolerance)) && !entry.CreatedAt.After(l.Until.Add(tolerance))
}

// madeBySomebody is false for what only another answer of the server does.
func madeBySomebody(c diff.Change) bool {
	return !slices.Contains([]diff.Kind{diff.FieldFirstReported, diff.TokenExpiryReported, diff.TokenExpiryLost}, c.Kind)
}

// ofPolicy tells changes of policies, whose values are JSON, from the other changes of an organization.
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

// mustBeLogged says whether the absence of an entry says something: what else of an organization changes is logged elsewhere.
func mustBeLogged(c diff.Change) bool {
	if c.SubjectType == diff.Organization {
		return c.Kind == diff.RestrictionLifted || c.Kind == diff.RestrictionSet
	}
	return madeBySomebody(c)
}

// sortedSubjects are the keys of a map in a fixed order.
func sortedSubjects[T any](groups map[diff.Subject]T) []diff.Subject {
	return slices.SortedFunc(maps.Keys(groups), func(a, b diff.Subject) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
}

// How much of the log a text quotes.
const (
	maxEntries     = 5
	maxActionRunes = 200
)

// Quote tells entries in one line, newest first: when, who, and the action word for word.
func Quote(entries []ona.AuditLogEntry) string {
	var texts []string
	for i, entry := range entries {
		if i == maxEntries {
			texts = append(texts, fmt.Sprintf("and %d more", len(entries)-i))
			break
		}
		actor := strings.TrimSpace(entry.ActorPrincipal + " " + entry.ActorID)
		texts = append(texts, fmt.Sprintf("%s %s %q", exactUTC(entry.CreatedAt), cmp.Or(actor, "unknown actor"), beginning(entry.Action)))
	}
	return strings.Join(texts, "; ")
}

func beginning(text string) string {
	if runes := []rune(text); len(runes) > maxActionRunes {
		return string(runes[:maxActionRunes]) + "…"
	}
	return text
}
