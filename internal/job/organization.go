package job

import (
	"context"
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
	log        *finding.AuditLog
	findings   []finding.Finding
}

// takeSnapshot collects, compares, evaluates and stores one organization. If it fails, the header
// has what was known until then.
func (n *night) takeSnapshot(ctx context.Context, source fetch.Source) (snapshot.Snapshot, error) {
	t := &task{night: n, source: source, header: snapshot.Snapshot{
		RunID: n.runID, RuleSetID: n.ruleSetID, Source: source.Name, BaseURL: source.Fetch.BaseURL, TakenAt: n.TakenAt,
	}}
	for _, step := range []func(context.Context) error{
		t.pin,
		t.collect,
		t.compare,
		t.noteRenamed,
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
		return err
	}
	id := t.header.OrganizationID
	if other, taken := t.collected.LoadOrStore(id, t.source.Name); taken {
		return duplicate(id, other.(string))
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
	h.Pages = c.SCIM.Pages + c.SSO.Pages
	h.SCIMListing, h.SCIMReceived, h.SCIMDistinct = c.SCIM.Listing, c.SCIM.Received, c.SCIM.Distinct
	h.SSOListing, h.SSOReceived, h.SSODistinct = c.SSO.Listing, c.SSO.Received, c.SSO.Distinct
	h.SSONotAssessed, h.PoliciesNotAssessed = c.Inventory.SSONotAssessed, c.Inventory.PoliciesNotAssessed
	h.ServerClockKnown, h.ServerClockOffset = c.ClockKnown, c.ClockOffset
	h.Notes, h.UnknownFields = append(h.Notes, c.Notes...), c.UnknownFields
	if at := t.source.TokenExpires; !at.IsZero() {
		h.Notes = append(h.Notes,
			"the token of this run expires on "+at.Format(time.DateOnly)+", by the settings")
	}
}

// store stores the snapshot. The store refuses it if its baseline is no longer the last complete
// snapshot of the organization.
func (t *task) store(ctx context.Context) error {
	c := snapshot.Collected{
		Baseline: t.baseline, Inventory: t.inventory, Changes: t.changes, Findings: t.findings,
		Acceptances: finding.Accept(t.findings, t.header.OrganizationID, t.Exceptions, t.TakenAt),
		Response:    func(i int) ([]byte, error) { return t.exchanges[i].Body, nil },
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
	saved, err := t.Store.SaveComplete(ctx, c)
	if err != nil {
		return err
	}
	t.header = saved
	return nil
}
