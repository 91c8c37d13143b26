package period

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// part is what a complete snapshot may lack; unread returns why it could not be read, or "".
type part struct {
	name   string
	unread func(*taken) string
}

// parts lists what the complete snapshots of an organization may lack.
func (o *organization) parts() []part {
	var all []part
	for _, c := range snapshot.ComparedParts {
		all = append(all, part{c.Noun, func(s *taken) string { return snapshot.NotAssessed(s.parts, c.Part) }})
	}
	if o.ofMembers() {
		all = append(all, part{"members", func(s *taken) string {
			if !asked(s) {
				return ona.MembersNotRequested
			}
			return s.MembersNotAssessed
		}})
	}
	return all
}

// readChanges reads the changes that the snapshots in the period found, and the net change.
func (o *organization) readChanges(ctx context.Context, store *snapshot.Store) error {
	for _, s := range o.since {
		if !intact(s) || s.Changes == 0 {
			continue
		}
		changes, errChanges := store.Changes(ctx, s.ID)
		log, errLog := store.AuditLog(ctx, s.ID)
		if err := cmp.Or(errChanges, errLog); err != nil {
			return err
		}
		o.changes, o.logs[s.ID] = append(o.changes, changes...), log
	}
	left := slices.DeleteFunc(slices.Clone(o.complete), pruned)
	if len(left) < 2 {
		return nil
	}
	o.net.before, o.net.after = left[0], left[len(left)-1]
	changes, err := store.NetChanges(ctx, o.net.before.header(), o.net.after.header())
	for _, c := range changes {
		o.net.changes = append(o.net.changes, snapshot.Change{Change: c})
	}
	return err
}

// comparison describes the snapshot that a change was compared with: when it was taken, nil if
// it is unknown, and whether nights without a complete snapshot lie between.
func (o *organization) comparison(c *snapshot.Change) (taken any, text string) {
	b := o.comparedWith(c)
	if b == nil {
		return nil, ""
	}
	if b.ID != c.BaselineID {
		return b.TakenAt, "net change since the last snapshot that could read it"
	}
	between := report.CountOf(o.uncovered, func(night time.Time) bool {
		return night.After(b.TakenAt) && night.Before(c.TakenAt)
	})
	if between == 0 {
		return b.TakenAt, "with the snapshot before"
	}
	return b.TakenAt, fmt.Sprintf("net change over %s without a complete snapshot", report.Count(between, "night"))
}

// comparedWith returns the snapshot that a change was compared with: its baseline, or the last
// earlier complete snapshot that could read the subject, if the baseline could not.
func (o *organization) comparedWith(c *snapshot.Change) *taken {
	of := snapshot.PartOf(&c.Change)
	for _, s := range slices.Backward(o.complete) {
		if s.ID == c.BaselineID || of != snapshot.PartSCIM && s.ID < c.SnapshotID {
			if snapshot.NotAssessed(s.parts, of) == "" {
				return s
			}
		}
	}
	if of == snapshot.PartMembers {
		return o.members.first
	}
	return o.before[of]
}

const noneAfterOpening = "no complete snapshot in the period follows the opening one"

func (d *document) addChanges() {
	last := len(report.ChangeColumns) - 1 // columns that only JSON has must stay last
	t := d.table("Changes", slices.Insert(slices.Clone(report.ChangeColumns), last,
		table.Time("Compared with", "baseline_taken_at"), table.Text("Comparison", "comparison"))...)
	for i, o := range d.organizations {
		for j := range o.changes {
			c := &o.changes[j]
			baseline, comparison := o.comparison(c)
			t.Add(i, slices.Insert(report.ChangeCells(o.name, o.logs[c.SnapshotID], c), last, baseline, any(comparison))...)
		}
		d.missing(t, i, o.lostChanges())
		if o.closing == nil {
			d.missing(t, i, noneAfterOpening)
		}
	}
}

// netKeys are the columns of a net change. It has no actor: several changes may add up to it.
var netKeys = strings.Fields("subject_name severity what was now note organization kind field subject_type before " +
	"before_label after after_label subject_id")

// addNetChanges lists the net change of each organization.
func (d *document) addNetChanges() {
	t := d.table("Net change", netOnly(report.ChangeColumns)...)
	for i, o := range d.organizations {
		for j := range o.net.changes {
			t.Add(i, netOnly(report.ChangeCells(o.name, nil, &o.net.changes[j]))...)
		}
		text, missing := o.netText()
		t.Remarks = append(t.Remarks, table.Remark{Organization: i, Text: o.name + ": " + text, Missing: missing})
	}
}

// netOnly keeps the columns of a change, or their cells, that netKeys names.
func netOnly[T any](all []T) []T {
	var some []T
	for i, c := range report.ChangeColumns {
		if slices.Contains(netKeys, c.Key) {
			some = append(some, all[i])
		}
	}
	return some
}

// netText names the two snapshots of the net change. missing reports whether rows may be
// missing, because one of the two snapshots could not read everything.
func (o *organization) netText() (text string, missing bool) {
	n := &o.net
	if n.after == nil {
		return "net change not known: fewer than two complete snapshots have their content", true
	}
	texts := []string{fmt.Sprintf("net change between the snapshots taken at %s and %s: %s",
		report.UTC(n.before.TakenAt), report.UTC(n.after.TakenAt), report.Count(len(n.changes), "row"))}
	if start := o.complete[0]; n.before != start {
		texts = append(texts, fmt.Sprintf("retention deleted the content of the first complete snapshot, taken at %s; "+
			"differences before %s are not included", report.UTC(start.TakenAt), report.UTC(n.before.TakenAt)))
	}
	if n.after != o.closing {
		texts = append(texts, "retention deleted the content of the closing snapshot, taken at "+
			report.UTC(o.closing.TakenAt))
	}
	for _, part := range o.parts() {
		s := n.before
		if part.unread(s) == "" {
			s = n.after
		}
		if reason := part.unread(s); reason != "" {
			missing = true
			texts = append(texts, fmt.Sprintf("%s not assessed: the snapshot taken at %s could not read them (%s)",
				part.name, report.UTC(s.TakenAt), reason))
		}
	}
	if o.ofMembers() && n.before.MembersSaltID != n.after.MembersSaltID {
		missing = true
		texts = append(texts, "members not compared: the two snapshots store them in different forms")
	}
	return strings.Join(texts, "; "), missing
}
