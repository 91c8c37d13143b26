package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// task is one organization in a run, with the results of each step for the steps after it.
type task struct {
	*night
	source fetch.Source
	past   past

	options   fetch.Options
	client    *fetch.Client
	header    snapshot.Snapshot
	inventory ona.Inventory
	exchanges []fetch.Exchange

	// found is false for an organization without a complete snapshot. It has no baseline and no
	// changes, and its audit log is not read.
	found    bool
	baseline snapshot.Baseline
	// seenBefore reports whether a snapshot up to the baseline had the configuration.
	seenBefore func(diff.SubjectType, string) bool
	changes    []diff.Change
	// listedOnly has the removed configurations that only a second listing confirms, with the
	// reason why the API could not be asked.
	listedOnly map[diff.Subject]string
	log        *finding.AuditLog
	// pageBack is set once the server has shown that it does not filter the audit log by time.
	pageBack bool
	findings []finding.Finding
}

// takeSnapshot collects, compares, evaluates and stores one organization. If it fails, the
// header has what was known until then.
func (n *night) takeSnapshot(ctx context.Context, source fetch.Source) (snapshot.Snapshot, error) {
	t := &task{night: n, source: source, past: n.Store, header: snapshot.Snapshot{
		RunID: n.run.ID, RuleSetID: n.ruleSetID, Source: source.Name, BaseURL: source.Fetch.BaseURL, TakenAt: n.TakenAt,
		MembersSetting: membersSetting(source.Fetch), MembersSaltID: source.Fetch.Redaction.SaltID(),
	}}
	for _, step := range []func(context.Context) error{
		t.pin,
		t.collect,
		t.compare,
		t.noteRenamed,
		t.noteElsewhere,
		t.confirmRemovals,
		t.readAuditLog,
		t.evaluate,
		t.store,
	} {
		if err := step(ctx); err != nil {
			t.noteRetries()
			return t.header, err
		}
	}
	return t.header, nil
}

// collect reads the organization. Two sources of one run must not collect the same one.
func (t *task) collect(ctx context.Context) (err error) {
	if t.source.Err != nil {
		return &fetch.Error{Code: fetch.CodeNoToken, Err: t.source.Err}
	}
	if t.client, err = fetch.New(t.options); err != nil {
		return err
	}
	collection, err := t.client.Collect(ctx)
	t.describe(collection)
	if err != nil {
		t.exchanges = append(t.exchanges, collection.Unanswered)
	}
	if err := cmp.Or(t.checkClock(collection, err), err); err != nil {
		return err
	}
	t.header.Leavers = t.Leavers.Match(&t.inventory)
	id := t.header.OrganizationID
	if other, taken := t.collected.LoadOrStore(id, t.source.Name); taken {
		return duplicate(id, other.(string))
	}
	return nil
}

// maxAge is how long before an answer the run may have begun: longer than any run takes.
const maxAge = 7 * 24 * time.Hour

// checkClock returns an error if the local clock was wrong when the run began or when an answer
// came. also is an error that the wrong clock may have caused, or nil.
func (t *task) checkClock(c *fetch.Collection, also error) error {
	for _, x := range c.Exchanges {
		if x.ServerDate.IsZero() {
			continue
		}
		began := t.TakenAt.Sub(x.ServerDate)
		var text string
		switch {
		case x.ClockOffset.Abs() > fetch.MaxClockError:
			text = fmt.Sprintf("the local clock showed %s when the server's showed %s",
				x.ServerDate.Add(x.ClockOffset).UTC().Format(ona.DisplayTime), x.ServerDate.Format(ona.DisplayTime))
		case began > fetch.MaxClockError || -began > maxAge:
			text = fmt.Sprintf("the run began at %s by the local clock, and the server's showed %s when it answered",
				t.TakenAt.Format(ona.DisplayTime), x.ServerDate.Format(ona.DisplayTime))
		default:
			continue
		}
		err := errors.New(text + ", so the run counts for no night")
		if also != nil {
			err = fmt.Errorf("%w; it also failed: %w", err, also)
		}
		return &fetch.Error{Code: fetch.CodeClockWrong, Err: err}
	}
	return nil
}

