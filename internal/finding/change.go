package finding

import (
	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// changeSubject returns the subject of a change.
func changeSubject(c diff.Change) subject {
	return subject{c.SubjectType, c.SubjectID, c.SubjectName}
}

func enabledAgain(e *evaluation) (rows []row) {
	for _, c := range e.Changes {
		if c.Kind == diff.Enabled && c.SubjectType == diff.SCIMConfiguration {
			rows = append(rows, fail("The configuration was disabled in the baseline and is enabled in this snapshot.").
				of(changeSubject(c)))
		}
	}
	return rows
}

// updatedOnly also fails if updatedAt moved back and nothing else differs.
func updatedOnly(e *evaluation) (rows []row) {
	differences := make(map[string]int)
	for _, c := range e.Changes {
		differences[c.SubjectID]++
	}
	for i, c := range e.Changes {
		before, after := changedInstant(c.Before), changedInstant(c.After)
		switch {
		case c.SubjectType != diff.SCIMConfiguration:
		case c.Kind == diff.OnlyUpdatedAtChanged:
			rows = append(rows, fail("updatedAt moved from %s to %s and nothing else differs: possibly a change that was "+
				"taken back.%s", before, after, e.logged(i)).of(changeSubject(c)))
		case c.Kind == diff.UpdatedAtRegressed && differences[c.SubjectID] == 1:
			rows = append(rows, fail("updatedAt moved back from %s to %s and nothing else differs.%s",
				before, after, e.logged(i)).of(changeSubject(c)))
		}
	}
	return rows
}

// changedInstant formats an instant from a change for a reader; it returns other text unchanged.
func changedInstant(text string) string {
	t, err := ona.ParseTime(text)
	switch {
	case err != nil:
		return text
	case t.IsZero():
		return "not reported"
	}
	return exactUTC(t)
}

// logged returns what the audit log says about a change, as a sentence with a space before it.
func (e *evaluation) logged(change int) string {
	entries, l := e.candidates[change], e.AuditLog
	switch {
	case l == nil || l.NotAssessed != "":
		return ""
	case len(entries) > 0:
		return " The audit log says: " + Quote(entries) + "."
	case !l.isComplete(l.Compared[e.Changes[change].SubjectType].Add(-e.limits.ClockSkew)):
		return " No entry about it was found in the audit log, and some may be missing."
	}
	return " The audit log has no entry about it."
}
