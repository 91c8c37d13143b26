package period

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// addReviews lists each run of the period with its reviews, oldest first. A run without a review
// has one row that says so. Reviews that were recorded after the time of the report are omitted.
func (d *document) addReviews() {
	reviews := make(map[int64][]*snapshot.Review)
	for i := range d.reviews {
		if r := &d.reviews[i]; !r.ReviewedAt.After(d.Now) {
			reviews[r.RunID] = append(reviews[r.RunID], r)
		}
	}
	t := d.table("Reviews")
	nights, reviewed, runs := d.nightsOfRuns(), 0, 0
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		run := d.runs[id]
		if !d.ranIn(run) && len(nights[run]) == 0 {
			continue
		}
		runs++
		daysAfter := func(r *snapshot.Review) any {
			if d.misdatedRun(id) != nil {
				return table.Why("not known: the clock of the run was wrong or not confirmed")
			}
			return report.DaysBetween(run.StartedAt, r.ReviewedAt)
		}
		about := []any{
			int(id), run.StartedAt, report.Word(run.Outcome), table.List{Items: nights[run], None: "none"},
		}
		if len(reviews[id]) == 0 {
			t.Add(table.RunLevel, append(about, "not reviewed")...)
			continue
		}
		reviewed++
		for _, r := range reviews[id] {
			t.Add(table.RunLevel, append(slices.Clone(about), "reviewed", r.Reviewer, r.ReviewedAt,
				daysAfter(r), r.Conclusion, r.Ticket, r.Approved, r.OSUser, r.Host)...)
		}
	}
	t.Remark(table.RunLevel, fmt.Sprintf("%d of %s reviewed.", reviewed, report.Count(runs, "run")))
}

// nightsOfRuns returns the nights that each run stands for.
func (d *document) nightsOfRuns() map[*snapshot.Run][]string {
	nights := make(map[*snapshot.Run][]string)
	for _, n := range slices.Concat(d.before, d.nights) {
		if n.run != nil {
			nights[n.run] = append(nights[n.run], n.ScheduledAt.UTC().Format(time.DateTime))
		}
	}
	return nights
}
