package snapshot

import "scim-auditor/internal/schedule"

// OfSchedule is what the run means to the nights of a schedule.
func (r *Run) OfSchedule() schedule.Run {
	return schedule.Run{
		ID: r.ID, StartedAt: r.StartedAt, ScheduledFor: r.ScheduledFor, CatchUp: r.Trigger == TriggerCatchUp,
		Complete: r.Outcome == Complete, Running: r.Outcome == Running,
	}
}
