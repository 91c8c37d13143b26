package period

import (
	"context"
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// configurations counts the configurations of one kind at the two ends of the period, and those that
// came and went between them.
type configurations struct {
	plural string
	kind   diff.SubjectType
	size   func(*snapshot.Snapshot) int
	// first and last are the snapshots in which they are counted: the ones nearest to the two ends
	// that could read them; nil where there is none.
	first, last *snapshot.Snapshot
	// unknown says why it is not known what was added and removed; it is empty where that is known.
	unknown string
	items   []item // at the start, added, removed, at the end
}

// readConfigurations counts the SCIM and SSO configurations. SSO configurations are counted from the
// last snapshot before the period that could read them, else from the first one in it.
func (o *organization) readConfigurations(ctx context.Context, store *snapshot.Store) error {
	o.scim = configurations{plural: "SCIM configurations", kind: diff.SCIMConfiguration, last: o.closing,
		size: func(s *snapshot.Snapshot) int { return s.SCIMConfigurations }}
	o.sso = configurations{plural: "SSO configurations", kind: diff.SSOConfiguration,
		size: func(s *snapshot.Snapshot) int { return s.SSOConfigurations }}
	if len(o.complete) > 0 {
		o.scim.first = o.complete[0]
	}
	if o.opening != nil {
		var err error
		if o.sso.first, err = found(store.LastWithSSO(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
		if o.policiesBefore, err = found(store.LastWithPolicies(ctx, o.id, o.opening.ID)); err != nil {
			return err
		}
	}
	for _, s := range o.complete {
		if s == o.opening || s.SSONotAssessed != "" {
			continue
		}
		if o.sso.first == nil {
			o.sso.first = s
		}
		o.sso.last = s
	}
	o.count(&o.scim)
	o.count(&o.sso)
	return nil
}

// found is a snapshot that the store may have, nil where it has none.
func found(s snapshot.Snapshot, ok bool, err error) (*snapshot.Snapshot, error) {
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// count makes the items.
func (o *organization) count(c *configurations) {
	start, end := item{name: "at the start"}, item{name: "at the end"}
	switch {
	case c.first == nil:
		c.unknown = "not assessed: no snapshot could read them"
		start.remark = c.unknown
	case o.opening != nil && c.first.ID > o.opening.ID:
		start.remark = fmt.Sprintf("not known: the snapshot of %s is the first that could read them, and has %d",
			report.UTC(c.first.TakenAt), c.size(c.first))
	case o.opening == nil:
		start.count, start.remark = c.size(c.first), "snapshot of "+report.UTC(c.first.TakenAt)+", the first that has them"
	default:
		start.count, start.remark = c.size(c.first), "snapshot of "+report.UTC(c.first.TakenAt)
	}
	switch {
	case c.first == nil:
		end.remark = c.unknown
	case c.last == nil:
		c.unknown = "not known: no snapshot of the period after that could read them"
		end.remark = c.unknown
	case c.last != o.closing:
		end.remark = fmt.Sprintf("not known: the snapshot of %s is the last that could read them, and has %d",
			report.UTC(c.last.TakenAt), c.size(c.last))
	default:
		end.count, end.remark = c.size(c.last), "snapshot of "+report.UTC(c.last.TakenAt)
	}
	if c.last != nil && c.first.ID == c.last.ID {
		c.unknown = "not known: only one snapshot could read them"
	}
	added := item{"added or reappeared", "", moved(o.changes, c.kind, diff.Added, diff.Reappeared), atLeast(o.lostChanges())}
	removed := item{"removed", "", moved(o.changes, c.kind, diff.Removed), atLeast(o.lostChanges())}
	if c.unknown != "" {
		added.count, added.remark = nil, c.unknown
		removed.count, removed.remark = nil, c.unknown
	}
	c.items = []item{start, added, removed, end}
}

// moved counts the changes of some kinds to the configurations of one kind.
func moved(changes []change, subject diff.SubjectType, kinds ...diff.Kind) int {
	n := 0
	for i := range changes {
		if c := &changes[i]; c.SubjectType == subject && slices.Contains(kinds, c.Kind) {
			n++
		}
	}
	return n
}
