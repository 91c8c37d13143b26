package period

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
)

// addNights lists every night with its result, then the days without an expected night, and the
// runs that stand for none. For a fleet, it lists a night once if it needs no
// attention in any organization.
func (d *document) addNights() {
	t := d.table("Nights")
	add := func(n *organizationNight) {
		t.Add(n.organization, append([]any{
			n.ScheduledAt, n.ScheduledAt.UTC().Format(time.DateOnly), d.names.Of(n.organization), report.Word(n.status),
			n.reason(),
			n.draw <= d.Sample, n.draw,
			cmp.Or(n.expression, "no scheduled time was in force: UTC day"),
		}, n.collectionCells()...)...)
	}
	listed := make(map[*night]bool)
	for n := range d.every() {
		if !d.isFleet || n.needsAttention() {
			add(n)
			listed[n.night] = true
		}
	}
	for _, n := range d.nights {
		if !listed[n] {
			add(&organizationNight{n, table.RunLevel, schedule.Complete, nil})
		}
	}
	d.addDays(t)
	d.fleetRemark(t, "leaves out the organizations of which everything was read in a night. "+
		"The sheet Population counts their nights")
}

// needsAttention reports whether the report of a fleet lists the night.
func (n *organizationNight) needsAttention() bool {
	return n.status != schedule.Complete || n.reason() != "" || n.unread() != ""
}

// fleetRemark says what a table of the report of a fleet leaves out.
func (d *document) fleetRemark(t *table.Table, text string) {
	if d.isFleet {
		t.Remark(table.RunLevel, fmt.Sprintf("A report on more than %d organizations %s.", report.FleetSize, text))
	}
}

// collectionCells returns the cells about the night's run and snapshot.
func (n *organizationNight) collectionCells() []any {
	s := n.snapshot
	switch {
	case s == nil && n.run == nil:
		return nil
	case s == nil:
		return []any{int(n.run.ID)} // the run has no snapshot of the organization
	}
	cells := []any{int(s.RunID), int(s.ID), s.TakenAt, nil}
	if n.expression != "" { // a day without a schedule has no expected time
		cells[3] = int(s.TakenAt.Sub(n.ScheduledAt) / time.Minute)
	}
	if !complete(s) {
		return cells
	}
	cells = append(cells, counts(s)...)
	if s.SSONotAssessed != "" {
		cells[5] = table.Why("not assessed") // the sheet Snapshots says why
	}
	return append(cells, n.unread())
}

// reason returns the reason for the night's status, and when retention deleted its content.
func (n *organizationNight) reason() string {
	text := ""
	switch {
	case n.status == schedule.Failed && n.snapshot != nil:
		text = errorText(n.snapshot)
	case n.status == schedule.CaughtUp:
		text = "a later run counts for this night"
	case n.status == schedule.Running:
		text = "the run has not ended"
	case n.status == schedule.Due && n.expression == "":
		text = "the day is not over"
	case n.status == schedule.Due:
		text = "due, without a result yet"
	case n.isUncovered() && n.run == nil && len(n.misdated)+len(n.unconfirmed) > 0:
		text = "no run counts for this night; " + n.maybe() + " between the runs before and after it"
	case n.isUncovered() && n.run == nil:
		text = "no run started"
	case n.isUncovered():
		text = fmt.Sprintf("run %d has no snapshot of this organization: %s", n.run.ID, report.OneLine(n.run.Error))
		text = strings.TrimSuffix(text, ": ")
	}
	if n.snapshot != nil && pruned(n.snapshot) {
		text += "; retention deleted the content of the snapshot at " + report.UTC(n.snapshot.PrunedAt)
	}
	return strings.TrimPrefix(text, "; ")
}

// maybe names the runs that may have been in the night.
func (n *night) maybe() string {
	var all []string
	if len(n.misdated) > 0 {
		all = append(all, inRuns(n.misdated)+" ran with a wrong clock")
	}
	if len(n.unconfirmed) > 0 {
		all = append(all, inRuns(n.unconfirmed)+" ran with a clock that nobody confirms")
	}
	return strings.Join(all, " and ")
}

// errorText returns why a snapshot failed.
func errorText(s *taken) string {
	text := cmp.Or(report.OneLine(s.Error), "no reason was recorded")
	if s.ErrorCode != "" {
		text = s.ErrorCode + ": " + text
	}
	return text
}

