package job

import (
	"context"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// maxConfirmations bounds how many removals of one organization are confirmed. Beyond it the
// changes say that the API was not asked.
const maxConfirmations = 100

// compare finds the changes since the baseline. If the baseline could not read the SSO
// configurations or the policies, these are compared with the last snapshot that could, and the
// changes say so.
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

// comparedWith returns the snapshot that a change is counted from.
func (t *task) comparedWith(c diff.Change) snapshot.Snapshot {
	switch {
	case c.SubjectType == diff.SSOConfiguration:
		return t.baseline.SSO
	case c.Kind == diff.RestrictionSet || c.Kind == diff.RestrictionLifted:
		return t.baseline.Policies
	}
	return t.baseline.Snapshot
}

// confirmRemovals requests each configuration that the listing no longer has. If one still exists,
// the listing was not complete, which is an error. If one cannot be requested, its removal stays,
// marked as not confirmed.
func (t *task) confirmRemovals(ctx context.Context) error {
	results := make(map[diff.Subject]diff.Confirmation)
	for i, subject := range diff.Removals(t.changes) {
		if i >= maxConfirmations {
			results[subject] = diff.Confirmation{
				Why: fmt.Sprintf("the API is asked about the first %d removals only", maxConfirmations),
			}
			continue
		}
		removal, err := t.confirmRemoval(ctx, subject)
		if err != nil {
			return fmt.Errorf("confirming that %s %s was removed: %w", subject.Type, subject.ID, err)
		}
		if removal.StillThere {
			return &fetch.Error{Code: fetch.CodeIncompleteListing, Err: fmt.Errorf(
				"%s %s is not in the listing, but the API still has it", subject.Type, subject.ID)}
		}
		results[subject] = diff.Confirmation{Confirmed: removal.Confirmed, Why: removal.Why}
	}
	t.changes = diff.Confirm(t.changes, results)
	return nil
}

func (t *task) confirmRemoval(ctx context.Context, subject diff.Subject) (fetch.Removal, error) {
	confirm := t.client.ConfirmSCIMRemoved
	if subject.Type == diff.SSOConfiguration {
		confirm = t.client.ConfirmSSORemoved
	}
	removal, exchange, err := confirm(ctx, subject.ID)
	t.exchanges = append(t.exchanges, exchange)
	return removal, err
}
