package job

import (
	"context"
	"time"

	"scim-auditor/internal/snapshot"
)

// missedNights are the scheduled instants since the organization's baseline that have no complete snapshot of it; the night that this run
// stands for is none of them. An organization without a baseline has missed none: nothing says that it was to be collected before.
func (n *night) missedNights(ctx context.Context, baseline snapshot.Baseline, found bool) (known bool, missed []time.Time, err error) {
	schedules, err := n.Store.Schedules(ctx)
	if err != nil || len(schedules) == 0 || !found {
		return len(schedules) > 0, nil, err
	}
	nights, err := n.Store.Nights(ctx, baseline.Snapshot.TakenAt, n.runID, n.TakenAt, 0)
	for _, scheduled := range nights {
		if scheduled.ScheduledAt.After(baseline.Snapshot.TakenAt) && scheduled.RunID != n.runID {
			missed = append(missed, scheduled.ScheduledAt)
		}
	}
	return true, missed, err
}
