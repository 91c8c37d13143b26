package period

import (
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// snapshotTable lists the opening snapshots and those taken in the period.
func (d *document) snapshotTable() *table.Table {
	t := d.table("Snapshots")
	for i, o := range d.organizations {
		if o.opening != nil {
			t.Add(i, d.snapshotCells(o, o.opening)...)
		}
		for _, s := range o.snapshots {
			t.Add(i, d.snapshotCells(o, s)...)
		}
	}
	return t
}

func (d *document) snapshotCells(o *organization, s *snapshot.Snapshot) []any {
	r, reason := d.runs[s.RunID], ""
	role := map[*snapshot.Snapshot]string{o.opening: "opening", o.closing: "closing"}[s]
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
func counts(s *snapshot.Snapshot) []any {
	return []any{
		s.SCIMConfigurations, report.Unless(s.SSONotAssessed, s.SSOConfigurations), s.Changes, s.FailingFindings,
	}
}

// runTable lists the runs that started in the period or count for one of its nights, oldest first.
func (d *document) runTable() *table.Table {
	nights := make(map[*snapshot.Run][]string)
	for _, n := range d.nights {
		nights[n.run] = append(nights[n.run], n.ScheduledAt.UTC().Format(time.DateTime))
	}
	t := d.table("Runs", append(slices.Clone(report.RunColumns), table.Lists("Stands for the nights", "nights"))...)
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		if r := d.runs[id]; d.contains(r.StartedAt) || len(nights[r]) > 0 {
			t.Add(table.RunLevel, append(report.RunCells(r), table.List{Items: nights[r], None: "none"})...)
		}
	}
	t.Remark(table.RunLevel, "If a night has several runs, the last complete run counts for it, else the last run.")
	return t
}
