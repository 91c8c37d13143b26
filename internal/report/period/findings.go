package period

import (
	"cmp"
	"context"
	"slices"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// episode is a finding that was open in the period, from when it was first seen until it was closed.
type episode struct {
	snapshot.Episode
	organization int    // its index in the report
	state        string // at the end of the period
	opened       string // when, as seen from the period
	// closedBy is when the first intact snapshot was taken in which it was no longer open, zero where
	// there is none.
	closedBy time.Time
	daysOpen int    // until closedBy, else until the last snapshot in which it was open
	accepted string // the exception that covers it at the end
}

// The states of a finding, in the order of the report, and when it was opened.
const (
	stateOpen    = "open at the end"
	stateUnknown = "not known at the end: removed by retention"
	stateClosed  = "closed in the period"

	openedBefore    = "before the period"
	openedFailed    = "before the period, in a failed night"
	openedWithFirst = "with the first complete snapshot"
	openedIn        = "in the period"
)

var states = []string{stateOpen, stateUnknown, stateClosed}

// readFindings reads the findings that were open in the period, and counts those at its two ends from
// a second source.
func (o *organization) readFindings(ctx context.Context, store *snapshot.Store, from time.Time) error {
	stored, err := o.episodes(ctx, store)
	if err != nil {
		return err
	}
	taken, failed := make(map[int64]time.Time), []int64{}
	for _, s := range slices.Concat(o.complete, o.since) {
		taken[s.ID] = s.TakenAt
		if !complete(s) && !pruned(s) {
			failed = append(failed, s.ID)
		}
	}
	for _, e := range stored {
		if taken[e.LastID].IsZero() { // it failed after the opening snapshot and before the period
			taken[e.LastID], failed = e.LastSeen, append(failed, e.LastID)
		}
		o.findings = append(o.findings, o.newEpisode(e, taken[e.LastID], from))
	}
	last := cmp.Or(o.closing, o.opening)
	failed = slices.DeleteFunc(failed, func(id int64) bool { return last != nil && id < last.ID })
	start, errStart := openIn(ctx, store, o.opening, nil)
	end, errEnd := openIn(ctx, store, last, failed)
	o.openAtStart, o.openAtEnd = len(start), len(end)
	for i := range o.findings {
		if e := &o.findings[i]; e.state == stateOpen {
			e.accepted = end[findingKey{e.Fingerprint, e.FirstSeen.Unix()}]
		}
	}
	return cmp.Or(errStart, errEnd)
}

// episodes are the findings of the organization from its opening snapshot on, and those of failed
// snapshots that did not know their organization.
func (o *organization) episodes(ctx context.Context, store *snapshot.Store) ([]snapshot.Episode, error) {
	all, err := store.Episodes(ctx, o.id, max(o.after, 1)-1, o.upTo)
	if err != nil {
		return nil, err
	}
	for _, s := range o.since {
		if s.OrganizationID != "" || pruned(s) {
			continue
		}
		findings, err := store.Findings(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range findings {
			if !f.FirstSeen.IsZero() {
				all = append(all, snapshot.Episode{
					Finding: f.Finding, Title: f.Title, Expected: f.Expected, Remedy: f.Remedy,
					FirstSeen: f.FirstSeen, LastID: s.ID, LastSeen: f.TakenAt,
				})
			}
		}
	}
	return all, nil
}

// newEpisode is a stored episode, which was last open in the snapshot taken at last, as seen from a
// period that begins at from.
func (o *organization) newEpisode(stored snapshot.Episode, last, from time.Time) episode {
	e := episode{Episode: stored, organization: o.index, state: stateOpen, opened: openedIn}
	switch {
	case o.opening != nil && !e.FirstSeen.After(o.opening.TakenAt):
		e.opened = openedBefore
	case e.FirstSeen.Before(from):
		e.opened = openedFailed
	case o.opening == nil && len(o.complete) > 0 && e.FirstSeen.Equal(o.complete[0].TakenAt):
		e.opened = openedWithFirst
	}
	for _, s := range o.complete {
		if s.ID <= e.LastID {
			continue
		}
		if intact(s) {
			e.state, e.closedBy = stateClosed, s.TakenAt
			break
		}
		e.state = stateUnknown // retention removed the snapshot that would show whether it was open
	}
	e.daysOpen = report.DaysBetween(e.FirstSeen, cmp.Or(e.closedBy, last))
	return e
}

// findingKey tells episodes apart.
type findingKey struct {
	fingerprint string
	firstSeen   int64 // Unix time
}

// openIn are the findings that a complete snapshot and failed ones after it hold open, each with the
// exception that covers it, in words. Of a snapshot that retention removed none are known.
func openIn(ctx context.Context, store *snapshot.Store, complete *snapshot.Snapshot, failed []int64) (
	map[findingKey]string, error,
) {
	open := make(map[findingKey]string)
	if complete != nil && intact(complete) {
		failed = append(failed, complete.ID)
		carried, err := store.Carried(ctx, *complete)
		if err != nil {
			return nil, err
		}
		for _, c := range carried {
			open[findingKey{c.Fingerprint, c.FirstSeen.Unix()}] = ""
		}
	}
	for _, id := range failed {
		findings, err := store.Findings(ctx, id)
		if err != nil {
			return nil, err
		}
		for i := range findings {
			if f := &findings[i]; !f.FirstSeen.IsZero() {
				open[findingKey{f.Fingerprint, f.FirstSeen.Unix()}] = report.AcceptedText(f)
			}
		}
	}
	return open, nil
}

// findingTable has each finding that was open at some time in the period: the open ones first, the
// most serious first.
func (d *document) findingTable() *table.Table {
	rules := finding.Rules()
	var controls []table.Column
	for _, c := range report.FrameworkColumns() {
		controls = append(controls, table.Lists(c.Title, c.Key))
	}
	t := d.table("Findings", controls...)
	var all []*episode
	for i, o := range d.organizations {
		for j := range o.findings {
			all = append(all, &o.findings[j])
		}
		d.missing(t, i, o.lostOf("findings"))
	}
	slices.SortFunc(all, compareEpisodes)
	for _, e := range all {
		title := e.Title
		for _, rule := range rules {
			if title == "" && rule.ID == e.RuleID {
				title = rule.Title // no snapshot that has the finding is left
			}
		}
		t.Add(e.organization, append([]any{
			e.RuleID, e.state, report.Word(e.Status), report.Word(e.Severity), d.names.Of(e.organization), title,
			e.SubjectName, e.SubjectID, string(e.SubjectType), e.opened, e.FirstSeen, e.LastSeen,
			table.Instant(e.closedBy, ""), e.daysOpen, e.accepted, e.Observed, e.Expected, e.Fingerprint,
		}, report.FrameworkCells(rules, e.RuleID)...)...)
	}
	return t
}

func compareEpisodes(a, b *episode) int {
	return cmp.Or(cmp.Compare(slices.Index(states, a.state), slices.Index(states, b.state)),
		compareSeverities(a.Severity, b.Severity), cmp.Compare(a.organization, b.organization),
		cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.SubjectType, b.SubjectType),
		cmp.Compare(a.SubjectID, b.SubjectID), a.FirstSeen.Compare(b.FirstSeen),
		cmp.Compare(a.Fingerprint, b.Fingerprint))
}

// placeExceptions leaves an exception that names no organization with those organizations in which it
// covered something or might have, or with the first one where it did in none.
func (p *Period) placeExceptions() {
	covers, placed := make(map[finding.Exception]bool), make(map[finding.Exception]bool)
	for _, o := range p.organizations {
		for _, x := range o.exceptions {
			covers[x.Exception] = covers[x.Exception] || x.Applied+x.Open > 0
		}
	}
	for _, o := range p.organizations {
		o.exceptions = slices.DeleteFunc(o.exceptions, func(x snapshot.Standing) bool {
			stays := x.OrganizationID != "" || x.Applied+x.Open > 0 || !covers[x.Exception] && !placed[x.Exception]
			placed[x.Exception] = placed[x.Exception] || stays
			return !stays
		})
	}
}

const exceptionInForce = "in force"

// exceptionState is how an exception stood in the closing snapshot.
func (o *organization) exceptionState(x *snapshot.Standing) string {
	switch {
	case o.closing == nil || !intact(o.closing):
		return "not known"
	case x.Last.Before(o.closing.TakenAt):
		return "withdrawn"
	case x.InForce == 0 || !x.Exception.InForce(o.closing.TakenAt):
		return "expired"
	}
	return exceptionInForce
}

// exceptionTable has the exceptions that the snapshots of the period saw.
func (d *document) exceptionTable() *table.Table {
	t := d.table("Exceptions")
	for i, o := range d.organizations {
		for j := range o.exceptions {
			x := &o.exceptions[j]
			t.Add(i, x.RuleID, o.exceptionState(x), o.name, x.SubjectID, x.OrganizationID, x.Owner,
				table.Day(x.Expires), x.Reason, x.Ticket, x.First, x.Last, x.Snapshots, x.InForce, x.Applied,
				x.Findings)
		}
		d.missing(t, i, o.lostOf("exceptions"))
	}
	return t
}
