package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// evaluate evaluates the rules.
func (t *task) evaluate(ctx context.Context) (err error) {
	h := t.header
	in := finding.Input{
		TakenAt: t.TakenAt, Inventory: t.inventory, Changes: t.changes, ListedOnly: t.listedOnly, AuditLog: t.log, TurnedOff: t.TurnedOff,
		ServerClockOffset: h.ServerClockOffset, ServerClockKnown: h.ServerClockKnown,
		BaseURL: h.BaseURL, Principal: principal(h), UnknownFields: h.UnknownFields,
	}
	if in.ScheduleKnown, in.MissedNights, err = t.missedNights(ctx); err != nil {
		return err
	}
	if t.found {
		b := t.baseline.Snapshot
		in.Baseline = &finding.Baseline{
			OrganizationID: b.OrganizationID, BaseURL: b.BaseURL, Principal: principal(b),
		}
	}
	expiries, err := t.Store.Expiries(ctx, h.OrganizationID, t.TakenAt)
	if err != nil {
		return err
	}
	in.ExpirySince = expiries.Since
	t.findings = finding.Evaluate(in, t.Thresholds)
	return nil
}

func principal(h snapshot.Snapshot) string { return h.Principal + " " + h.PrincipalID }

// missedNights returns the scheduled instants since the organization's baseline without a complete
// snapshot, except that of this run. An organization without a baseline missed none, because
// nothing says that it had to be collected before.
func (t *task) missedNights(ctx context.Context) (scheduled bool, missed []time.Time, err error) {
	schedules, err := t.Store.Schedules(ctx)
	if err != nil || len(schedules) == 0 || !t.found {
		return len(schedules) > 0, nil, err
	}
	nights, err := t.Store.Nights(ctx, t.baseline.Snapshot.TakenAt, t.runID, t.TakenAt, 0)
	for _, n := range nights {
		if n.ScheduledAt.After(t.baseline.Snapshot.TakenAt) && n.RunID != t.runID {
			missed = append(missed, n.ScheduledAt)
		}
	}
	return true, missed, err
}

// recordRules stores the wording and the thresholds of the rules, unless they are those of the last
// run.
func recordRules(ctx context.Context, o Options) (id int64, err error) {
	thresholds, err := json.Marshal(map[string]string{
		"token_expiry_high":   o.Thresholds.ExpiryHigh.String(),
		"token_expiry_medium": o.Thresholds.ExpiryMedium.String(),
		"token_expiry_info":   o.Thresholds.ExpiryInfo.String(),
		"token_lifetime":      o.Thresholds.MaxLifetime.String(),
		"token_age":           o.Thresholds.MaxAge.String(),
		"clock_skew":          o.Thresholds.ClockSkew.String(),
	})
	if err != nil {
		return 0, fmt.Errorf("writing the thresholds: %w", err)
	}
	set := snapshot.RuleSet{Thresholds: string(thresholds)}
	for _, r := range finding.Rules() {
		w := snapshot.Wording{RuleID: r.ID, Title: r.Title, Expected: r.ExpectedBy(o.Thresholds), Remedy: r.Remedy}
		if finding.CanBeTurnedOff(r.ID) {
			w.TurnedOff = o.TurnedOff[r.ID]
		}
		set.Wordings = append(set.Wordings, w)
	}
	slices.SortFunc(set.Wordings, func(a, b snapshot.Wording) int { return strings.Compare(a.RuleID, b.RuleID) })
	return o.Store.RecordRules(ctx, set)
}
