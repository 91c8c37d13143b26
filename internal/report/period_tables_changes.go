package report

import (
	"cmp"
	"fmt"
	"slices"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/snapshot"
)

// netTable is what differs between the first and the last snapshot of each organization. Nobody can be said to have made a net change.
func (v *periodView) netTable() *table {
	full := &table{name: "Net change", file: "net_change.csv", columns: changeColumns}
	full.rows = rowsOfPeriod(v, func(o *periodOrganization) []diff.Change { return o.net.changes },
		func(label string, _ *periodOrganization, c *diff.Change) []any {
			return changeCells(label, nil, &snapshot.Change{Change: *c})
		})
	t := full.pick("subject_id", "organization", "severity", "kind", "subject_type", "subject_name", "field", "before", "before_label", "after", "after_label", "note")
	for i, o := range v.each() {
		t.remarks = append(t.remarks, remark{i, v.labels[i] + ": " + o.netText(), o.net.after == nil})
		for _, part := range o.net.unread() {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: net change of %s not assessed: the snapshot of %s could not read them: %s",
				v.labels[i], part.what, utc(part.snapshot.TakenAt), part.why), true})
		}
	}
	return t
}

// netText says between what the net change is.
func (o *periodOrganization) netText() string {
	if o.net.after == nil {
		return "no net change can be told: there are no two complete snapshots that retention has left"
	}
	text := fmt.Sprintf("net change between the snapshots of %s and %s: %s", utc(o.net.before.TakenAt), utc(o.net.after.TakenAt), count(len(o.net.changes), "row"))
	switch start := o.scimOpening(); {
	case o.net.before.ID != start.ID:
		text += fmt.Sprintf("; retention removed the snapshot of %s, with which the period begins, and what came before the first of them", utc(start.TakenAt))
	case o.opening == nil:
		text += "; the first of them is the organization's first complete snapshot in the database"
	}
	if o.closing != nil && o.net.after.ID != o.closing.ID {
		text += fmt.Sprintf("; retention removed the closing snapshot of %s", utc(o.closing.TakenAt))
	}
	for _, part := range o.net.unread() {
		text += "; " + part.what + " not assessed"
	}
	return text
}

// unreadPart is a part that one of two compared snapshots could not read.
type unreadPart struct {
	what, why string
	snapshot  *snapshot.Snapshot
}

// unread is what was not compared.
func (n *netChange) unread() []unreadPart {
	if n.after == nil {
		return nil
	}
	var all []unreadPart
	for _, s := range []*snapshot.Snapshot{n.before, n.after} {
		if s.SSONotAssessed != "" {
			all = append(all, unreadPart{"SSO configurations", s.SSONotAssessed, s})
		}
		if s.PoliciesNotAssessed != "" {
			all = append(all, unreadPart{"organization policies", s.PoliciesNotAssessed, s})
		}
	}
	slices.SortStableFunc(all, func(a, b unreadPart) int { return -cmp.Compare(a.what, b.what) })
	return slices.CompactFunc(all, func(a, b unreadPart) bool { return a.what == b.what })
}

// changeTable has every change that a snapshot of the period shows, oldest first.
func (v *periodView) changeTable() *table {
	t := &table{
		name: "Changes", file: fileChanges,
		columns: append(append([]column{}, changeColumns...), column{"Compared with (UTC)", "baseline_taken_at"}, column{"Comparison", "comparison"}),
		rows: rowsOfPeriod(v, func(o *periodOrganization) []periodChange { return o.changes },
			func(label string, o *periodOrganization, c *periodChange) []any {
				baseline, comparison := o.comparison(c)
				return append(changeCells(label, c.log, &c.Change), baseline, comparison)
			}),
	}
	for i, o := range v.each() {
		if o.opening == nil && o.closing != nil {
			t.remarks = append(t.remarks, remark{i, v.labels[i] + ": its first complete snapshot, which has nothing to be compared with, is in the period", false})
		}
		if n := o.lostChanges(); n > 0 {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: %s removed by retention are not known any more", wordNotComplete, v.labels[i], count(n, "change")), true})
		}
		if o.closing == nil {
			t.remarks = append(t.remarks, remark{i, fmt.Sprintf("%s: %s: no complete snapshot in the period after the opening one: no change can be told",
				wordNotComplete, v.labels[i]), true})
		}
	}
	return t
}

// comparison is the instant of the snapshot that a change was found against, and whether nights lie between that nobody knows.
func (o *periodOrganization) comparison(c *periodChange) (baseline any, text string) {
	b, s := o.comparedWith(c), o.byID[c.SnapshotID]
	if b == nil {
		return nil, "" // it was compared with a snapshot that is not of this organization's period
	}
	if b.ID != c.BaselineID {
		return b.TakenAt, "net change since the last snapshot that could read it"
	}
	between := 0
	if b == o.opening {
		between = o.gap
	}
	for i := range o.nights {
		n := &o.nights[i]
		if n.lacks() && n.ScheduledAt.After(b.TakenAt) && n.ScheduledAt.Before(s.TakenAt) {
			between++
		}
	}
	if between == 0 {
		return b.TakenAt, "with the snapshot before"
	}
	return b.TakenAt, fmt.Sprintf("net change over %s without a complete snapshot", count(between, "night"))
}

// comparedWith is the snapshot that a change was found against: the one before, or where that could not read the SSO configurations or the policies
// the last one that could.
func (o *periodOrganization) comparedWith(c *periodChange) *snapshot.Snapshot {
	unread, older := func(*snapshot.Snapshot) string { return "" }, (*snapshot.Snapshot)(nil)
	switch {
	case c.SubjectType == diff.SSOConfiguration:
		unread, older = func(s *snapshot.Snapshot) string { return s.SSONotAssessed }, o.ssoOpening
	case c.Kind == diff.RestrictionSet || c.Kind == diff.RestrictionLifted:
		unread, older = func(s *snapshot.Snapshot) string { return s.PoliciesNotAssessed }, o.policiesOpening
	}
	b := o.byID[c.BaselineID]
	for b != nil && unread(b) != "" {
		if b == o.opening {
			return older
		}
		b = o.byID[b.BaselineID]
	}
	return b
}