// describe copies the result of a collection into the header, even if it failed.
func (t *task) describe(c *fetch.Collection) {
	t.inventory, t.exchanges = c.Inventory, c.Exchanges
	h := &t.header
	h.PrincipalID, h.Principal = c.Identity.SubjectID, c.Identity.Principal
	if o := c.Inventory.Organization; o.ID != "" {
		h.OrganizationID, h.OrganizationName, h.OrganizationTier = o.ID, o.Name, o.Tier
	}
	h.Pages = c.SCIM.PagesRead + c.SSO.PagesRead
	h.SCIMListing, h.SCIMReceived, h.SCIMDistinct = c.SCIM.Listing, c.SCIM.Received, c.SCIM.Distinct
	h.SSOListing, h.SSOReceived, h.SSODistinct = c.SSO.Listing, c.SSO.Received, c.SSO.Distinct
	h.SSONotAssessed, h.PoliciesNotAssessed = c.Inventory.SSONotAssessed, c.Inventory.PoliciesNotAssessed
	h.DomainsNotAssessed, h.OwnToken = c.Inventory.DomainsNotAssessed, c.OwnToken
	t.describeMembers(c)
	h.ServerClockKnown, h.ServerClockOffset = c.ClockKnown, c.ClockOffset.Truncate(time.Millisecond) // as it is stored
	h.Notes, h.UnknownFields = append(h.Notes, c.Notes...), c.UnknownFields
	if at := t.source.TokenExpires; !at.IsZero() {
		h.Notes = append(h.Notes,
			"the token of this run expires on "+at.Format(time.DateOnly)+", by the settings")
	}
}

// membersSetting returns what the settings ask for about members.
func membersSetting(o fetch.Options) snapshot.MembersSetting {
	switch {
	case !o.Members:
		return snapshot.MembersOff
	case o.Redaction != nil:
		return snapshot.MembersRedacted
	}
	return snapshot.MembersOn
}

func (t *task) describeMembers(c *fetch.Collection) {
	h := &t.header
	if t.inventory.MembersSalt = h.MembersSaltID; h.MembersSetting == snapshot.MembersOff {
		return
	}
	h.MemberListing, h.MembersReceived, h.MembersDistinct = c.Members.Listing, c.Members.Received, c.Members.Distinct
	h.MembersCounted, h.MembersCountRelation = c.Members.Counted, c.Members.CountRelation
	h.MembersNotAssessed = c.Inventory.MembersNotAssessed
	h.MemberTokensNotAssessed = c.Inventory.MemberTokensNotAssessed
}

// addEvidence adds the evidence of a reading that follows the collection.
func (t *task) addEvidence(e fetch.Evidence) {
	t.exchanges = append(t.exchanges, e.Exchanges...)
	t.header.Notes = append(t.header.Notes, e.Notes...)
	t.header.UnknownFields = append(t.header.UnknownFields, e.UnknownFields...)
}

// store stores the snapshot. The store refuses it if its baseline is no longer the last
// complete snapshot of the organization.
func (t *task) store(ctx context.Context) error {
	saved, err := t.Store.SaveComplete(ctx, t.result())
	if err != nil {
		return err
	}
	t.header = saved
	return nil
}

// result returns the snapshot to store.
func (t *task) result() snapshot.Collected {
	c := snapshot.Collected{
		Baseline: t.baseline, Inventory: t.inventory, Changes: t.changes, Findings: t.findings,
		Acceptances: finding.Accept(t.findings, t.header.OrganizationID, t.Exceptions, t.TakenAt),
		Response:    func(i int) ([]byte, error) { return t.exchanges[i].Response() },
	}
	if t.log != nil {
		c.AuditLog = &t.log.AuditLog
		c.Candidates = attribute(t.changes, t.log, t.Thresholds.ClockSkew)
	}
	c.Snapshot = t.header
	for i, e := range t.exchanges {
		e.Number = i + 1
		c.Exchanges = append(c.Exchanges, e.Exchange)
		c.Snapshot.Retries += len(e.Retries)
	}
	return c
}

// ended returns fetch.RunEnded if ctx has ended and err does not come from package fetch;
// otherwise err.
func ended(ctx context.Context, err error) error {
	if _, remote := errors.AsType[*fetch.Error](err); remote || ctx.Err() == nil {
		return err
	}
	return fetch.RunEnded(ctx, err)
}

// recordFailure stores the header of a failed snapshot. It returns the cause, joined with the
// error if storing fails.
func (n *night) recordFailure(
	ctx context.Context, header snapshot.Snapshot, cause error,
) (snapshot.Snapshot, error) {
	// Any other error means that the store could not be read or written.
	header.ErrorCode, header.Error = fetch.CodeInternal, cause.Error()
	if failure, ok := errors.AsType[*fetch.Error](cause); ok {
		header.ErrorCode = failure.Code
	}
	findings := EvaluateFailed(header)
	saved, err := n.Store.SaveFailed(ctx, header, findings)
	if err != nil {
		return header, errors.Join(cause, fmt.Errorf("recording that %s failed: %w", header.Source, err))
	}
	return saved, cause
}

// maxNotedRetries is the highest number of retries in the notes of a failed snapshot.
const maxNotedRetries = 20

// noteRetries counts the retries and adds their reasons to the notes, because a failed snapshot
// has no exchanges that show them.
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
