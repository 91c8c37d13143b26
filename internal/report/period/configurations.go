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

// configurations counts the configurations of one kind at the start and at the end of the period.
type configurations struct {
	plural string
	kind   diff.SubjectType
	size   func(*snapshot.Snapshot) int
	// first and last are the snapshots in which they are counted: those nearest to the start and
	// the end that could read them, nil if there is none.
	first, last *snapshot.Snapshot
}

// readConfigurations finds the snapshots in which the configurations are counted. The first for SSO
// configurations is the last snapshot before the period that could read them, else the first in the
// period.
func (o *organization) readConfigurations(ctx context.Context, store *snapshot.Store) (err error) {
	o.scim = configurations{plural: "SCIM configurations", kind: diff.SCIMConfiguration, last: o.closing,
		size: func(s *snapshot.Snapshot) int { return s.SCIMConfigurations }}
	o.sso = configurations{plural: "SSO configurations", kind: diff.SSOConfiguration,
		size: func(s *snapshot.Snapshot) int { return s.SSOConfigurations }}
	if o.opening != nil {
		if o.sso.first, err = snapshotOrNil(store.LastWithSSO(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
		if o.policiesBefore, err = snapshotOrNil(store.LastWithPolicies(ctx, o.id, o.opening.ID)); err != nil {
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

// snapshotOrNil returns nil for a snapshot that the store does not have.
func snapshotOrNil(s snapshot.Snapshot, ok bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// unknown returns why the numbers of added and removed configurations are not known, or "".
func (c *configurations) unknown() string {
	switch {
	case c.first == nil:
		return "not assessed: no snapshot could read them"
	case c.last == nil:
		return "not known: no later snapshot in the period could read them"
	case c.first.ID == c.last.ID:
		return "not known: only one snapshot could read them"
	}
	return ""
}

func (d *document) countConfigurations(o *organization, c *configurations) {
	added := any(countKinds(o.changes, c.kind, diff.Added, diff.Reappeared))
	removed, remark := any(countKinds(o.changes, c.kind, diff.Removed)), atLeast(o.lostChanges())
	if reason := c.unknown(); reason != "" {
		added, removed, remark = nil, nil, reason
	}
	atStart := o.opening == nil || c.first == nil || c.first.ID <= o.opening.ID
	d.countIn(item{o.index, c.plural, "at the start", ""}, c, c.first, atStart, "first")
	d.count(item{o.index, c.plural, "added or reappeared", ""}, added, remark)
	d.count(item{o.index, c.plural, "removed", ""}, removed, remark)
	d.countIn(item{o.index, c.plural, atEnd, ""}, c, c.last, c.last == o.closing, "last")
}

// countIn counts the configurations in the first or the last snapshot that could read them. known
// reports whether this is the count at the start or the end of the period.
func (d *document) countIn(x item, c *configurations, s *snapshot.Snapshot, known bool, which string) {
	switch {
	case s == nil:
		d.count(x, nil, c.unknown())
	case known:
		d.count(x, c.size(s), "snapshot taken at "+report.UTC(s.TakenAt))
	default:
		d.count(x, nil, fmt.Sprintf("not known: the %s snapshot that could read them, taken at %s, has %d",
			which, report.UTC(s.TakenAt), c.size(s)))
	}
}

// countKinds counts the changes of the given kinds to configurations of one kind.
func countKinds(changes []snapshot.Change, subject diff.SubjectType, kinds ...diff.Kind) int {
	return countOf(changes, func(c snapshot.Change) bool {
		return c.SubjectType == subject && slices.Contains(kinds, c.Kind)
	})
}
