package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// shortLived finds SCIM configurations that existed only between two snapshots. It leaves an entry
// after this snapshot to the next run: its configuration may have been created after the listing.
func shortLived(e *evaluation) (rows []row) {
	l, since := e.AuditLog, e.AuditLog.Compared[diff.SCIMConfiguration]
	groups := make(map[string][]ona.AuditLogEntry) // by configuration
	for _, entry := range l.Entries {
		s := entrySubject(entry)
		inTime := entry.CreatedAt.After(since) && !entry.CreatedAt.After(l.Until)
		if inTime && e.neverSeen(s) {
			groups[s.ID] = append(groups[s.ID], entry)
		}
	}
	for id, entries := range groups {
		rows = append(rows, fail("No snapshot has this SCIM configuration, and the audit log has entries about it: %s.",
			Quote(entries)).of(subject{diff.SCIMConfiguration, id, ""}))
	}
	if !l.isComplete(since) {
		rows = append(rows, notAssessed("Audit-log entries since the baseline may be missing: %s.", l.Lacking).
			of(e.organization))
	}
	return rows
}

// neverSeen reports whether the subject is a SCIM configuration that neither this snapshot nor an
// older one has.
func (e *evaluation) neverSeen(s diff.Subject) bool {
	if s.Type != diff.SCIMConfiguration || s.ID == "" {
		return false
	}
	_, listed := e.names[s]
	return !listed && (e.AuditLog.Seen == nil || !e.AuditLog.Seen(s.ID))
}

// activity is what the changes and the audit log say about one subject.
type activity struct {
	subject subject
	// changed is set if a change explains the entries, logged if an entry explains a change.
	changed, logged bool
	kinds           []string // the changes that must be logged
	entries         []ona.AuditLogEntry
}

// logMismatches compares the changes with the audit log. It returns a row for each subject that has
// changes but no entries, or entries but no changes.
func logMismatches(e *evaluation) (rows []row) {
	l := e.AuditLog
	var open []string // what could not be assessed about the organization
	for s, a := range e.activities() {
		kinds := strings.Join(a.kinds, ", ")
		unlogged := len(a.kinds) > 0 && !a.logged
		since, compared := l.Compared[s.Type]
		switch {
		case unlogged && l.isComplete(since.Add(-e.limits.ClockSkew)):
			rows = append(rows, fail("No audit-log entry between the two snapshots says who made it: %s.", kinds).
				of(a.subject))
		case unlogged && s.Type == diff.Organization:
			open = append(open, fmt.Sprintf("No audit-log entry was found for %s, and some may be missing.", kinds))
		case unlogged:
			rows = append(rows, notAssessed("No audit-log entry was found for %s, and some may be missing: %s.",
				kinds, l.Lacking).of(a.subject))
		case a.changed || len(a.entries) == 0:
		case compared:
			rows = append(rows, fail("The audit log has entries about changes that the snapshots do not show: %s.",
				Quote(a.entries)).of(a.subject))
		default:
			open = append(open, "The audit log has entries about "+inWords(s)+", which could not be compared.")
		}
	}
	slices.Sort(open)
	if l.Lacking != "" {
		open = append(open, fmt.Sprintf("Audit-log entries may be missing: %s.", l.Lacking))
	}
	return e.qualify(rows, open)
}

// activities returns the subjects that have changes or entries. The id of the organization is
// empty.
func (e *evaluation) activities() map[diff.Subject]*activity {
	all := make(map[diff.Subject]*activity)
	of := func(s diff.Subject, name string) *activity {
		if all[s] == nil {
			all[s] = &activity{subject: subject{s.Type, s.ID, name}}
		}
		return all[s]
	}
	organization := diff.Subject{Type: diff.Organization}
	of(organization, "").subject = e.organization
	for i, c := range e.Changes {
		s := diff.Subject{Type: c.SubjectType, ID: c.SubjectID}
		if s.Type == diff.Organization {
			s = organization
		}
		a := of(s, c.SubjectName)
		a.changed = a.changed || s.Type != diff.Organization || isPolicyChange(c)
		a.logged = a.logged || len(e.candidates[i]) > 0
		if mustBeLogged(c) {
			a.kinds = append(a.kinds, string(c.Kind))
		}
	}
	for _, entry := range e.AuditLog.Entries {
		if s := entrySubject(entry); e.mustBeExplained(s, entry.CreatedAt) {
			a := of(s, e.names[s])
			a.entries = append(a.entries, entry)
		}
	}
	return all
}

// mustBeExplained reports whether an entry must have a change. The baseline may already show the
// effect of an entry that follows it within the clock tolerance. Entries after this snapshot belong
// to the next run. Those that SCIM-018 reports have their own finding. An entry about a user may be
// about something that the list of members does not show.
func (e *evaluation) mustBeExplained(s diff.Subject, at time.Time) bool {
	l := e.AuditLog
	since, compared := l.Compared[s.Type]
	if !compared {
		since = l.Compared[diff.SCIMConfiguration]
	}
	known := s.Type == diff.Organization || s.Type != "" && s.Type != diff.Member && s.ID != ""
	return known && at.After(since.Add(e.limits.ClockSkew)) && !at.After(l.Until) && !e.neverSeen(s)
}

func inWords(s diff.Subject) string {
	switch s.Type {
	case diff.SCIMConfiguration:
		return "SCIM configuration " + s.ID
	case diff.SSOConfiguration:
		return "SSO configuration " + s.ID
	}
	return "the organization's policies"
}

// qualify adds what could not be assessed to the organization's row, or adds a row for it.
func (e *evaluation) qualify(rows []row, open []string) []row {
	if len(open) == 0 {
		return rows
	}
	text := strings.Join(open, " ")
	for i := range rows {
		if rows[i].subject.kind == diff.Organization {
			rows[i].observed += " " + text
			return rows
		}
	}
	return append(rows, notAssessed("%s", text).of(e.organization))
}
