package finding

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// incomplete never fails, because only a complete listing becomes an Inventory; see EvaluateFailed
// for the others.
func incomplete(*evaluation) []row { return nil }

// missedNights returns a failure for each gap. Its subject is the first night, which stays the
// same.
func missedNights(e *evaluation) (rows []row) {
	for _, gap := range e.Gaps {
		s := subject{diff.Organization, gap.First.UTC().Format(time.RFC3339), "night of " + utc(gap.First).String()}
		if gap.Nights == 1 {
			rows = append(rows, fail("No complete run exists for the night scheduled at %s.", utc(gap.First)).of(s))
			continue
		}
		rows = append(rows, fail("No complete run exists for %d nights, scheduled from %s to %s.",
			gap.Nights, utc(gap.First), utc(gap.Last)).of(s))
	}
	return rows
}

// clockConfirmed fails while runs are recorded later than now. A server need not send its date.
func clockConfirmed(e *evaluation) []row {
	const named = 10
	var runs []string
	for _, r := range e.LaterRuns[:min(len(e.LaterRuns), named)] {
		runs = append(runs, fmt.Sprintf("run %d at %s", r.ID, utc(r.StartedAt)))
	}
	if more := len(e.LaterRuns) - named; more > 0 {
		runs = append(runs, fmt.Sprintf("and %d more", more))
	}
	switch {
	case len(runs) > 0:
		return []row{fail("These runs are recorded later than this one and count for no night: %s.",
			strings.Join(runs, "; ")).of(e.organization)}
	case !e.ServerClockKnown:
		return []row{notAssessed("No answer carried the server's date, so nothing confirms the local clock.").
			of(e.organization)}
	}
	return nil
}

// otherSource compares the source of a snapshot with that of its baseline, and the database with
// the reports that were written from it. It skips a value that either snapshot does not have.
func otherSource(e *evaluation) []row {
	if e.UnknownReport != "" {
		return []row{fail("The database does not contain the history up to its report %s: an older or an altered copy of "+
			"the database is in use.", e.UnknownReport).of(e.organization)}
	}
	if why := baseline(e); why != "" {
		return []row{notAssessed("%s", why).of(e.organization)}
	}
	var differences, unknown []string
	for _, source := range []struct{ name, before, now string }{
		{"identity", e.Baseline.Principal, e.Principal},
		{"organization", e.Baseline.OrganizationID, e.organization.id},
		{"base URL", e.Baseline.BaseURL, e.BaseURL},
	} {
		switch {
		case source.before == "" || source.now == "":
			unknown = append(unknown, source.name)
		case source.before != source.now:
			differences = append(differences, fmt.Sprintf("%s %s instead of %s", source.name, source.now, source.before))
		}
	}
	switch {
	case len(differences) > 0:
		return []row{fail("Other than in the baseline: %s.", strings.Join(differences, "; ")).of(e.organization)}
	case len(unknown) > 0:
		return []row{notAssessed("Not known in this snapshot or in the baseline: %s.", strings.Join(unknown, ", ")).
			of(e.organization)}
	}
	return nil
}

// lostParts returns a failure for each part that an earlier snapshot could read and this one could
// not.
func lostParts(e *evaluation) (rows []row) {
	for _, part := range e.Parts {
		if part.NotAssessed != "" && !part.LastRead.IsZero() {
			rows = append(rows, fail("It could not be read: %s. It was last read at %s.",
				strings.TrimSuffix(part.NotAssessed, "."),
				utc(part.LastRead)).of(subject{diff.Organization, part.Name, part.Name}))
		}
	}
	return rows
}

// listedOnly fails each removal that the API does not confirm itself.
func listedOnly(e *evaluation) (rows []row) {
	for _, c := range e.Changes {
		s := changeSubject(c)
		why, only := e.ListedOnly[diff.Subject{Type: s.kind, ID: s.id}]
		if only && c.Kind == diff.Removed {
			rows = append(rows, fail("Two listings without it agree, but the API does not confirm the removal itself: %s.",
				strings.TrimSuffix(why, ".")).of(s))
		}
	}
	return rows
}

// unapproved returns a failure for each subject that differs from the approved baseline.
func unapproved(e *evaluation) (rows []row) {
	a := e.Approved
	reviewed := "No run was reviewed since then."
	if a.ReviewedRun != 0 {
		reviewed = fmt.Sprintf("The newest review since then is of run %d by %s.", a.ReviewedRun, a.ReviewedBy)
	}
	var subjects []subject
	differences := make(map[subject][]string)
	for i := range a.Changes {
		c := &a.Changes[i]
		s := subject{c.SubjectType, c.SubjectID, c.SubjectName}
		if differences[s] == nil {
			subjects = append(subjects, s)
		}
		differences[s] = append(differences[s], difference(c))
	}
	for _, s := range subjects {
		rows = append(rows, fail("Differs from the baseline of run %d, which %s approved at %s: %s. %s", a.RunID, a.By,
			utc(a.At), strings.Join(differences[s], "; "), reviewed).of(s))
	}
	for _, part := range a.NotCompared {
		rows = append(rows, notAssessed("It could not be compared with the baseline of run %d, which %s approved at %s.",
			a.RunID, a.By, utc(a.At)).of(subject{diff.Organization, part, part}))
	}
	return rows
}

func unknownFields(e *evaluation) (rows []row) {
	for _, field := range e.UnknownFields {
		rows = append(rows, fail("The answers carried the field %s, which this version does not know.", field).
			of(subject{diff.Organization, field, field}))
	}
	return rows
}
