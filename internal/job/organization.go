package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// Codes of failed snapshots that are the job's own; the others are those of package fetch.
const (
	// CodeDuplicateOrganization: two sources of one run answer for the same organization.
	CodeDuplicateOrganization = "duplicate_organization"
	// CodeNoAccess: the settings name a token that is not there.
	CodeNoAccess = "no_token"
	// CodeInternal: the store could not be read or written.
	CodeInternal = "internal"
)

// snapshot takes one organization's snapshot and stores it. With an error the header tells what was learnt until then.
func (n *night) snapshot(ctx context.Context, source Source) (snapshot.Snapshot, error) {
	header := snapshot.Snapshot{RunID: n.runID, RuleSetID: n.ruleSetID, Source: source.Name, BaseURL: source.Fetch.BaseURL, TakenAt: n.TakenAt}
	options, err := n.pin(ctx, source, &header)
	if err != nil {
		return header, err
	}
	if source.Err != nil {
		return header, &Error{Code: CodeNoAccess, Err: source.Err}
	}
	client, err := fetch.New(options)
	if err != nil {
		return header, err
	}
	header.BaseURL = client.BaseURL()
	collection, err := client.Collect(ctx)
	describe(&header, collection)
	if !source.TokenExpires.IsZero() {
		header.Notes = append(header.Notes, "the token of this run expires on "+source.TokenExpires.Format(time.DateOnly)+", by the settings")
	}
	if err != nil {
		noteRetries(&header, append(collection.Exchanges, collection.Unanswered))
		return header, err
	}
	if err := n.claim(header); err != nil {
		noteRetries(&header, collection.Exchanges)
		return header, err
	}
	return n.compareAndStore(ctx, client, header, collection)
}

// claim keeps two sources of one run from taking a snapshot of the same organization.
func (n *night) claim(header snapshot.Snapshot) error {
	if other, taken := n.collected.LoadOrStore(header.OrganizationID, header.Source); taken {
		return &Error{Code: CodeDuplicateOrganization, Err: fmt.Errorf("its token belongs to organization %s, which %q of this run collects already", header.OrganizationID, other)}
	}
	return nil
}

// pin fixes the organization that the source must answer for: the one that the operator named, else the one of its last complete snapshot.
func (n *night) pin(ctx context.Context, source Source, header *snapshot.Snapshot) (fetch.Options, error) {
	options := source.Fetch
	if options.OrganizationID == "" {
		last, found, err := n.Store.Pinned(ctx, source.Name)
		if err != nil {
			return options, err
		}
		if found {
			options.OrganizationID = last.OrganizationID
			header.OrganizationName = last.OrganizationName
		}
	}
	header.OrganizationID = options.OrganizationID
	return options, nil
}

// describe copies what the collection tells into the header, also what one that failed had learnt.
func describe(header *snapshot.Snapshot, c *fetch.Collection) {
	header.PrincipalID, header.Principal = c.Identity.SubjectID, c.Identity.Principal
	if o := c.Inventory.Organization; o.ID != "" {
		header.OrganizationID, header.OrganizationName, header.OrganizationTier = o.ID, o.Name, o.Tier
	}
	header.Pages, header.SCIMListing, header.SSOListing = c.SCIM.Pages+c.SSO.Pages, listing(c.SCIM), listing(c.SSO)
	header.SCIMReceived, header.SCIMDistinct = c.SCIM.Received, c.SCIM.Distinct
	header.SSOReceived, header.SSODistinct = c.SSO.Received, c.SSO.Distinct
	header.SSONotAssessed, header.PoliciesNotAssessed = c.Inventory.SSONotAssessed, c.Inventory.PoliciesNotAssessed
	header.ServerClockKnown, header.ServerClockOffset = c.ClockKnown, c.ClockOffset
	header.Notes, header.UnknownFields = c.Notes, c.UnknownFields
}

// maxNoted bounds how many retries the notes of a failed snapshot tell.
const maxNoted = 20

// noteRetries counts the retries of a snapshot that fails, and tells in its notes why they were: it has no exchanges that would.
func noteRetries(header *snapshot.Snapshot, exchanges []fetch.Exchange) {
	var notes []string
	for _, e := range exchanges {
		for _, r := range e.Retries {
			notes = append(notes, fmt.Sprintf("%s was sent again after %s: %s", e.Method, r.Waited, r.Reason))
		}
	}
	header.Retries = len(notes)
	if more := len(notes) - maxNoted; more > 0 {
		notes = append(notes[:maxNoted], fmt.Sprintf("%d more requests were sent again", more))
	}
	header.Notes = slices.Concat(header.Notes, notes)
}

func listing(l fetch.Listing) snapshot.Listing {
	return snapshot.Listing{Pages: l.Pages, RowsPerPage: runs(l.RowsPerPage), FinalTokenEmpty: l.FinalTokenEmpty}
}

// runs writes numbers in order, equal neighbours together: "99 x 100, 37".
func runs(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		n := 1
		for i+n < len(numbers) && numbers[i+n] == numbers[i] {
			n++
		}
		part := strconv.Itoa(numbers[i])
		if n > 1 {
			part = fmt.Sprintf("%d x %d", n, numbers[i])
		}
		parts = append(parts, part)
		i += n
	}
	return strings.Join(parts, ", ")
}

