package period

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// The schedule ends on the fourth of November, a second before its time of that day. A run by hand
// on the second stands for no expected night.
func TestEveryUTCDayIsInThePopulation(t *testing.T) {
	acme := []visited{acmeWith()}
	store := nightly(t, acme, acme, acme, acme)
	visit(t, store, snapshot.Run{StartedAt: november(3).Add(time.Hour), Trigger: "manual"}, visited{source: "acme"})
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: schedule.None}, november(4).Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(5))
	want := []string{
		"2026-11-01T02:00:00Z complete 0 2 * * *", "2026-11-02T02:00:00Z complete 0 2 * * *", "2026-11-03T02:00:00Z complete 0 2 * * *",
		"2026-11-04T00:00:00Z missed no schedule was in force: UTC day", "2026-11-05T00:00:00Z missed no schedule was in force: UTC day",
	}
	if d := cmp.Diff(want, rowsOf(d.sheets.nights, "night", "status", "expected_by")); d != "" {
		t.Errorf("nights (-want +got):\n%s", d)
	}
	rows := rowsOf(d.sheets.population, "population", "item", "count", "remark_on_count")
	for _, want := range []string{
		"Days in the period 5 UTC", "Days without an expected night 0 ", "Runs in the period 4 ", "Runs that stand for no expected night 1 5",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("the population does not have %q: %q", want, rows)
		}
	}
	expectTies(t, d)
}
