package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// past is what a snapshot is compared with and judged by: the store or, if the work is done again,
// what the store held at that time.
type past interface {
	Baseline(ctx context.Context, organizationID string) (snapshot.Baseline, bool, error)
	SeenBefore(ctx context.Context, h snapshot.Snapshot) (func(diff.SubjectType, string) bool, error)
	ExpirySince(ctx context.Context, organizationID string, takenAt time.Time) (
		func(*ona.SCIMConfiguration) finding.ExpirySince, error)
	Parts(ctx context.Context, h snapshot.Snapshot) ([]finding.Part, error)
	ApprovedNow(ctx context.Context, organizationID string, current ona.Inventory) (*finding.Approved, error)
	Gaps(ctx context.Context, organizationID string, run snapshot.Run, since time.Time) (
		gaps []finding.Gap, scheduled bool, err error)
	LaterRuns(ctx context.Context, run snapshot.Run) ([]finding.LaterRun, error)
}

// Rules are the thresholds and the rules turned off with which findings are evaluated.
type Rules struct {
	Thresholds finding.Thresholds
	TurnedOff  map[string]string
	// Other is true if the stored rules are not those of this version, so that it cannot evaluate
	// what another version evaluated.
	Other bool
}

// ParseRules reads a stored rule set. It fails if the thresholds cannot be read.
func ParseRules(set snapshot.RuleSet) (Rules, error) {
	rules := Rules{TurnedOff: make(map[string]string)}
	var texts map[string]string
	err := json.Unmarshal([]byte(set.Thresholds), &texts)
	for name, value := range namedThresholds(&rules.Thresholds) {
		if text, found := texts[name]; found && err == nil {
			*value, err = time.ParseDuration(text)
		}
	}
	if err != nil {
		return rules, fmt.Errorf("reading the thresholds: %w", err)
	}
	for _, w := range set.Wordings {
		if w.TurnedOff != "" {
			rules.TurnedOff[w.RuleID] = w.TurnedOff
		}
	}
	own := ruleSet(rules.Thresholds, rules.TurnedOff)
	rules.Other = own.Thresholds != set.Thresholds || !slices.Equal(own.Wordings, set.Wordings)
	return rules, nil
}

// Again does the work of a stored snapshot again.
type Again struct {
	Snapshot   snapshot.Snapshot
	Answers    []snapshot.Answer
	Rules      Rules
	Exceptions []finding.Exception
	Past       *snapshot.History
	// UnknownReport is that of the run.
	UnknownReport string
	// Pages keeps decoded pages from one snapshot of the organization to the next.
	Pages *fetch.Pages
}

// ErrMissing means that the stored exchanges have no response to a request that this version sends.
var ErrMissing = errors.New("a request has no stored response")

// Collect decodes the stored responses. The other fields of the result are as Compare sets them, or
// empty before it was called.
func (a *Again) Collect(ctx context.Context) (*Redone, error) {
	var exchanges, withheld []fetch.Exchange
	for _, x := range a.Answers {
		if x.ResponseWithheld {
			withheld = append(withheld, fetch.Exchange{Exchange: x.Exchange})
		} else {
			exchanges = append(exchanges, fetch.Exchange{Exchange: x.Exchange, Body: x.Body})
		}
	}
	h := a.Snapshot
	n := &night{run: a.Past.Run(), ruleSetID: h.RuleSetID, unknownReport: a.UnknownReport, Options: Options{
		TakenAt: h.TakenAt, Thresholds: a.Rules.Thresholds, TurnedOff: a.Rules.TurnedOff, Exceptions: a.Exceptions,
		Logger: slog.New(slog.DiscardHandler),
	}}
	replay := fetch.NewReplay(exchanges, h.TakenAt)
	t := &task{night: n, past: a.Past, header: snapshot.Snapshot{
		RunID: h.RunID, RuleSetID: h.RuleSetID, Source: h.Source, BaseURL: h.BaseURL, TakenAt: h.TakenAt,
		MembersSetting: h.MembersSetting, MembersSaltID: h.MembersSaltID,
	}}
	var err error
	if t.client, err = replay.Client(h.BaseURL, a.Pages, h.MembersSetting == snapshot.MembersOn); err != nil {
		return nil, err
	}
	a.Pages.Next()
	collection, err := t.client.Collect(ctx)
	t.describe(collection)
	t.header.ServerClockKnown, t.header.ServerClockOffset = h.ServerClockKnown, h.ServerClockOffset
	t.header.Leavers = h.Leavers // the list itself is not stored
	if replay.Missing() != nil {
		t.keepReasons(h)
	}
	if h.MembersSetting == snapshot.MembersRedacted && err == nil {
		err = t.keepMembers(h, a.Past)
	}
	if err != nil && replay.Missing() != nil {
		err = fmt.Errorf("%w: %w", ErrMissing, replay.Missing())
	}
	redone := &Redone{task: t, again: a, replay: replay}
	for _, x := range withheld {
		if x.Method == ona.ListAuditLogs {
			redone.log = append(redone.log, x)
		} else if err == nil {
			t.exchanges = append(t.exchanges, x) // as they are the last of a collection
		}
	}
	return redone, err
}

