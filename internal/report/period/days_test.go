package period

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// every is the columns of the sheet Nights that say what each UTC day had.
var every = []string{"days", "night", "status", "run_id", "reason"}

func expectDays(t *testing.T, d *document, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, rowsOf(d.sheet("Nights"), every...)); diff != "" {
		t.Errorf("nights (-want +got):\n%s", diff)
	}
	expectTies(t, d)
}

// The schedule ends on the fourth of November, a second before its time of that day. A run by hand
// on the third is in a night for which another run counts.
func TestEveryUTCDayIsInThePopulation(t *testing.T) {
	acme := []visited{acmeWith()}
	store := nightly(t, acme, acme, acme, acme)
	visit(t, store, snapshot.Run{StartedAt: november(3).Add(time.Hour), Trigger: "manual"}, visited{source: "acme"})
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: schedule.None},
		november(4).Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	d := readPeriod(t, store, inNovember(5))
	expectDays(t, d, []string{
		"2026-11-01 2026-11-01T02:00:00Z complete 2 ", "2026-11-02 2026-11-02T02:00:00Z complete 3 ",
		"2026-11-03 2026-11-03T02:00:00Z complete 4 ", "2026-11-04 2026-11-04T00:00:00Z missed  no run started",
		"2026-11-05 2026-11-05T00:00:00Z missed  no run started",
		"2026-11-03  another_run 5 run 5, started at 2026-11-03 03:00:00 UTC, failed; run 4 counts for its night, 2026-11-03 02:00:00",
	})
	rows := rowsOf(d.sheet("Population"), "population", "item", "count", "remark_on_count")
	for _, want := range []string{
		"Days in the period 5 UTC; the sheet Nights has each", "Days without an expected night 0 ", "Runs in the period 4 ",
		"Runs that stand for no expected night 0 ", "Runs in a night for which another run counts 1 ", "Nights expected 5 ",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("the population does not have %q: %q", want, rows)
		}
	}
	const sample = "3 of 5 nights drawn with the seed 2026110120261105."
	if got := d.sheet("Sample").Remarks[0].Text; got != sample {
		t.Errorf("the sample: %q", got)
	}
}

