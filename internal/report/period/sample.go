package period

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
)

// sampleKey orders the nights for the sample: the SHA-256, in hex, of the seed, a vertical bar and
// the night.
func (s *Span) sampleKey(night time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", s.Seed, sampleText(night)))
	return hex.EncodeToString(sum[:])
}

// sampleText is a night as it is hashed, and as nights.csv has it.
func sampleText(night time.Time) string { return night.UTC().Format(time.RFC3339) }

// draw sets the place of each night in the order of the keys.
func (p *Period) draw() {
	order := slices.SortedFunc(slices.Values(p.nights), func(a, b *night) int { return cmp.Compare(a.key, b.key) })
	for i, n := range order {
		n.draw = i + 1
	}
}

// sampleTable has the nights that are drawn, in that order.
func (d *document) sampleTable() *table.Table {
	t := d.table("Sample",
		table.Int("Draw", "draw"), table.Time("Night", "night"), table.Text("Status", "status"),
		table.Int("Run", "run_id"), table.Time("Began at", "began_at"), table.Text("Complete for", "complete_for"),
		table.Text("Not complete for", "not_complete_for"), table.Text("Report folder of each run", "report_folder"),
		table.Text("SHA-256 of seed|night", "sample_key"))
	drawn := slices.DeleteFunc(slices.Clone(d.nights), func(n *night) bool { return n.draw > d.Sample })
	slices.SortFunc(drawn, func(a, b *night) int { return cmp.Compare(a.draw, b.draw) })
	for _, n := range drawn {
		t.Add(table.RunLevel, d.sampleCells(n)...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("Drawn: %d of %s, with the seed %d.",
		len(drawn), report.Count(len(d.nights), "night"), d.Seed))
	t.Remark(table.RunLevel, "To draw it again: write each night of the sheet Nights once, as in "+sampleText(d.From)+
		", behind the seed and a vertical bar; take the SHA-256 of each text in hexadecimal; sort by it; "+
		"the first are the sample.")
	return t
}

func (d *document) sampleCells(n *night) []any {
	var complete, lacking, folders []string
	var runs []int64
	for _, seen := range d.every {
		if seen.night != n {
			continue
		}
		if lacks(seen.status) {
			lacking = append(lacking, seen.name)
		} else if seen.snapshot != nil {
			complete = append(complete, seen.name)
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
		n.draw, n.ScheduledAt, report.Word(n.Status), run, began, strings.Join(complete, ", "),
		strings.Join(lacking, ", "), cmp.Or(strings.Join(folders, ", "), "none"), n.key,
	}
}
