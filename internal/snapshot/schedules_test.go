package snapshot_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

func TestTheRegisterKnowsEachNight(t *testing.T) {
	ctx := t.Context()
	store, err := snapshot.Open(ctx, filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if nights, err := store.Nights(ctx, time.Time{}, 0, night(9), 0); err != nil || nights != nil {
		t.Errorf("nights of no schedule: %v (error %v)", nights, err)
	}
	set := func(expression string, from time.Time) {
		if err := store.SetSchedule(ctx, snapshot.ScheduleChange{Expression: expression, ChangedBy: "root", Host: "vm"}, from); err != nil {
			t.Fatal(err)
		}
	}
	set("0 2 * * *", night(1))
	begin := func(at, scheduled time.Time, trigger string, outcome snapshot.Outcome) {
		id, err := store.BeginRun(ctx, snapshot.Run{StartedAt: at, ScheduledFor: scheduled, Trigger: trigger, ToolVersion: "test", Host: "host"})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.FinishRun(ctx, id, at, outcome, ""); err != nil {
			t.Fatal(err)
		}
	}
	begin(night(2), night(2), snapshot.TriggerSchedule, snapshot.Complete)
	begin(night(3), night(3), snapshot.TriggerSchedule, snapshot.Failed)
	set("0 2 * * *", night(4))
	begin(night(5).Add(time.Hour), night(5), snapshot.TriggerCatchUp, snapshot.Complete)
	set(schedule.None, night(7))
	const why = "by root on vm, reason: not stated"
	want := []schedule.Period{{Expression: "0 2 * * *", From: night(1), Why: why}, {Expression: schedule.None, From: night(7), Why: why}}
	if got, err := store.Schedules(ctx, night(9)); err != nil {
		t.Fatal(err)
	} else if d := cmp.Diff(want, got); d != "" {
		t.Errorf("schedules (-want +got):\n%s", d)
	}
	nights := []schedule.Night{
		{ScheduledAt: night(2), Status: schedule.Complete, RunID: 1},
		{ScheduledAt: night(3), Status: schedule.Failed, RunID: 2},
		{ScheduledAt: night(4), Status: schedule.Missed},
		{ScheduledAt: night(5), Status: schedule.CaughtUp, RunID: 3},
		{ScheduledAt: night(6), Last: night(7), Nights: 2, Status: schedule.Missed},
	}
	if got, err := store.Nights(ctx, time.Time{}, 0, night(9), 0); err != nil {
		t.Fatal(err)
	} else if d := cmp.Diff(nights, got); d != "" {
		t.Errorf("nights (-want +got):\n%s", d)
	}
	// As run 2 saw it.
	if got, err := store.Nights(ctx, time.Time{}, 2, night(3), 0); err != nil {
		t.Fatal(err)
	} else if d := cmp.Diff(nights[:2], got); d != "" {
		t.Errorf("nights up to run 2 (-want +got):\n%s", d)
	}
	if got, err := store.Nights(ctx, night(4), 0, night(9), 0); err != nil {
		t.Fatal(err)
	} else if d := cmp.Diff(nights[3:], got); d != "" {
		t.Errorf("nights after the fourth (-want +got):\n%s", d)
	}
	if got, err := store.Nights(ctx, night(8), 0, night(9), 0); err != nil || len(got) != 0 {
		t.Errorf("nights after the schedule was taken back: %v (error %v)", got, err)
	}
}
