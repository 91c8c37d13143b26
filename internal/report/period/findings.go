package period

import (
	"cmp"
	"context"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// episode is a finding that was open in the period, from first seen until closed.
type episode struct {
	snapshot.Episode
	organization int    // its index in the report
	state        string // at the end of the period
	opened       string // when, relative to the period
	// closedBy is the time of the first intact snapshot without it, zero if there is none.
	closedBy time.Time
	daysOpen int    // until closedBy, else until the last snapshot with it
	accepted string // the exception that covers it at the end of the period
}

// The states of a finding in the order of the report, and the values of episode.opened.
const (
	stateOpen    = "open at the end"
	stateUnknown = "not known at the end: removed by retention"
	stateClosed  = "closed in the period"
	stateDropped = "not known at the end: the settings stopped asking for members"

	openedBefore    = "before the period"
	openedFailed    = "before the period, in a failed night"
	openedWithFirst = "with the first complete snapshot"
	openedIn        = "in the period"
)

var states = []string{stateOpen, stateDropped, stateUnknown, stateClosed}

// readFindings reads the findings that were open in the period. It counts those open at the
// start and at the end from a second source.
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
		if taken[e.LastID].IsZero() { // its snapshot failed between the opening snapshot and the period
			taken[e.LastID], failed = e.LastSeen, append(failed, e.LastID)
		}
		o.findings = append(o.findings, o.newEpisode(e, taken[e.LastID], from))
	}
	last := cmp.Or(o.closing, o.opening)
	failed = slices.DeleteFunc(failed, func(id int64) bool { return last != nil && id < last.ID })
	start, errStart := openFindings(ctx, store, o.opening, nil)
	end, errEnd := openFindings(ctx, store, last, failed)
	o.openAtStart, o.openAtEnd = len(start), len(end)
	for i := range o.findings {
		if e := &o.findings[i]; e.state == stateOpen {
			e.accepted = end[findingKey{e.Fingerprint, e.FirstSeen.Unix()}]
		}
	}
	return cmp.Or(errStart, errEnd)
}

// episodes returns the organization's findings since its opening snapshot, and those of failed
// snapshots without an organization id.
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

// newEpisode describes a stored episode relative to a period that begins at from. The last
// snapshot in which it was open was taken at last.
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
		if !asked(s) && ofMembers(&stored.Finding) {
			e.state = stateDropped // the finding did not end, the rule did
			break
		}
		if intact(s) {
			e.state, e.closedBy = stateClosed, s.TakenAt
			break
		}
		e.state = stateUnknown // retention deleted the content that would show whether it was still open
	}
	e.daysOpen = report.DaysBetween(e.FirstSeen, cmp.Or(e.closedBy, last))
	return e
}

// ofMembers reports whether a finding is judged only while the settings ask for members.
func ofMembers(f *finding.Finding) bool {
	return f.SubjectType == diff.Member || f.SubjectID == snapshot.PartMembers || f.SubjectID == snapshot.PartTokens
}

// findingKey identifies an episode.
type findingKey struct {
	fingerprint string
	firstSeen   int64 // Unix time
}

// openFindings returns the findings that are open in a complete snapshot and in the failed ones
// after it, each with the text of the exception that covers it. A pruned snapshot adds none.
func openFindings(ctx context.Context, store *snapshot.Store, complete *taken, failed []int64) (
	map[findingKey]string, error,
) {
	open := make(map[findingKey]string)
	if complete != nil && intact(complete) {
		failed = append(failed, complete.ID)
		carried, err := store.Carried(ctx, complete.header())
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

// addFindings lists the findings that were open in the period, by state and severity.
func (d *document) addFindings() {
	rules := make(map[string]finding.Rule)
	for _, rule := range finding.Rules() {
		rules[rule.ID] = rule
	}
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
		rule := rules[e.RuleID]
		title := cmp.Or(e.Title, rule.Title) // e has none if retention has left no snapshot with the finding
		frameworks := report.FrameworkCells(rule)
		t.Add(e.organization, append([]any{
			e.SubjectName, report.Word(e.Severity), e.state, report.Word(e.Status), e.RuleID, e.Observed,
			cmp.Or(e.Remedy, rule.Remedy), report.ControlsText(frameworks), d.names.Of(e.organization), title, e.opened,
			e.FirstSeen, e.LastSeen, table.Instant(e.closedBy, ""), e.daysOpen, e.accepted, e.Expected,
			string(e.SubjectType), e.SubjectID, e.Fingerprint,
		}, frameworks...)...)
	}
}

func compareEpisodes(a, b *episode) int {
	return cmp.Or(cmp.Compare(slices.Index(states, a.state), slices.Index(states, b.state)),
		compareSeverities(a.Severity, b.Severity), cmp.Compare(a.organization, b.organization),
		cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.SubjectType, b.SubjectType),
		cmp.Compare(a.SubjectID, b.SubjectID), a.FirstSeen.Compare(b.FirstSeen),
		cmp.Compare(a.Fingerprint, b.Fingerprint))
}

// placeExceptions lists an exception without an organization id only in the organizations in
// which it covered something or may have. If there is none, it lists the exception in the first
// one.
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

// exceptionState returns the state of an exception in the closing snapshot.
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

// addExceptions lists the exceptions that were on record for a snapshot in the period.
func (d *document) addExceptions() {
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
}
