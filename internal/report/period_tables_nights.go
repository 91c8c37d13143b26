package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// withoutSchedule stands for the schedule of a UTC day on which none was in force.
const withoutSchedule = "no schedule was in force: UTC day"

var nightColumns = []column{
	{"Night (UTC)", "night"},
	{"Organization", "organization"},
	{"Status", "status"},
	{"Reason", "reason"},
	{"Sampled", "sampled"},
	{"Draw", "draw"},
	{"Expected by", "expected_by"},
	{"Run", "run_id"},
	{"Snapshot", "snapshot_id"},
	{"Began at (UTC)", "began_at"},
	{"Minutes after the night", "minutes_late"},
	{"SCIM configurations", "scim_configurations"},
	{"SSO configurations", "sso_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
}

// nightTable is the population of nights: each that was expected of each organization, with what became of it, then those that were expected of
// none of them.
func (v *periodView) nightTable() *table {
	t := &table{name: "Nights", file: "nights.csv", columns: nightColumns}
	cells := func(label string, n *organizationNight) []any {
		return append([]any{n.ScheduledAt, label, n.status, v.reason(n), v.sampled(n.periodNight), n.draw, n.expectedBy()}, n.snapshotCells()...)
	}
	t.rows = func(yield func(row) bool) {
		for i, o := range v.each() {
			for j := range o.nights {
				if !yield(row{i, cells(v.labels[i], &o.nights[j])}) {
					return
				}
			}
		}
		for _, n := range v.unclaimed() {
			if !yield(row{runLevel, cells(v.scope(runLevel), &n)}) {
				return
			}
		}
	}
	t.remarks = v.nightRemarks()
	return t
}

func (n *periodNight) expectedBy() string { return cmp.Or(n.expression, withoutSchedule) }

// snapshotCells is what is known of the snapshot of a night; nothing where there is none.
func (n *organizationNight) snapshotCells() []any {
	s := n.snapshot
	if s == nil {
		return make([]any, 8)
	}
	cells := []any{int(s.RunID), int(s.ID), s.TakenAt, nil, nil, nil, nil, nil}
	if n.expression != "" {
		cells[3] = int(s.TakenAt.Sub(n.ScheduledAt) / time.Minute)
	}
	if s.Outcome == snapshot.Complete {
		copy(cells[4:], []any{s.SCIMConfigurations, s.SSOConfigurations, s.Changes, s.FailingFindings})
		if s.SSONotAssessed != "" {
			cells[5] = string(notChecked) // the sheet Snapshots says why
		}
	}
	return cells
}

func (v *periodView) nightRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		if o.opening == nil && v.contains(o.begins) {
			all = append(all, remark{i, fmt.Sprintf("%s: its first snapshot is of %s; no night before that was expected of it", v.labels[i],
				utc(o.begins)), false})
		}
	}
	return all
}

var sampleColumns = []column{
	{"Draw", "draw"},
	{"Night (UTC)", "night"},
	{"Status", "status"},
	{"Run", "run_id"},
	{"Began at (UTC)", "began_at"},
	{"Complete for", "complete_for"},
	{"Not complete for", "not_complete_for"},
	{"Report folder of each run", "report_folder"},
	{"SHA-256 of seed|night", "sample_key"},
}

// sampleTable is the nights that are drawn, in the order in which they are.
func (v *periodView) sampleTable() *table {
	drawn := make([]*periodNight, min(max(v.Sample, 0), len(v.Nights)))
	for i := range v.Nights {
		if n := &v.Nights[i]; v.sampled(n) {
			drawn[n.draw-1] = n
		}
	}
	return &table{
		name: "Sample", file: "sample.csv", columns: sampleColumns,
		rows: func(yield func(row) bool) {
			for _, n := range drawn {
				if !yield(row{runLevel, v.sampleCells(n)}) {
					return
				}
			}
		},
		remarks: []remark{
			{runLevel, fmt.Sprintf("Drawn: %d of %s, with the seed %d.", len(drawn), count(len(v.Nights), "night"), v.Seed), false},
			{runLevel, "To draw it again: write each night of the sheet Nights once, as in " + sampleForm(v.From) +
				", behind the seed and a vertical bar; take the SHA-256 of each text in hexadecimal; sort by it; the first are the sample.", false},
		},
	}
}

// sampleForm is how a night is written to be drawn.
func sampleForm(night time.Time) string { return night.UTC().Format(time.RFC3339) }

func (v *periodView) sampleCells(n *periodNight) []any {
	var complete, without []string
	runs := make(map[int64]*snapshot.Run)
	claimed := false
	for i, o := range v.each() {
		for j := range o.nights {
			own := &o.nights[j]
			if own.periodNight != n {
				continue
			}
			claimed = true
			if own.snapshot != nil {
				runs[own.snapshot.RunID] = v.byID[own.snapshot.RunID]
			}
			switch {
			case own.lacks():
				without = append(without, v.labels[i])
			case own.snapshot != nil:
				complete = append(complete, v.labels[i])
			}
		}
	}
	if !claimed && lacks(n.Status) {
		without = []string{v.scope(runLevel)}
	}
	cells := []any{n.draw, n.ScheduledAt, n.Status, nil, nil, strings.Join(complete, ", "), strings.Join(without, ", "), "none", n.key}
	if n.run != nil {
		cells[3], cells[4], runs[n.run.ID] = int(n.run.ID), n.run.StartedAt, n.run
	}
	var folders []string
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		folders = append(folders, (&Model{Run: *runs[id]}).folder())
	}
	if len(folders) > 0 {
		cells[7] = strings.Join(folders, ", ")
	}
	return cells
}

// inPeriod are the nights of a status among the period's.
func (p *Period) inPeriod(status schedule.Status) int {
	n := 0
	for i := range p.Nights {
		if p.Nights[i].Status == status {
			n++
		}
	}
	return n
}
