package main

import (
	"testing"
	"time"

	"scim-auditor/internal/demo"
)

func TestARunWithoutATerminalAtATimeOfTheScheduleIsScheduled(t *testing.T) {
	const expected = "schedule|2026-11-16T02:00:00Z"
	for name, c := range map[string]struct {
		late        time.Duration
		interactive bool
		args        []string
		want        string
	}{
		"cron":                           {2 * time.Second, false, []string{"--schedule", "0 2 * * *"}, expected},
		"a person at the same time":      {2 * time.Second, true, []string{"--schedule", "0 2 * * *"}, "manual|"},
		"a script at noon":               {10 * time.Hour, false, []string{"--schedule", "0 2 * * *"}, "manual|"},
		"just before":                    {-time.Second, false, []string{"--schedule", "0 2 * * *"}, "manual|"},
		"no schedule":                    {0, false, nil, "manual|"},
		"a scheduler that is late":       {10 * time.Hour, false, []string{"--schedule", "0 2 * * *", "--trigger", "schedule"}, expected},
		"a scheduler without a schedule": {0, false, []string{"--trigger", "schedule"}, "schedule|"},
		"a script that says manual":      {0, false, []string{"--schedule", "0 2 * * *", "--trigger", "manual"}, "manual|"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			s.interactive, s.clock = c.interactive, func() time.Time { return demo.Night(1).Add(c.late) }
			s.mustRun(c.args...)
			if got := s.query("SELECT trigger, coalesce(scheduled_for, '') FROM runs"); len(got) != 1 || got[0] != c.want {
				t.Errorf("the run is %v, want %s", got, c.want)
			}
		})
	}
}

func TestAScheduledRunWithoutTheSettingIsForTheRecordedSchedule(t *testing.T) {
	s := newSite(t, nil)
	s.clock = func() time.Time { return demo.Night(1).Add(-time.Hour) }
	s.mustRun("--schedule", "0 2 * * *")
	s.clock = func() time.Time { return demo.Night(1).Add(time.Hour) }
	s.mustRun("--trigger", "schedule")
	if got := s.query("SELECT trigger, scheduled_for FROM runs WHERE id = 2"); len(got) != 1 || got[0] != "schedule|2026-11-16T02:00:00Z" {
		t.Errorf("the run is %v", got)
	}
}
