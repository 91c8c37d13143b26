package finding

import "scim-auditor/internal/diff"

// changed calls judge for every change of a kind that happened to a SCIM configuration.
func (e *evaluation) changed(kind diff.Kind, judge func(diff.Change)) {
	for _, c := range e.Changes {
		if c.Kind == kind && c.SubjectType == diff.SCIMConfiguration {
			judge(c)
		}
	}
}

func checkReenabled(e *evaluation, r *result) {
	r.passes("No SCIM configuration was enabled since the baseline of %s.", utc(e.Baseline.TakenAt))
	e.changed(diff.Enabled, func(c diff.Change) {
		r.fail(changeSubject(c), "The configuration was disabled at %s and is enabled at %s.", utc(e.Baseline.TakenAt), utc(e.TakenAt))
	})
}

// checkUpdatedOnly also counts an updatedAt that moved back, where it is all that differs.
func checkUpdatedOnly(e *evaluation, r *result) {
	r.passes("No SCIM configuration has another updatedAt than in the baseline of %s without a visible change.", utc(e.Baseline.TakenAt))
	differences := make(map[string]int)
	for _, c := range e.Changes {
		differences[c.SubjectID]++
	}
	e.changed(diff.UpdatedOnly, func(c diff.Change) {
		r.fail(changeSubject(c), "updatedAt moved from %s to %s and nothing else differs: possibly a change that was taken back.%s",
			changedInstant(c.Before), changedInstant(c.After), e.logged(c))
	})
	e.changed(diff.UpdatedAtRegressed, func(c diff.Change) {
		if differences[c.SubjectID] == 1 {
			r.fail(changeSubject(c), "updatedAt moved back from %s to %s and nothing else differs.%s", changedInstant(c.Before), changedInstant(c.After), e.logged(c))
		}
	})
}
