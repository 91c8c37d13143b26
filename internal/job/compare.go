package job

import (
	"context"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// maxConfirmations is the highest number of removals in one organization for which the API is
// asked. The notes of further removals say that it was not asked.
const maxConfirmations = 100

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

// confirmRemovals requests each removed configuration from the API. If the API still has it, the
// listing was not complete, which is an error. If the API cannot be asked, the change is noted as
// not confirmed.
func (t *task) confirmRemovals(ctx context.Context) error {
	asked := 0
	for i := range t.changes {
		c := &t.changes[i]
		if c.Kind != diff.Removed {
			continue
		}
		removal := ona.Removal{Reason: fmt.Sprintf("the API was asked only about the first %d removals", maxConfirmations)}
		if asked++; asked <= maxConfirmations {
			var err error
			if removal, err = t.confirmRemoval(ctx, c); err != nil {
				return fmt.Errorf("confirming that %s %s was removed: %w", c.SubjectType, c.SubjectID, err)
			}
		}
		if removal.StillThere {
			return &fetch.Error{Code: fetch.CodeIncompleteListing, Err: fmt.Errorf(
				"%s %s is not in the listing, but the API still has it", c.SubjectType, c.SubjectID)}
		}
		c.NoteRemoval(removal)
	}
	return nil
}

func (t *task) confirmRemoval(ctx context.Context, c *diff.Change) (ona.Removal, error) {
	method := ona.GetSCIMConfiguration
	if c.SubjectType == diff.SSOConfiguration {
		method = ona.GetSSOConfiguration
	}
	removal, exchange, err := t.client.ConfirmRemoved(ctx, method, c.SubjectID)
	t.exchanges = append(t.exchanges, exchange)
	return removal, err
}
