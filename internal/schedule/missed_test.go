package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/schedule"
)

func TestNights(t *testing.T) {
	night := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	periods := []schedule.Period{
		{Expression: "0 2 * * *", From: night(1)}, // the night at its beginning is not expected
		{Expression: schedule.None, From: night(9).Add(time.Hour)},
		{Expression: "@daily", From: night(11)},
	}
	runs := []schedule.Run{
		{ID: 1, StartedAt: night(1).Add(time.Minute), Complete: true}, // belongs to no night
		{ID: 2, StartedAt: night(2), ScheduledFor: night(2), Complete: true},
		{ID: 3, StartedAt: night(3), ScheduledFor: night(3)},
		{ID: 4, StartedAt: night(3).Add(9 * time.Hour)},
		{ID: 5, StartedAt: night(4).Add(2 * time.Second), Complete: true}, // started by cron
		{ID: 6, StartedAt: night(7).Add(5 * time.Hour), ScheduledFor: night(7), Complete: true, CatchUp: true},
		{ID: 7, StartedAt: night(8), ScheduledFor: night(8), Complete: true},
		{ID: 8, StartedAt: night(8).Add(time.Hour)}, // a later failure changes nothing
		{ID: 9, StartedAt: night(9), ScheduledFor: night(9), Running: true},
	}
	want := []schedule.Night{
		{ScheduledAt: night(2), Status: schedule.Complete, RunID: 2},
		{ScheduledAt: night(3), Status: schedule.Failed, RunID: 4, Others: []int64{3}},
		{ScheduledAt: night(4), Status: schedule.Complete, RunID: 5},
		{ScheduledAt: night(5), Last: night(6), Nights: 2, Status: schedule.Missed},
		{ScheduledAt: night(7), Status: schedule.CaughtUp, RunID: 6},
		{ScheduledAt: night(8), Status: schedule.Complete, RunID: 7, Others: []int64{8}},
		{ScheduledAt: night(9), Status: schedule.Running, RunID: 9},
		{ScheduledAt: night(12).Add(-2 * time.Hour), Status: schedule.Missed},
		{ScheduledAt: night(13).Add(-2 * time.Hour), Status: schedule.Due},
	}
	got, err := schedule.Nights(periods, runs, night(13).Add(-90*time.Minute), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNightsOfAScheduleThatCannotBeRead(t *testing.T) {
	if _, err := schedule.Nights([]schedule.Period{{Expression: "never", From: time.Unix(0, 0)}}, nil, time.Unix(99, 0),
		0); err == nil {
		t.Error("no error: the nights of an unknown schedule are not none")
	}
}

func TestARunWithAWrongClockCountsForNoNight(t *testing.T) {
	night := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	periods := []schedule.Period{{Expression: "0 2 * * *", From: night(1)}}
	runs := []schedule.Run{
		{ID: 1, StartedAt: night(2), Complete: true},
		{ID: 2, StartedAt: night(2).AddDate(10, 0, 0), Complete: true}, // recorded later than now
		{ID: 3, StartedAt: night(3), Complete: true, ClockWrong: true},
	}
	want := []schedule.Night{
		{ScheduledAt: night(2), Status: schedule.Complete, RunID: 1},
		{ScheduledAt: night(3), Last: night(4), Nights: 2, Status: schedule.Missed},
	}
	if got, err := schedule.Nights(periods, runs, night(4).Add(time.Hour), 0); err != nil {
		t.Error(err)
	} else if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAPeriodEndsWhereOneRecordedLaterBegins(t *testing.T) {
	night := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	var got []string
	err := schedule.Each([]schedule.Period{
		{Expression: "0 2 * * *", From: night(1)},
		{Expression: "0 2 * * *", From: night(1).AddDate(10, 0, 0)}, // recorded while the clock was ahead
		{Expression: "0 14 * * *", From: night(3)},
	}, nil, night(4).Add(time.Hour), 0, func(n schedule.Night) { got = append(got, n.ScheduledAt.Format("02 15")) })
	if d := cmp.Diff([]string{"02 02", "03 02", "03 14"}, got); err != nil || d != "" {
		t.Errorf("error %v, nights (-want +got):\n%s", err, d)
	}
}

func TestGapsBetweenCompleteRuns(t *testing.T) {
	night := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	periods := []schedule.Period{{Expression: "0 2 * * *", From: night(1)}}
	gap := func(first, last int) schedule.Gap {
		return schedule.Gap{First: night(first), Last: night(last), Nights: last - first + 1}
	}
	complete := func(days ...int) (runs []schedule.Run) {
		for _, day := range days {
			runs = append(runs, schedule.Run{StartedAt: night(day).Add(time.Minute), Complete: true})
		}
		return runs
	}
	for name, c := range map[string]struct {
		runs []schedule.Run
		want []schedule.Gap
	}{
		"no run":                        {nil, nil},
		"every night":                   {complete(2, 3, 4, 5, 6, 7, 8), nil},
		"before the first":              {complete(8), nil},
		"two gaps":                      {complete(2, 3, 6, 8), []schedule.Gap{gap(4, 5), gap(7, 7)}},
		"since the last":                {complete(2), []schedule.Gap{gap(3, 8)}},
		"in another order of recording": {complete(8, 2, 6, 3), []schedule.Gap{gap(4, 5), gap(7, 7)}},
		"one that failed": {append(complete(2, 4, 5, 6, 7, 8), schedule.Run{StartedAt: night(3)}),
			[]schedule.Gap{gap(3, 3)}},
		"one caught up in the evening": {
			append(complete(2, 4, 5, 6, 7, 8), schedule.Run{StartedAt: night(3).Add(20 * time.Hour), ScheduledFor: night(3),
				Complete: true}), nil,
		},
		"one whose clock was wrong": {
			append(complete(2, 4, 5, 6, 7, 8), schedule.Run{StartedAt: night(3), Complete: true, ClockWrong: true}),
			[]schedule.Gap{gap(3, 3)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := schedule.Gaps(periods, c.runs, night(8).Add(time.Hour))
			if d := cmp.Diff(c.want, got); err != nil || d != "" {
				t.Errorf("error %v (-want +got):\n%s", err, d)
			}
		})
	}
}

// TestAGapOfAMillionNightsIsOne runs with a schedule of every five minutes over ten years. What it
// allocates depends on no machine.
func TestAGapOfAMillionNightsIsOne(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under the race detector, and does nothing at the same time")
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	until := from.AddDate(10, 0, 0)
	periods := []schedule.Period{{Expression: "*/5 * * * *", From: from}}
	first, last := from.Add(5*time.Minute), until
	runs := []schedule.Run{{ID: 1, StartedAt: from, Complete: true}, {ID: 2, StartedAt: first, Complete: true}}
	for name, c := range map[string]struct {
		want any
		find func() any
	}{
		"gaps": {
			[]schedule.Gap{{First: first, Last: last, Nights: 3652 * 24 * 12}},
			func() any { gaps, _ := schedule.Gaps(periods, runs[:1], until); return gaps },
		},
		"register": {
			[]schedule.Night{
				{ScheduledAt: first, Status: schedule.Complete, RunID: 2},
				{ScheduledAt: first.Add(5 * time.Minute), Last: last, Nights: 3652*24*12 - 1, Status: schedule.Missed},
			},
			func() any { nights, _ := schedule.Nights(periods, runs, until, 0); return nights },
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got any
			allocated := testing.AllocsPerRun(1, func() { got = c.find() })
			if d := cmp.Diff(c.want, got); d != "" || allocated > 100 {
				t.Errorf("%v allocations (-want +got):\n%s", allocated, d)
			}
		})
	}
}

func BenchmarkGapsOf100000Nights(b *testing.B) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	periods, runs := []schedule.Period{{Expression: "*/5 * * * *", From: from}},
		[]schedule.Run{{StartedAt: from, Complete: true}}
	for b.Loop() {
		if _, err := schedule.Gaps(periods, runs, from.Add(100_000*5*time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
}

// A run that a person starts after the schedule has ended says nothing about its last night.
func TestARunAfterTheScheduleHasEndedBelongsToNoNight(t *testing.T) {
	night := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	ended := night(3).Add(time.Hour)
	periods := []schedule.Period{{Expression: "0 2 * * *", From: night(1)}, {Expression: schedule.None, From: ended}}
	for _, at := range []time.Time{ended, night(23)} {
		runs := []schedule.Run{
			{ID: 1, StartedAt: night(2), ScheduledFor: night(2), Complete: true}, {ID: 2, StartedAt: at, Complete: true},
		}
		nights, err := schedule.Nights(periods, runs, night(24), schedule.Grace)
		want := []schedule.Night{
			{ScheduledAt: night(2), Status: schedule.Complete, RunID: 1}, {ScheduledAt: night(3), Status: schedule.Missed},
		}
		if d := cmp.Diff(want, nights); d != "" || err != nil {
			t.Errorf("nights with a run at %s (-want +got), error %v:\n%s", at, err, d)
		}
		gaps, err := schedule.Gaps(periods, runs, night(24))
		if d := cmp.Diff([]schedule.Gap{{First: night(3), Last: night(3), Nights: 1}}, gaps); d != "" || err != nil {
			t.Errorf("gaps with a run at %s (-want +got), error %v:\n%s", at, err, d)
		}
	}
}
