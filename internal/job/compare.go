package job

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// compare finds the changes since the baseline. If the baseline has no SSO configurations or
// policies because they could not be read, compare uses the last snapshot that has them and
// notes this.
func (t *task) compare(ctx context.Context) (err error) {
	if t.baseline, t.found, err = t.past.Baseline(ctx, t.header.OrganizationID); err != nil || !t.found {
		return err
	}
	t.header.BaselineID = t.baseline.Snapshot.ID
	t.noteMembers()
	if t.seenBefore, err = t.past.SeenBefore(ctx, t.baseline.Snapshot); err != nil {
		return err
	}
	t.changes = diff.Compute(t.baseline.Inventory, t.inventory, t.seenBefore)
	for i := range t.changes {
		if older := t.baseline.Of(snapshot.PartOf(&t.changes[i])); older.ID != t.baseline.Snapshot.ID {
			t.changes[i].AddNote("net change since " + older.TakenAt.UTC().Format(ona.DisplayTime) +
				", the last snapshot that could read it")
		}
	}
	return nil
}

// noteMembers notes why members are not compared with those of the baseline, if the settings are
// the reason.
func (t *task) noteMembers() {
	before, now := t.baseline.Of(snapshot.PartMembers), t.header
	since := fmt.Sprintf("snapshot %d of %s", before.ID, before.TakenAt.UTC().Format(ona.DisplayTime))
	switch asked := before.MembersSetting == snapshot.MembersOn || before.MembersSetting == snapshot.MembersRedacted; {
	case asked && now.MembersSetting == snapshot.MembersOff:
		t.header.Notes = append(t.header.Notes, "the settings no longer ask for members; those of "+since+" did")
	case asked && before.MembersSaltID != now.MembersSaltID:
		t.header.Notes = append(t.header.Notes, "members are stored in another form than in "+since+
			", because the settings redact them now or did so then, so they are not compared")
	}
}

func (t *task) evaluate(ctx context.Context) (err error) {
	h := t.header
	in := finding.Input{
		TakenAt: t.TakenAt, Inventory: t.inventory, Changes: t.changes, ListedOnly: t.listedOnly,
		AuditLog: t.log, TurnedOff: t.TurnedOff, Leavers: h.Leavers,
		ServerClockOffset: h.ServerClockOffset, ServerClockKnown: h.ServerClockKnown,
		BaseURL: h.BaseURL, Principal: principal(h), UnknownFields: h.UnknownFields,
		UnknownReport: t.unknownReport,
	}
	in.Gaps, in.ScheduleKnown, err = t.past.Gaps(ctx, h.OrganizationID, t.run, t.TakenAt.Add(-t.Thresholds.MissedNights))
	if err != nil {
		return err
	}
	if in.LaterRuns, err = t.past.LaterRuns(ctx, t.run); err != nil {
		return err
	}
	if t.found {
		b := t.baseline.Snapshot
		in.Baseline = &finding.Baseline{
			OrganizationID: b.OrganizationID, BaseURL: b.BaseURL, Principal: principal(b),
		}
	}
	if in.Parts, err = t.past.Parts(ctx, h); err != nil {
		return err
	}
	if in.Approved, err = t.past.ApprovedNow(ctx, h.OrganizationID, t.inventory); err != nil {
		return err
	}
	if in.ExpirySince, err = t.past.ExpirySince(ctx, h.OrganizationID, t.TakenAt); err != nil {
		return err
	}
	t.findings = finding.Evaluate(in, t.Thresholds)
	return nil
}

func principal(h snapshot.Snapshot) string { return h.Principal + " " + h.PrincipalID }

// recordRules stores the wording and the thresholds of the rules, unless they are those of the
// last run.
func recordRules(ctx context.Context, o Options) (id int64, err error) {
	return o.Store.RecordRules(ctx, ruleSet(o.Thresholds, o.TurnedOff))
}

// ruleSet returns the rules of this version as they are stored.
func ruleSet(thresholds finding.Thresholds, turnedOff map[string]string) snapshot.RuleSet {
	texts := make(map[string]string)
	for name, value := range namedThresholds(&thresholds) {
		texts[name] = value.String()
	}
	text, _ := json.Marshal(texts) // a map of strings always has a JSON form
	set := snapshot.RuleSet{Thresholds: string(text)}
	for _, r := range finding.Rules() {
		w := snapshot.Wording{RuleID: r.ID, Title: r.Title, Expected: r.ExpectedBy(thresholds), Remedy: r.Remedy}
		if finding.CanBeTurnedOff(r.ID) {
			w.TurnedOff = turnedOff[r.ID]
		}
		set.Wordings = append(set.Wordings, w)
	}
	slices.SortFunc(set.Wordings, func(a, b snapshot.Wording) int { return strings.Compare(a.RuleID, b.RuleID) })
	return set
}

// namedThresholds has the name of each threshold in a stored rule set.
func namedThresholds(t *finding.Thresholds) map[string]*time.Duration {
	return map[string]*time.Duration{
		"token_expiry_high":   &t.ExpiryHigh,
		"token_expiry_medium": &t.ExpiryMedium,
		"token_expiry_info":   &t.ExpiryInfo,
		"token_lifetime":      &t.MaxLifetime,
		"token_age":           &t.MaxAge,
		"clock_skew":          &t.ClockSkew,
		"missed_nights":       &t.MissedNights,
	}
}
