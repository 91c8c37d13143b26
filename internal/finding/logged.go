package finding

import (
	"fmt"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// checkShortLived looks for SCIM configurations that lived between two snapshots only. An entry after the snapshot's instant is left to the
// next night: its configuration may have been created after it was listed.
func checkShortLived(e *evaluation, r *result) {
	l, since := e.AuditLog, e.AuditLog.Since[diff.SCIMConfiguration]
	r.passes("Audit-log entries about SCIM configurations after %s and up to %s: every configuration that they name is in a snapshot.", utc(e.Baseline.TakenAt), utc(e.TakenAt))
	groups := l.grouped(func(kind diff.SubjectType, entry ona.AuditLogEntry) bool {
		return kind == diff.SCIMConfiguration && entry.CreatedAt.After(since) && !entry.CreatedAt.After(l.Until) && e.neverSeen(entry.SubjectID)
	})
	for _, s := range sortedSubjects(groups) {
		r.fail(subject{s.Type, s.ID, ""}, "No snapshot has this SCIM configuration, and the audit log tells of it: %s.", Quote(groups[s]))
	}
	if !l.whole(since) {
		r.notAssessed(e.organization, "Audit-log entries since %s may be missing: %s.", utc(since), l.Lacking)
	}
}

// neverSeen says whether neither this snapshot nor an older one has a SCIM configuration.
func (e *evaluation) neverSeen(id string) bool {
	_, listed := e.named[diff.Subject{Type: diff.SCIMConfiguration, ID: id}]
	return !listed && (e.AuditLog.Seen == nil || !e.AuditLog.Seen(id))
}

// checkLogged holds changes and audit log against each other, both ways.
func checkLogged(e *evaluation, r *result) {
	l := e.AuditLog
	entries := e.entriesToExplain()
	r.passes("Changes checked: %d, audit-log entries up to %s: %d. No change that somebody makes is without an entry, and no entry without a change.",
		len(e.Changes), utc(e.TakenAt), e.entriesOfPeriod())
	var open []string
	for _, unlogged := range e.changesWithoutEntry() {
		s, kinds, since := unlogged.subject, strings.Join(unlogged.kinds, ", "), l.Since[unlogged.kind]
		switch {
		case l.whole(since.Add(-e.limits.ClockSkew)):
			r.fail(s, "No audit-log entry between %s and %s tells who made it: %s.", utc(since), utc(l.Until), kinds)
		case s.kind == diff.Organization:
			open = append(open, fmt.Sprintf("No audit-log entry was found for %s, and some may be missing.", kinds))
		default:
			r.notAssessed(s, "No audit-log entry was found for %s, and some may be missing: %s.", kinds, l.Lacking)
		}
	}
	for _, s := range sortedSubjects(entries) {
		if _, compared := l.Since[s.Type]; !compared {
			open = append(open, fmt.Sprintf("The audit log tells of %s, which could not be compared.", strings.ReplaceAll(string(s.Type), "_", " ")+" "+s.ID))
			continue
		}
		r.fail(e.subjectOf(s), "The audit log tells of changes that the snapshots do not show: %s.", Quote(entries[s]))
	}
	if l.Lacking != "" {
		open = append(open, fmt.Sprintf("Audit-log entries may be missing: %s.", l.Lacking))
	}
	r.qualify(e.organization, open)
}

// entriesOfPeriod counts the entries about what was compared, between the snapshots.
func (e *evaluation) entriesOfPeriod() int {
	n := 0
	for _, entry := range e.AuditLog.Entries {
		if kind, _ := e.AuditLog.subjectOf(entry); kind != "" && e.AuditLog.between(kind, entry, 0) {
			n++
		}
	}
	return n
}

// qualify says about the organization what could not be assessed, in the row that it has or in one of its own.
func (r *result) qualify(organization subject, open []string) {
	if len(open) == 0 {
		return
	}
	for i := range r.rows {
		if r.rows[i].subject.kind == diff.Organization {
			r.rows[i].observed += " " + strings.Join(open, " ")
			return
		}
	}
	r.notAssessed(organization, "%s", strings.Join(open, " "))
}

// unlogged is a subject that has changes and for none of them an entry.
type unlogged struct {
	subject
	kinds []string // what happened to it
}

// changesWithoutEntry is each subject of that sort, in the order of the changes.
func (e *evaluation) changesWithoutEntry() []unlogged {
	logged := make(map[diff.Subject]bool)
	for i, entries := range e.AuditLog.Candidates(e.Changes, e.limits.ClockSkew) {
		s := diff.Subject{Type: e.Changes[i].SubjectType, ID: e.Changes[i].SubjectID}
		logged[s] = logged[s] || len(entries) > 0
	}
	var missing []unlogged
	places := make(map[diff.Subject]int)
	for _, c := range e.Changes {
		s := diff.Subject{Type: c.SubjectType, ID: c.SubjectID}
		if !mustBeLogged(c) || logged[s] {
			continue
		}
		if _, known := places[s]; !known {
			places[s], missing = len(missing), append(missing, unlogged{subject: changeSubject(c)})
		}
		missing[places[s]].kinds = append(missing[places[s]].kinds, string(c.Kind))
	}
	return missing
}

// entriesToExplain is the entries about subjects without a change. Those within the clocks' tolerance after the baseline may belong to what
// it shows already, those after this snapshot to the next night, and those of SCIM-018 have their own finding.
func (e *evaluation) entriesToExplain() map[diff.Subject][]ona.AuditLogEntry {
	changed := make(map[diff.Subject]bool)
	for _, c := range e.Changes {
		s := diff.Subject{Type: c.SubjectType, ID: c.SubjectID}
		if s.Type == diff.Organization {
			s.ID = ""
		}
		changed[s] = changed[s] || s.Type != diff.Organization || ofPolicy(c)
	}
	l := e.AuditLog
	return l.grouped(func(kind diff.SubjectType, entry ona.AuditLogEntry) bool {
		s := diff.Subject{Type: kind}
		if kind != diff.Organization {
			s.ID = entry.SubjectID
		}
		since, compared := l.Since[kind]
		if !compared {
			since = l.Since[diff.SCIMConfiguration]
		}
		if kind == diff.SCIMConfiguration && e.neverSeen(s.ID) {
			return false
		}
		return !changed[s] && entry.CreatedAt.After(since.Add(e.limits.ClockSkew)) && !entry.CreatedAt.After(l.Until)
	})
}

// subjectOf gives a subject of the audit log the name that the inventory has for it.
func (e *evaluation) subjectOf(s diff.Subject) subject {
	if s.Type == diff.Organization {
		return e.organization
	}
	return subject{s.Type, s.ID, e.named[s]}
}

// logged is what the audit log says about a subject whose updatedAt moved, as a sentence that follows another.
func (e *evaluation) logged(c diff.Change) string {
	l := e.AuditLog
	if l == nil || l.NotAssessed != "" {
		return ""
	}
	if entries := l.Candidates([]diff.Change{c}, e.limits.ClockSkew)[0]; len(entries) > 0 {
		return " The audit log says: " + Quote(entries) + "."
	}
	return " The audit log has no entry about it."
}