// keepReasons sets why something was not assessed to what is stored, if a request got no response
// in that night, because only the stored text says why.
func (t *task) keepReasons(stored snapshot.Snapshot) {
	for _, reason := range []struct {
		again  *string
		stored string
	}{
		{&t.header.DomainsNotAssessed, stored.DomainsNotAssessed},
		{&t.header.OwnToken.NotAssessed, stored.OwnToken.NotAssessed},
		{&t.header.MembersNotAssessed, stored.MembersNotAssessed},
		{&t.header.MemberTokensNotAssessed, stored.MemberTokensNotAssessed},
	} {
		if *reason.again != "" && reason.stored != "" {
			*reason.again = reason.stored
		}
	}
	t.inventory.DomainsNotAssessed = t.header.DomainsNotAssessed
	if t.header.MembersSetting == snapshot.MembersOn {
		t.inventory.MembersNotAssessed = t.header.MembersNotAssessed
		t.inventory.MemberTokensNotAssessed = t.header.MemberTokensNotAssessed
	}
}

// keepMembers takes redacted members and their tokens as they are stored, because the responses
// with them are not.
func (t *task) keepMembers(stored snapshot.Snapshot, past *snapshot.History) (err error) {
	h, i := &t.header, &t.inventory
	h.OwnToken, h.MemberListing = stored.OwnToken, stored.MemberListing
	h.MembersReceived, h.MembersDistinct = stored.MembersReceived, stored.MembersDistinct
	h.MembersCounted, h.MembersCountRelation = stored.MembersCounted, stored.MembersCountRelation
	h.MembersNotAssessed, h.MemberTokensNotAssessed = stored.MembersNotAssessed, stored.MemberTokensNotAssessed
	i.MembersNotAssessed, i.MemberTokensNotAssessed = stored.MembersNotAssessed, stored.MemberTokensNotAssessed
	for _, field := range stored.UnknownFields {
		owner, _, _ := strings.Cut(field, ".")
		if slices.Contains(withheldTypes, owner) {
			h.UnknownFields = append(h.UnknownFields, field)
		}
	}
	slices.Sort(h.UnknownFields)
	i.Members, i.MemberTokens, err = past.Members()
	return err
}

// withheldTypes are the types in the responses about members.
var withheldTypes = []string{
	"OrganizationMember", "PersonalAccessToken", "ListMembersResponse", "ListPersonalAccessTokensResponse",
	"AuditLogEntry", "ListAuditLogsResponse",
}

// Redone is a snapshot whose work is done again, step by step.
type Redone struct {
	task   *task
	again  *Again
	replay *fetch.Replay
	// log has the exchanges of the audit log whose responses are not stored.
	log []fetch.Exchange
}

// Result returns what was done until now.
func (r *Redone) Result() snapshot.Collected { return r.task.result() }

// Compare finds the changes again, who may have made them, and the findings.
func (r *Redone) Compare(ctx context.Context) error {
	t := r.task
	for _, step := range []func(context.Context) error{t.compare, t.confirmRemovals, r.readAuditLog, t.evaluate} {
		if err := step(ctx); err != nil {
			return cmp.Or(r.replay.Missing(), err)
		}
	}
	return nil
}

// readAuditLog reads the log again. If a request got no response in that night, why is only stored.
func (r *Redone) readAuditLog(ctx context.Context) error {
	t := r.task
	if t.header.MembersSetting == snapshot.MembersRedacted {
		return r.keepAuditLog(ctx)
	}
	if err := t.readAuditLog(ctx); err != nil {
		return err
	}
	if t.log == nil || r.replay.Missing() == nil {
		return nil
	}
	stored, err := r.again.Past.AuditLog(ctx)
	if err != nil || stored == nil {
		return err
	}
	if t.log.NotAssessed != "" && stored.NotAssessed != "" {
		t.log.NotAssessed = stored.NotAssessed
	}
	if t.log.Lacking != "" && stored.Lacking != "" {
		t.log.Lacking = stored.Lacking
	}
	return nil
}

// keepAuditLog takes the log as it is stored, because its responses may name redacted members.
func (r *Redone) keepAuditLog(ctx context.Context) error {
	t := r.task
	stored, err := r.again.Past.AuditLog(ctx)
	if err != nil || stored == nil {
		return err
	}
	t.beginAuditLog()
	t.log.AuditLog, t.exchanges = *stored, append(t.exchanges, r.log...)
	t.header.AuditLogNotAssessed, t.header.AuditLogLacking = stored.NotAssessed, stored.Lacking
	return nil
}

// EvaluateFailed evaluates the findings of a failed snapshot.
func EvaluateFailed(h snapshot.Snapshot) []finding.Finding {
	return finding.EvaluateFailed(h.OrganizationID, h.OrganizationName, h.ErrorCode, h.Error,
		h.MembersSetting != snapshot.MembersOff)
}