// addSample lists the sampled nights in the order of their draw.
func (d *document) addSample() {
	t := d.table("Sample")
	drawn := d.drawn[:min(len(d.drawn), d.Sample)]
	for _, n := range drawn {
		t.Add(table.RunLevel, d.sampleCells(n)...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("%d of %s drawn with the seed %d.",
		len(drawn), report.Count(len(d.nights), "night"), d.Seed))
	t.Remark(table.RunLevel, "To repeat the draw, write the seed, a vertical bar and the night, such as "+
		d.From.UTC().Format(time.RFC3339)+", for each different night in the sheet Nights, with several databases "+
		"for those of one database. Sort these texts by their SHA-256 in hexadecimal. The first ones are the sample.")
}

func (d *document) sampleCells(n *night) []any {
	var complete, uncovered, folders []string
	var runs []int64
	for seen := range d.every() {
		if seen.night != n {
			continue
		}
		if seen.isUncovered() {
			uncovered = append(uncovered, d.names.Of(seen.organization))
		} else if seen.snapshot != nil {
			complete = append(complete, d.names.Of(seen.organization))
		}
		if seen.snapshot != nil {
			runs = append(runs, seen.snapshot.RunID)
		}
	}
	var run, began any
	if n.run != nil {
		runs, run, began = append(runs, n.run.ID), int(n.run.ID), n.run.StartedAt
	}
	slices.Sort(runs)
	for _, id := range slices.Compact(runs) {
		folders = append(folders, folder.RunName(d.runs[id].StartedAt, id))
	}
	return []any{
		n.draw, n.ScheduledAt, report.Word(n.Status), run, began, d.listed(complete), d.listed(uncovered),
		cmp.Or(strings.Join(folders, ", "), "none"), n.key,
	}
}

// listed returns the names of organizations. A fleet has too many for a cell.
func (d *document) listed(organizations []string) string {
	if d.isFleet && len(organizations) > 2*pageRows {
		return report.FirstOf(organizations, pageRows, ", ")
	}
	return strings.Join(organizations, ", ")
}

// addSnapshots lists the opening snapshots and those taken in the period.
func (d *document) addSnapshots() {
	t := d.table("Snapshots")
	for i, o := range d.organizations {
		for _, s := range append([]*taken{o.opening}, o.snapshots...) {
			if s != nil && (!d.isFleet || o.needsAttention(s)) {
				t.Add(i, d.snapshotCells(o, s)...)
			}
		}
	}
	d.fleetRemark(t, "leaves out the snapshots without a change in which everything was read, except the opening and "+
		"the closing ones. The view snapshots of the database has them")
}

// needsAttention reports whether the report of a fleet lists a snapshot.
func (o *organization) needsAttention(s *taken) bool {
	n := organizationNight{snapshot: s}
	return s == o.opening || s == o.closing || !intact(s) || s.Changes > 0 || n.unread() != ""
}

func (d *document) snapshotCells(o *organization, s *taken) []any {
	r, reason := d.runs[s.RunID], ""
	role := map[*taken]string{o.opening: "opening", o.closing: "closing"}[s]
	if !complete(s) {
		reason = errorText(s)
	}
	cells := []any{
		int(s.ID), o.name, report.Word(s.Outcome), s.TakenAt, role, int(s.RunID), r.Trigger, reason,
		table.Instant(s.PrunedAt, ""), strings.TrimSpace(s.Principal + " " + s.PrincipalID), s.BaseURL, r.ToolVersion,
		s.ContentSHA256, s.ChainSHA256,
	}
	if !complete(s) {
		return cells
	}
	cells = append(append(cells, counts(s)...), report.Unless(s.PoliciesNotAssessed, "assessed"))
	if s.BaselineID == 0 {
		return append(cells, table.Why("none: first complete snapshot"))
	}
	cells = append(cells, int(s.BaselineID))
	for _, b := range o.complete {
		if b.ID == s.BaselineID {
			cells = append(cells, b.TakenAt)
		}
	}
	return cells
}

// counts returns the cells of a complete snapshot that have numbers of rows.
func counts(s *taken) []any {
	return []any{
		s.SCIMConfigurations, report.Unless(s.SSONotAssessed, s.SSOConfigurations), s.Changes, s.FailingFindings,
	}
}

// addRuns lists the runs that started in the period, or may have, or count for one of its nights, in the
// order of recording.
func (d *document) addRuns() {
	nights := d.nightsOfRuns()
	t := d.table("Runs", append(slices.Clone(report.RunColumns), table.Lists("Stands for the nights", "nights"))...)
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		if r := d.runs[id]; d.ranIn(r) || len(nights[r]) > 0 {
			t.Add(table.RunLevel, append(report.RunCells(r), table.List{Items: nights[r], None: "none"})...)
		}
	}
	t.Remark(table.RunLevel, "If a night has several runs, the last complete run counts for it, else the last run.")
}
