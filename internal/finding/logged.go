package finding

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// shortLived looks for SCIM configurations that lived between two snapshots only. An entry after
// the snapshot's instant is left to the next night: its configuration may have been created after
// it was listed.
func shortLived(e *evaluation) (rows []row) {
	l, since := e.AuditLog, e.AuditLog.Since[diff.SCIMConfiguration]
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
	if !l.whole(since) {
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

// logMismatches compares changes and audit log, both ways.
func logMismatches(e *evaluation) []row {
	rows, open := e.unloggedChanges()
	unexplained, more := e.unexplainedEntries()
	rows, open = append(rows, unexplained...), append(open, more...)
	if lacking := e.AuditLog.Lacking; lacking != "" {
		open = append(open, fmt.Sprintf("Audit-log entries may be missing: %s.", lacking))
	}
	return e.qualify(rows, open)
}

func logMatches(e *evaluation) string {
	n := 0
	for _, entry := range e.AuditLog.Entries {
		if s := entrySubject(entry); s.Type != "" && e.AuditLog.between(s.Type, entry.CreatedAt, 0) {
			n++
		}
	}
	return fmt.Sprintf("Changes checked: %d, audit-log entries since the baseline: %d. No change that somebody makes is "+
		"without an entry, and no entry without a change.", len(e.Changes), n)
}

// unloggedChanges returns a row for each subject that has changes and no entry for any of them.
// What could not be assessed about the organization is returned as sentences.
func (e *evaluation) unloggedChanges() (rows []row, open []string) {
	logged := make(map[subject]bool)
	for i, entries := range e.candidates {
		if len(entries) > 0 {
			logged[changeSubject(e.Changes[i])] = true
		}
	}
	missing := make(map[subject][]string) // the kinds of change
	for _, c := range e.Changes {
		if s := changeSubject(c); mustBeLogged(c) && !logged[s] {
			missing[s] = append(missing[s], string(c.Kind))
		}
	}
	for s, list := range missing {
		kinds, l := strings.Join(list, ", "), e.AuditLog
		switch {
		case l.whole(l.Since[s.kind].Add(-e.limits.ClockSkew)):
			rows = append(rows, fail("No audit-log entry between the two snapshots says who made it: %s.", kinds).of(s))
		case s.kind == diff.Organization:
			open = append(open, fmt.Sprintf("No audit-log entry was found for %s, and some may be missing.", kinds))
		default:
			rows = append(rows, notAssessed("No audit-log entry was found for %s, and some may be missing: %s.",
				kinds, l.Lacking).of(s))
		}
	}
	return rows, open
}

// unexplainedEntries returns a row for each subject that has entries and no change. Entries within
// the clocks' tolerance after the baseline may belong to what it shows already, entries after this
// snapshot to the next night, and those of SCIM-018 have their own finding.
func (e *evaluation) unexplainedEntries() (rows []row, open []string) {
	l, changed := e.AuditLog, e.changedSubjects()
	groups := make(map[diff.Subject][]ona.AuditLogEntry)
	for _, entry := range l.Entries {
		s := entrySubject(entry)
		since, compared := l.Since[s.Type]
		if !compared {
			since = l.Since[diff.SCIMConfiguration]
		}
		known := s.Type == diff.Organization || s.Type != "" && s.ID != ""
		inTime := entry.CreatedAt.After(since.Add(e.limits.ClockSkew)) && !entry.CreatedAt.After(l.Until)
		if known && inTime && !changed[s] && !e.neverSeen(s) {
			groups[s] = append(groups[s], entry)
		}
	}
	for s, entries := range groups {
		if _, compared := l.Since[s.Type]; compared {
			rows = append(rows, fail("The audit log has entries about changes that the snapshots do not show: %s.",
				Quote(entries)).of(e.subject(s)))
		} else {
			open = append(open, fmt.Sprintf("The audit log has entries about %s, which could not be compared.",
				inWords(s)))
		}
	}
	slices.Sort(open)
	return rows, open
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

// changedSubjects are the subjects with a change. Among the changes of an organization only those
// of its policies count.
func (e *evaluation) changedSubjects() map[diff.Subject]bool {
	changed := make(map[diff.Subject]bool)
	for _, c := range e.Changes {
		switch {
		case c.SubjectType != diff.Organization:
			changed[diff.Subject{Type: c.SubjectType, ID: c.SubjectID}] = true
		case ofPolicy(c):
			changed[diff.Subject{Type: diff.Organization}] = true
		}
	}
	return changed
}

// subject returns a subject of the audit log with the name that the inventory has for it.
func (e *evaluation) subject(s diff.Subject) subject {
	if s.Type == diff.Organization {
		return e.organization
	}
	return subject{s.Type, s.ID, e.names[s]}
}

// qualify adds what could not be assessed to the organization's row, or as a row of its own.
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