// compareAndStore asks the API about what differs, so several organizations do it at once. The store refuses a snapshot whose baseline is no
// longer the last complete one.
func (n *night) compareAndStore(ctx context.Context, client *fetch.Client, header snapshot.Snapshot, c *fetch.Collection) (snapshot.Snapshot, error) {
	exchanges := c.Exchanges
	failed := func(err error) (snapshot.Snapshot, error) {
		noteRetries(&header, exchanges)
		return header, err
	}
	baseline, found, err := n.Store.Baseline(ctx, header.OrganizationID)
	if err != nil {
		return failed(err)
	}
	header.BaselineID = baseline.Snapshot.ID
	var changes []diff.Change
	var log *logReading
	if found {
		older, err := n.Store.SeenBefore(ctx, baseline.Snapshot)
		if err != nil {
			return failed(err)
		}
		changes = compare(baseline, c.Inventory, older)
		var asked []fetch.Exchange
		changes, asked, err = confirm(ctx, client, changes)
		exchanges = slices.Concat(exchanges, asked)
		if err != nil {
			return failed(err)
		}
		if log, err = n.readAuditLog(ctx, client, header, baseline, c.Inventory, changes); err != nil {
			return failed(err)
		}
		exchanges = append(exchanges, log.exchanges...)
		log.Seen = seen(baseline, older, log.Entries)
		log.describe(&header)
	}
	findings, err := n.judge(ctx, header, baseline, found, c.Inventory, changes, log.judged())
	if err != nil {
		return failed(err)
	}
	collected := snapshot.Collected{Snapshot: header, Baseline: baseline, Inventory: c.Inventory, Changes: changes, Findings: findings}
	collected.Acceptances = finding.Accept(findings, header.OrganizationID, n.Exceptions, n.TakenAt)
	log.attribute(&collected, n.Thresholds.ClockSkew)
	addExchanges(&collected, exchanges)
	saved, err := n.Store.SaveComplete(ctx, collected)
	if err != nil {
		return failed(err)
	}
	return saved, nil
}

// seenBefore says whether a snapshot up to the baseline showed a configuration that the baseline does not.
type seenBefore = func(diff.SubjectType, string) bool

// compare says what differs from the baseline. Where the baseline could not read the SSO configurations or the policies, these are compared
// with the last snapshot that could, and the rows say so.
func compare(baseline snapshot.Baseline, current ona.Inventory, older seenBefore) []diff.Change {
	changes := diff.Compute(baseline.Inventory, current, diff.Options{Seen: older})
	for i := range changes {
		older := baseline.Snapshot
		switch {
		case changes[i].SubjectType == diff.SSOConfiguration:
			older = baseline.SSO
		case changes[i].Kind == diff.RestrictionSet || changes[i].Kind == diff.RestrictionLifted:
			older = baseline.Policies
		}
		if older.ID != baseline.Snapshot.ID {
			changes[i].AddNote(fmt.Sprintf("net change since %s UTC, the last snapshot that could read it", older.TakenAt.Format("2006-01-02 15:04:05")))
		}
	}
	return changes
}

// judge evaluates the rules.
func (n *night) judge(ctx context.Context, header snapshot.Snapshot, baseline snapshot.Baseline, found bool, inventory ona.Inventory, changes []diff.Change, log *finding.AuditLog) ([]finding.Finding, error) {
	in := finding.Input{
		TakenAt: n.TakenAt, Inventory: inventory, Changes: changes, AuditLog: log, TurnedOff: n.TurnedOff,
		ServerClockOffset: header.ServerClockOffset, ServerClockKnown: header.ServerClockKnown,
		BaseURL: header.BaseURL, Principal: principal(header), UnknownFields: header.UnknownFields,
	}
	var err error
	if in.ScheduleKnown, in.MissedNights, err = n.missedNights(ctx, baseline, found); err != nil {
		return nil, err
	}
	if found {
		in.Baseline = &finding.Baseline{
			OrganizationID: baseline.Snapshot.OrganizationID,
			BaseURL:        baseline.Snapshot.BaseURL, Principal: principal(baseline.Snapshot),
		}
	}
	expiries, err := n.Store.Expiries(ctx, header.OrganizationID, n.TakenAt)
	if err != nil {
		return nil, err
	}
	in.ExpirySince = expiries.Since
	return finding.Evaluate(in, n.Thresholds), nil
}

func principal(h snapshot.Snapshot) string { return h.Principal + " " + h.PrincipalID }

// addExchanges adds the requests with their answers, numbered in order, and counts the retries of them all.
func addExchanges(c *snapshot.Collected, exchanges []fetch.Exchange) {
	c.Snapshot.Retries = 0
	for i, e := range exchanges {
		var retries []string
		for _, r := range e.Retries {
			retries = append(retries, fmt.Sprintf("%s (waited %s)", r.Reason, r.Waited))
		}
		c.Snapshot.Retries += len(retries)
		c.Exchanges = append(c.Exchanges, snapshot.Exchange{
			Number: i + 1, Method: e.Method, Request: string(e.Request), Status: e.Status, SentAt: e.SentAt, Duration: e.Duration,
			ServerDate: e.ServerDate, Records: e.Records, Retries: retries, ResponseSHA256: e.SHA256, ResponseSize: e.Size,
		})
	}
	c.Response = func(i int) ([]byte, error) { return exchanges[i].Body, nil }
}

// recordFailure stores that the snapshot failed. The error stays what it was, with what kept the failure from being stored.
func (n *night) recordFailure(ctx context.Context, source Source, header snapshot.Snapshot, cause error) (snapshot.Snapshot, error) {
	header.ErrorCode, header.Error = code(cause), cause.Error()
	findings := finding.EvaluateFailed(header.OrganizationID, header.OrganizationName, header.ErrorCode, header.Error)
	saved, err := n.Store.SaveFailed(ctx, header, findings)
	if err != nil {
		return header, errors.Join(cause, fmt.Errorf("recording that %s failed: %w", source.Name, err))
	}
	return saved, cause
}