// The schedule is for Mondays. A run catches up on a Tuesday, one by hand is on a Thursday, and one
// whose clock was wrong between the second Monday and the third.
func TestTheDaysBetweenTheNightsOfAWeekAreInThePeriod(t *testing.T) {
	store := reporttest.OpenStore(t)
	if err := store.SetSchedule(t.Context(), snapshot.ScheduleChange{Expression: "0 2 * * 1"}, november(-1)); err != nil {
		t.Fatal(err)
	}
	late := scheduled(november(2))
	late.StartedAt, late.Trigger = november(3), snapshot.TriggerCatchUp
	visit(t, store, late, acmeWith())
	visit(t, store, snapshot.Run{StartedAt: november(5), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, scheduled(november(9)), acmeWith())
	future := november(9).AddDate(10, 0, 0)
	visit(t, store, snapshot.Run{StartedAt: future, Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, scheduled(november(16)), acmeWith())
	span := inNovember(17)
	span.To, span.Now = november(18), november(18).Add(-time.Hour)
	const none = "no night expected, no run"
	expectDays(t, readPeriod(t, store, span), []string{
		"2026-11-02 2026-11-02T02:00:00Z caught_up 1 a later run counts for this night",
		"2026-11-09 2026-11-09T02:00:00Z complete 3 ", "2026-11-16 2026-11-16T02:00:00Z complete 5 ",
		"2026-11-01  not_known  before the first run recorded in this database",
		"2026-11-03  not_expected 1 run 1, started at 2026-11-03 02:00:00 UTC, complete; it stands for the night 2026-11-02 02:00:00",
		"2026-11-04  not_expected  " + none,
		"2026-11-05  another_run 2 run 2, started at 2026-11-05 02:00:00 UTC, failed; run 1 counts for its night, 2026-11-02 02:00:00",
		"2026-11-06 to 2026-11-08  not_expected  " + none,
		"2026-11-09 to 2026-11-16  not_known 4 run 4, recorded at 2036-11-09 02:00:00 UTC by a wrong clock, failed; " +
			"it stands for no expected night",
		"2026-11-10 to 2026-11-15  not_expected  no night expected; run 4 may have been in this time, with a wrong or unconfirmed clock",
		"2026-11-17  not_expected  " + none, "2026-11-18  not_known  the day is not over",
	})
}

// Whoever changes the schedule decides which nights are expected, so the first page says who did.
func TestAScheduleThatLeavesOutDaysIsNotedOnTheFirstPage(t *testing.T) {
	acme := []visited{acmeWith()}
	store := nightly(t, acme, acme, acme)
	change := snapshot.ScheduleChange{Expression: "0 2 1-2,5-31 * *", ChangedBy: "root", Host: "vm"}
	if err := store.SetSchedule(t.Context(), change, november(2).Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	visit(t, store, scheduled(november(5)), acme...)
	d := readPeriod(t, store, inNovember(5))
	if !strings.HasPrefix(d.status, "COMPLETE: 3 expected nights") {
		t.Errorf("status %s", d.status)
	}
	for _, want := range []string{
		"The schedule changed in the period: to 0 2 1-2,5-31 * * at 2026-11-02 03:00:00 UTC (by root on vm, reason: not stated).",
		"The schedule expects no night on 2 UTC days of the period; Nights says what ran on them.",
	} {
		if !slices.Contains(d.notes, want) {
			t.Errorf("the notes do not have %q: %q", want, d.notes)
		}
	}
}

func TestWithoutAScheduleAllRunsOfADayAreNamed(t *testing.T) {
	store := reporttest.OpenStore(t)
	visit(t, store, snapshot.Run{StartedAt: november(1), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, snapshot.Run{StartedAt: november(1).Add(time.Hour), Trigger: "manual"}, acmeWith())
	visit(t, store, snapshot.Run{StartedAt: november(3), Trigger: "manual"}, acmeWith())
	expectDays(t, readPeriod(t, store, inNovember(3)), []string{
		"2026-11-01 2026-11-01T00:00:00Z complete 2 ", "2026-11-02 2026-11-02T00:00:00Z missed  no run started",
		"2026-11-03 2026-11-03T00:00:00Z complete 3 ",
		"2026-11-01  another_run 1 run 1, started at 2026-11-01 02:00:00 UTC, failed; run 2 counts for its night, 2026-11-01 00:00:00",
	})
}

// A run of the night before the period, which begins a minute late, stands for that night.
func TestARunInThePeriodMayStandForANightBeforeIt(t *testing.T) {
	store := nightly(t, []visited{acmeWith()})
	late := scheduled(november(1))
	late.StartedAt = november(1).Add(time.Minute)
	visit(t, store, late, acmeWith())
	span := inNovember(1)
	span.From = november(1).Add(time.Second)
	d := readPeriod(t, store, span)
	if got, want := rowsOf(d.sheet("Runs"), "id", "nights"), []string{"2 2026-11-01 02:00:00"}; !slices.Equal(got, want) {
		t.Errorf("runs %q, want %q", got, want)
	}
	expectDays(t, d, []string{
		"2026-11-01  not_expected 2 run 2, started at 2026-11-01 02:01:00 UTC, complete; it stands for the night 2026-11-01 02:00:00",
	})
}

// The scheduled run of the first failed, and one by hand was complete. That of the second was
// complete for Acme only, and the one by hand for Birch only.
func TestAScheduledRunWasExpectedAlsoIfAnotherRunCounts(t *testing.T) {
	store := nightly(t, nil, []visited{{source: "acme"}})
	byHand := snapshot.Run{StartedAt: november(1).Add(time.Hour), Trigger: "manual"}
	visit(t, store, byHand, acmeWith())
	visit(t, store, scheduled(november(2)), acmeWith(), visited{source: "birch", id: birchID})
	byHand.StartedAt = november(2).Add(time.Hour)
	visit(t, store, byHand, visited{source: "acme", id: acmeID}, birchWith())
	expectDays(t, readPeriod(t, store, inNovember(2)), []string{
		"2026-11-02 2026-11-02T02:00:00Z complete 4 ", "2026-11-01 2026-11-01T02:00:00Z complete 2 ",
		"2026-11-02 2026-11-02T02:00:00Z complete 3 ",
		"2026-11-01  another_run 1 run 1, started at 2026-11-01 02:00:00 UTC, failed; run 2 counts for its night, 2026-11-01 02:00:00",
		"2026-11-02  another_run 3 run 3, started at 2026-11-02 02:00:00 UTC, failed; run 4 counts for its night, " +
			"2026-11-02 02:00:00; for 1 organization, run 3 does",
	})
}

// The fifth run was on the fourth or the fifth, with a wrong clock.
func TestOfADayOfWhichThePeriodHasAPartOnlyThisPartIsSaid(t *testing.T) {
	acme := []visited{acmeWith()}
	store := nightly(t, nil, acme, acme, acme, acme)
	visit(t, store, snapshot.Run{StartedAt: november(4).AddDate(10, 0, 0), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, scheduled(november(5)), acmeWith())
	const part = "in the part of the day that the period has"
	none := "  not_expected  no night expected and no run " + part
	for _, c := range []struct {
		from, to time.Time
		want     []string
	}{
		{november(1).Add(10 * time.Hour), november(3).Add(-time.Hour), []string{"2026-11-01" + none, "2026-11-03" + none}},
		{november(1).Add(-2 * time.Hour), november(4).Add(-time.Hour), []string{"2026-11-04" + none}},
		{november(4).Add(time.Hour), november(5).Add(-time.Hour), []string{
			"2026-11-04 to 2026-11-05  not_expected  no night expected " + part +
				"; run 5 may have been in this time, with a wrong or unconfirmed clock",
		}},
	} {
		span := inNovember(5)
		span.From, span.To = c.from, c.to
		d := readPeriod(t, store, span)
		rows := rowsOf(d.sheet("Nights"), every...)
		counts := rowsOf(d.sheet("Population"), "item", "remark_on_count")
		const remark = "without an expected night a day of which the period has a part: without one in this part"
		for _, want := range append(c.want, remark) {
			if !slices.Contains(slices.Concat(rows, counts), want) {
				t.Errorf("no row %q in %q, %q", want, rows, counts)
			}
		}
		expectTies(t, d)
	}
}

// The clock of the second run was 20 days ahead, that of the third ten years. Both were on the second.
func TestAMisdatedRunIsAfterTheLastRunWhoseClockWasNotAhead(t *testing.T) {
	store := nightly(t, nil, []visited{acmeWith()})
	visit(t, store, snapshot.Run{StartedAt: november(22), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, snapshot.Run{StartedAt: november(2).AddDate(10, 0, 0), Trigger: "manual"}, visited{source: "acme"})
	visit(t, store, scheduled(november(3)), acmeWith())
	d := readPeriod(t, store, inNovember(24))
	rows := rowsOf(d.sheet("Nights"), every...)
	for _, want := range []string{
		"2026-11-01 to 2026-11-03  not_known 3 run 3, recorded at 2036-11-02 02:00:00 UTC by a wrong clock, failed; " +
			"it stands for no expected night",
		"2026-11-02 2026-11-02T02:00:00Z missed  no run counts for this night; " +
			"run 3 ran with a wrong clock between the runs before and after it",
	} {
		if !slices.Contains(rows, want) {
			t.Errorf("no row %q in %q", want, rows)
		}
	}
	expectTies(t, d)
}

func TestDaysThatAreBackwardsEnd(t *testing.T) {
	d := readPeriod(t, nightly(t, nil, []visited{acmeWith()}), inNovember(1))
	nights := d.sheet("Nights")
	nights.Rows[0].Cells[nights.Column("days")] = "2026-11-24 to 2026-11-03"
	if got := len(shownDays(nights)); got != 1 {
		t.Errorf("%d days", got)
	}
}
