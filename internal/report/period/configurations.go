package period

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// configurations are those of one kind at the two ends of the period.
type configurations struct {
	plural string
	kind   diff.SubjectType
	size   func(*snapshot.Snapshot) int
	// first and last are the snapshots in which they are counted: the ones nearest to the two ends
	// that could read them; nil where there is none.
	first, last *snapshot.Snapshot
}

// readConfigurations finds the snapshots in which the configurations are counted. SSO configurations
// are counted from the last snapshot before the period that could read them, else from the first one in
// it.
func (o *organization) readConfigurations(ctx context.Context, store *snapshot.Store) (err error) {
	o.scim = configurations{plural: "SCIM configurations", kind: diff.SCIMConfiguration, last: o.closing,
		size: func(s *snapshot.Snapshot) int { return s.SCIMConfigurations }}
	o.sso = configurations{plural: "SSO configurations", kind: diff.SSOConfiguration,
		size: func(s *snapshot.Snapshot) int { return s.SSOConfigurations }}
	if o.opening != nil {
		if o.sso.first, err = found(store.LastWithSSO(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
		if o.policiesBefore, err = found(store.LastWithPolicies(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
	}
	for _, s := range o.complete {
		o.scim.first = cmp.Or(o.scim.first, s)
		if s != o.opening && s.SSONotAssessed == "" {
			o.sso.first, o.sso.last = cmp.Or(o.sso.first, s), s
		}
	}
	return nil
}

// found is a snapshot that the store may have, nil where it has none.
func found(s snapshot.Snapshot, ok bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// unknown says why it is not known what was added and removed; it is empty where that is known.
func (c *configurations) unknown() string {
	switch {
	case c.first == nil:
		return "not assessed: no snapshot could read them"
	case c.last == nil:
		return "not known: no snapshot of the period after that could read them"
	case c.first.ID == c.last.ID:
		return "not known: only one snapshot could read them"
	}
	return ""
}

func (d *document) countConfigurations(o *organization, c *configurations) {
	came := any(moved(o.changes, c.kind, diff.Added, diff.Reappeared))
	went, remark := any(moved(o.changes, c.kind, diff.Removed)), atLeast(o.lostChanges())
	if why := c.unknown(); why != "" {
		came, went, remark = nil, nil, why
	}
	atStart := o.opening == nil || c.first == nil || c.first.ID <= o.opening.ID
	d.countIn(item{o.index, c.plural, "at the start", ""}, c, c.first, atStart, "first")
	d.count(item{o.index, c.plural, "added or reappeared", ""}, came, remark)
	d.count(item{o.index, c.plural, "removed", ""}, went, remark)
	d.countIn(item{o.index, c.plural, atEnd, ""}, c, c.last, c.last == o.closing, "last")
}

// countIn counts the configurations in the first or the last snapshot that could read them. known says
// whether that is the count at this end of the period.
func (d *document) countIn(x item, c *configurations, s *snapshot.Snapshot, known bool, which string) {
	switch {
	case s == nil:
		d.count(x, nil, c.unknown())
	case known:
		d.count(x, c.size(s), "snapshot of "+report.UTC(s.TakenAt))
	default:
		d.count(x, nil, fmt.Sprintf("not known: the snapshot of %s is the %s that could read them, and has %d",
			report.UTC(s.TakenAt), which, c.size(s)))
	}
}

// moved counts the changes of some kinds to the configurations of one kind.
func moved(changes []change, subject diff.SubjectType, kinds ...diff.Kind) int {
	return countOf(changes, func(c change) bool { return c.SubjectType == subject && slices.Contains(kinds, c.Kind) })
}
