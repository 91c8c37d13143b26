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
	switch {
	case c.first == nil:
		c.unknown = "not assessed: no snapshot could read them"
	case c.last == nil:
		c.unknown = "not known: no snapshot of the period after that could read them"
	case c.first.ID == c.last.ID:
		c.unknown = "not known: only one snapshot could read them"
	}
	c.items = []item{
		c.at("at the start", c.first, o.opening == nil || c.first == nil || c.first.ID <= o.opening.ID, "first"),
		{"added or reappeared", "", moved(o.changes, c.kind, diff.Added, diff.Reappeared), atLeast(o.lostChanges())},
		{"removed", "", moved(o.changes, c.kind, diff.Removed), atLeast(o.lostChanges())},
		c.at("at the end", c.last, c.last == o.closing, "last"),
	}
	if c.unknown != "" {
		c.items[1].count, c.items[1].remark = nil, c.unknown
		c.items[2].count, c.items[2].remark = nil, c.unknown
	}
}

// at counts the configurations in the first or the last snapshot that could read them. known says
// whether that is the count at this end of the period.
func (c *configurations) at(end string, s *snapshot.Snapshot, known bool, which string) item {
	switch {
	case s == nil:
		return item{end, "", nil, c.unknown}
	case !known:
		return item{end, "", nil, fmt.Sprintf("not known: the snapshot of %s is the %s that could read them, and has %d",
			report.UTC(s.TakenAt), which, c.size(s))}
	}
	return item{end, "", c.size(s), "snapshot of " + report.UTC(s.TakenAt)}
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
