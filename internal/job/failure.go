package job

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// ended returns fetch.RunEnded if ctx has ended and err does not come from package fetch; otherwise
// err.
func ended(ctx context.Context, err error) error {
	if _, remote := errors.AsType[*fetch.Error](err); remote || ctx.Err() == nil {
		return err
	}
	return fetch.RunEnded(ctx, err)
}

// recordFailure stores the header of a failed snapshot. It returns the cause, joined with the error
// if storing fails.
func (n *night) recordFailure(
	ctx context.Context, header snapshot.Snapshot, cause error,
) (snapshot.Snapshot, error) {
	// Any other error means that the store could not be read or written.
	header.ErrorCode, header.Error = fetch.CodeInternal, cause.Error()
	if failure, ok := errors.AsType[*fetch.Error](cause); ok {
		header.ErrorCode = failure.Code
	}
	findings := finding.EvaluateFailed(
		header.OrganizationID, header.OrganizationName, header.ErrorCode, header.Error)
	saved, err := n.Store.SaveFailed(ctx, header, findings)
	if err != nil {
		return header, errors.Join(cause, fmt.Errorf("recording that %s failed: %w", header.Source, err))
	}
	return saved, cause
}

// maxNotedRetries is the highest number of retries in the notes of a failed snapshot.
const maxNotedRetries = 20

// noteRetries counts the retries and adds their reasons to the notes, because a failed snapshot has
// no exchanges that show them.
func (t *task) noteRetries() {
	var notes []string
	for _, e := range t.exchanges {
		for _, r := range e.Retries {
			notes = append(notes, fmt.Sprintf("%s was sent again after %s", e.Method, r))
		}
	}
	t.header.Retries = len(notes)
	if more := len(notes) - maxNotedRetries; more > 0 {
		notes = append(notes[:maxNotedRetries], fmt.Sprintf("%d more requests were sent again", more))
	}
	t.header.Notes = slices.Concat(t.header.Notes, notes)
}
