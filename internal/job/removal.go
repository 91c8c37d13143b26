package job

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

// confirmRemovals requests each removed configuration from the API by its id. If the API still has
// one, the listing was not complete, which is an error. Where the API cannot be asked, a second
// listing must agree with the first.
func (t *task) confirmRemovals(ctx context.Context) error {
	t.listedOnly = make(map[diff.Subject]string)
	for _, list := range []struct {
		subject        diff.SubjectType
		get, list      string
		configurations int
		listing        *ona.Listing
	}{
		{diff.SCIMConfiguration, ona.GetSCIMConfiguration, ona.ListSCIMConfigurations,
			len(t.inventory.SCIM), &t.header.SCIMListing},
		{diff.SSOConfiguration, ona.GetSSOConfiguration, ona.ListSSOConfigurations,
			len(t.inventory.SSO), &t.header.SSOListing},
	} {
		var removed []*diff.Change
		for i := range t.changes {
			if c := &t.changes[i]; c.Kind == diff.Removed && c.SubjectType == list.subject {
				removed = append(removed, c)
			}
		}
		removals, err := t.requestRemoved(ctx, list.get, removed)
		if err != nil {
			return err
		}
		unasked := slices.IndexFunc(removals, func(r ona.Removal) bool { return !r.Confirmed })
		switch {
		case unasked < 0:
		case list.configurations == 0:
			return &fetch.Error{Code: fetch.CodeIncompleteListing, Method: list.list, Err: fmt.Errorf(
				"the listing is empty and nothing can confirm it: %s", removals[unasked].Reason)}
		case list.listing.Agreeing < 2:
			if err := t.listAgain(ctx, list.list, list.listing); err != nil {
				return fmt.Errorf("confirming that %s %s was removed, which cannot be requested by its id: %w",
					list.subject, removed[unasked].SubjectID, err)
			}
		}
		for i, c := range removed {
			c.NoteRemoval(removals[i])
			if !removals[i].Confirmed {
				t.listedOnly[diff.Subject{Type: c.SubjectType, ID: c.SubjectID}] = removals[i].Reason
			}
		}
	}
	return nil
}

// requestRemoved requests each configuration from the API, several at once, and returns what it
// says in the same order.
func (t *task) requestRemoved(ctx context.Context, method string, removed []*diff.Change) ([]ona.Removal, error) {
	removals := make([]ona.Removal, len(removed))
	exchanges := make([]fetch.Exchange, len(removed))
	group, together := errgroup.WithContext(ctx)
	group.SetLimit(fetch.CallsAtOnce)
	for i, c := range removed {
		group.Go(func() (err error) {
			removals[i], exchanges[i], err = t.client.ConfirmRemoved(together, method, c.SubjectID)
			if err != nil {
				return fmt.Errorf("confirming that %s %s was removed: %w", c.SubjectType, c.SubjectID, err)
			}
			return nil
		})
	}
	err := group.Wait()
	t.exchanges = append(t.exchanges, exchanges...)
	if err != nil {
		return nil, err
	}
	var there []string
	for i, r := range removals {
		if r.StillThere {
			there = append(there, removed[i].SubjectID)
		}
	}
	if len(there) > 0 {
		more := ""
		if len(there) > 1 {
			more = fmt.Sprintf(" (and %d others)", len(there)-1)
		}
		return nil, &fetch.Error{Code: fetch.CodeIncompleteListing, Err: fmt.Errorf(
			"%s %s is not in the listing, but the API still has it%s", removed[0].SubjectType, there[0], more)}
	}
	return removals, nil
}

// listAgain reads a list once more and counts the listing in the header.
func (t *task) listAgain(ctx context.Context, method string, counted *ona.Listing) error {
	again, evidence, err := t.client.ListAgain(ctx, method, t.inventory)
	t.addEvidence(evidence)
	t.header.Pages += again.PagesRead
	if err != nil {
		t.exchanges = append(t.exchanges, evidence.Unanswered)
		return err
	}
	counted.Listings++
	counted.Agreeing = 2
	return nil
}
