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
		{ScheduledAt: night(3), Status: schedule.Failed, RunID: 4},
		{ScheduledAt: night(4), Status: schedule.Complete, RunID: 5},
		{ScheduledAt: night(5), Status: schedule.Missed},
		{ScheduledAt: night(6), Status: schedule.Missed},
		{ScheduledAt: night(7), Status: schedule.CaughtUp, RunID: 6},
		{ScheduledAt: night(8), Status: schedule.Complete, RunID: 7},
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
	if _, err := schedule.Nights([]schedule.Period{{Expression: "never", From: time.Unix(0, 0)}}, nil, time.Unix(99, 0), 0); err == nil {
		t.Error("no error: the nights of an unknown schedule are not none")
	}
}
