package job

import (
	"context"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// compare finds the changes since the baseline. If the baseline has no SSO configurations or
// policies because they could not be read, compare uses the last snapshot that has them and notes
// this.
func (t *task) compare(ctx context.Context) (err error) {
	if t.baseline, t.found, err = t.Store.Baseline(ctx, t.header.OrganizationID); err != nil || !t.found {
		return err
	}
	t.header.BaselineID = t.baseline.Snapshot.ID
	if t.seenBefore, err = t.Store.SeenBefore(ctx, t.baseline.Snapshot); err != nil {
		return err
	}
	t.changes = diff.Compute(t.baseline.Inventory, t.inventory, t.seenBefore)
	for i := range t.changes {
		if older := t.comparedWith(t.changes[i]); older.ID != t.baseline.Snapshot.ID {
			t.changes[i].AddNote("net change since " + older.TakenAt.UTC().Format(ona.DisplayTime) +
				", the last snapshot that could read it")
		}
	}
	return nil
}

// comparedWith returns the older snapshot of a change.
func (t *task) comparedWith(c diff.Change) snapshot.Snapshot {
	switch {
	case c.SubjectType == diff.SSOConfiguration:
		return t.baseline.SSO
	case c.Kind == diff.RestrictionSet || c.Kind == diff.RestrictionLifted:
		return t.baseline.Policies
	}
	return t.baseline.Snapshot
}
