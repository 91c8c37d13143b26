package job

import (
	"context"
	"fmt"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
)

// maxConfirmations bounds how many removals of one organization are asked about one by one. Beyond it the rows say that nobody asked.
const maxConfirmations = 100

// confirm asks the API for each configuration that the listing no longer has. One that is still there means that the listing was not
// complete, which is an error; a removal that cannot be asked about stays, marked as not confirmed. The exchanges are there beside an error too.
func confirm(ctx context.Context, client *fetch.Client, changes []diff.Change) ([]diff.Change, []fetch.Exchange, error) {
	results := make(map[diff.Subject]diff.Confirmation)
	var exchanges []fetch.Exchange
	for i, subject := range diff.Removals(changes) {
		if i == maxConfirmations {
			break
		}
		ask := client.ConfirmSCIMRemoved
		if subject.Type == diff.SSOConfiguration {
			ask = client.ConfirmSSORemoved
		}
		answer, exchange, err := ask(ctx, subject.ID)
		exchanges = append(exchanges, exchange)
		if err != nil {
			return nil, exchanges, fmt.Errorf("confirming that %s %s was removed: %w", subject.Type, subject.ID, err)
		}
		if answer.State == fetch.StillThere {
			return nil, exchanges, &Error{Code: fetch.CodeIncompleteListing, Err: fmt.Errorf("%s %s is not in the listing, but the API still has it", subject.Type, subject.ID)}
		}
		results[subject] = diff.Confirmation{Confirmed: answer.State == fetch.Confirmed, Why: answer.Why}
	}
	for i, subject := range diff.Removals(changes) {
		if i >= maxConfirmations {
			results[subject] = diff.Confirmation{Why: fmt.Sprintf("the API is asked about the first %d removals only", maxConfirmations)}
		}
	}
	return diff.Confirm(changes, results), exchanges, nil
}
