// Package job does one run: it collects every organization, compares it with its baseline,
// evaluates the rules, stores the snapshot and writes the report. The commands run, serve and
// demo share it. A night is one scheduled run.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// Options is everything that a run needs.
type Options struct {
	Store   *snapshot.Store
	Sources []fetch.Source
	// TakenAt is the instant of every snapshot in the run, UTC, whole seconds. Now is the clock
	// for the end of the run.
	TakenAt time.Time
	Now     func() time.Time
	// ScheduledFor is the zero time for a run without a schedule. Trigger is what started the
	// run: "manual", "schedule", "catch_up" or "demo".
	ScheduledFor time.Time
	Trigger      string
	// Schedule is the schedule to record in the database; an empty expression keeps the recorded
	// one.
	Schedule    snapshot.ScheduleChange
	ToolVersion string
	Host        string
	// Shard is the part of the sources that the run collects, such as 0/4; empty for all. The
	// database must belong to it. Others is what is known of the other shards.
	Shard  string
	Others Others
	// Concurrency is the number of organizations that are collected at the same time.
	Concurrency int
	// Collected, unless nil, is called after each source, possibly from several goroutines at
	// the same time.
	Collected func()
	// Timeout bounds the collection of all organizations; zero means no bound.
	Timeout time.Duration
	// Reports is the folder in which the report's folder is created; Report has the settings
	// for its files.
	Reports    string
	Report     report.Options
	Timestamps *Timestamps // nil requests none
	Thresholds finding.Thresholds
	// TurnedOff has the reason why a rule is not evaluated, by rule id.
	TurnedOff map[string]string
	// Exceptions has the exceptions for accepted failures.
	Exceptions []finding.Exception
	// Leavers are the people who have left; nil if the settings have no list of them.
	Leavers *finding.LeaverList
	Logger  *slog.Logger
}

// Result is the outcome of a run. Everything in it is stored too.
type Result struct {
	Run           snapshot.Run
	Head          evidence.Head
	Organizations []Organization // in the order of Options.Sources
	// Headline is that of the report; the zero Headline if the run could not be read from the
	// store.
	Headline report.Headline
	// ReportFolder is the path of the report; empty if it could not be written, for the reason
	// in ReportError.
	ReportFolder string
	ReportError  error
	// HistoryError says which report folder has a history that the database lacks. The run is
	// recorded as failed, with the snapshots that it took.
	HistoryError error
	// TimestampError says why a report folder has no timestamp yet. Complete does not depend on it.
	TimestampError error
}

// Organization is the outcome of one source.
type Organization struct {
	Source   string
	Snapshot snapshot.Snapshot
	Changes  []snapshot.Change
	// Coverage has every part of the organization; nil if the run could not be read from the store.
	Coverage []report.Coverage
	// NotCompared has the parts that were read and whose changes are not known.
	NotCompared []string
	// Failing is the number of failed findings by severity.
	Failing map[diff.Severity]int
	// Acceptances has the exceptions for this organization; empty if nothing was assessed.
	Acceptances []snapshot.Acceptance
	// Err says why the snapshot failed; nil if it is complete.
	Err error
}

// Complete reports whether every organization's snapshot is complete, the report is written with
// counts that tie, and the database contains the history of its report folders.
func (r *Result) Complete() bool {
	return r.Run.Outcome == snapshot.Complete && r.ReportError == nil && r.Headline.State != report.Red
}

type night struct {
	Options
	run           snapshot.Run // as it was recorded when it began
	ruleSetID     int64
	unknownReport string // as in snapshot.Run
	earlierReport string // as Store.EarlierReport returns it
	pins          *Pins
	// collected maps each organization id to its source.
	collected sync.Map
}

// Run does one run. An organization that cannot be collected gets a failed snapshot and does
// not affect the others; the Result has its error. Run returns an error only if the run itself
// cannot be recorded.
func Run(ctx context.Context, o Options) (*Result, error) {
	// As it is stored, so that the work can be done again from what is stored.
	o.TakenAt = o.TakenAt.UTC().Truncate(time.Second)
	if len(o.Sources) > 0 { // all have the same redaction
		o.Leavers = o.Leavers.Redacted(o.Sources[0].Fetch.Redaction)
	}
	if err := CheckShard(ctx, o.Store, o.Shard); err != nil {
		return nil, err
	}
	if o.Schedule.Expression != "" {
		if err := o.Store.SetSchedule(ctx, o.Schedule, o.TakenAt); err != nil {
			return nil, err
		}
	}
	unknown, historyErr, err := unknownReport(ctx, o.Store, o.Reports)
	if err != nil {
		return nil, err
	}
	run := snapshot.Run{
		StartedAt: o.TakenAt, ScheduledFor: o.ScheduledFor, Trigger: o.Trigger, ToolVersion: o.ToolVersion, Host: o.Host,
		UnknownReport: unknown, Shard: o.Shard,
	}
	if run.ID, err = o.Store.BeginRun(ctx, run); err != nil {
		return nil, err
	}
	rules, err := recordRules(ctx, o)
	if err != nil {
		return nil, err
	}
	n := &night{Options: o, run: run, ruleSetID: rules, unknownReport: unknown}
	if n.earlierReport, err = o.Store.EarlierReport(ctx); err != nil {
		return nil, err
	}
	result := &Result{HistoryError: historyErr}
	if result.Organizations, err = n.collectAll(ctx); err != nil {
		return nil, err
	}
	// What was collected is recorded and reported even if the run was cancelled.
	stored := context.WithoutCancel(ctx)
	outcome, reason := result.outcome()
	if err := o.Store.FinishRun(stored, run.ID, o.Now(), outcome, reason); err != nil {
		return nil, err
	}
	if result.Run, err = o.Store.Run(stored, run.ID); err != nil {
		return nil, err
	}
	if result.Head, err = o.Store.Head(stored, run.ID); err != nil {
		return nil, err
	}
	result.ReportError = n.report(stored, result)
	result.TimestampError = o.Timestamps.Add(ctx, o.Reports)
	return result, nil
}

func (n *night) collectAll(ctx context.Context) (organizations []Organization, err error) {
	if n.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, n.Timeout,
			fmt.Errorf("the run's time of %s is over (--timeout)", n.Timeout))
		defer cancel()
	}
	if n.pins, err = ReadPins(ctx, n.Store, n.Sources, n.Others, n.Concurrency); err != nil {
		return nil, err
	}
	n.warnLeft(ctx)
	organizations = make([]Organization, len(n.Sources))
	var group errgroup.Group
	group.SetLimit(max(n.Concurrency, 1))
	for i, source := range n.Sources {
		group.Go(func() error {
			organizations[i] = n.organization(ctx, source)
			if n.Collected != nil {
				n.Collected()
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error: the organizations have them
	return organizations, nil
}

// organization takes the snapshot of one organization, or records why it failed, and returns
// what is stored.
func (n *night) organization(ctx context.Context, source fetch.Source) Organization {
	saved, err := n.takeSnapshot(ctx, source)
	stored := context.WithoutCancel(ctx)
	if err != nil {
		n.Logger.LogAttrs(ctx, slog.LevelDebug, "snapshot_failed", slog.String("source", source.Name))
		saved, err = n.recordFailure(stored, saved, ended(ctx, err))
	}
	o := Organization{Source: source.Name, Snapshot: saved, Err: err}
	if saved.ID == 0 {
		return o
	}
	var changesErr, failingErr, acceptancesErr error
	o.Changes, changesErr = n.Store.Changes(stored, saved.ID)
	o.Failing, failingErr = n.Store.Failing(stored, saved.ID)
	o.Acceptances, acceptancesErr = n.Store.Acceptances(stored, saved.ID)
	o.Err = errors.Join(err, changesErr, failingErr, acceptancesErr)
	return o
}

// outcome returns Failed and a reason that names the history that the database lacks and every
// incomplete organization, or Complete if there is none.
func (r *Result) outcome() (outcome snapshot.Outcome, reason string) {
	var reasons []string
	if r.HistoryError != nil {
		reasons = append(reasons, r.HistoryError.Error())
	}
	for _, o := range r.Organizations {
		if o.Err != nil {
			reasons = append(reasons, o.Source+": "+o.Err.Error())
		}
	}
	if len(reasons) > 0 {
		return snapshot.Failed, strings.Join(reasons, "\n")
	}
	return snapshot.Complete, ""
}

// report writes the report of the run, and sets the result's headline, coverage and report folder.
// At the same time it checkpoints the write-ahead log, so that closing the database is fast.
func (n *night) report(ctx context.Context, result *Result) error {
	model, err := report.Read(ctx, n.Store, n.run.ID)
	if err != nil {
		return err
	}
	shown := make(map[int64]*report.Organization) // by the id of the snapshot
	for _, o := range model.Organizations {
		shown[o.Snapshot.ID] = o
	}
	for i := range result.Organizations {
		if o := shown[result.Organizations[i].Snapshot.ID]; o != nil {
			result.Organizations[i].Coverage, result.Organizations[i].NotCompared = o.Coverage(), o.NotCompared()
		}
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() {
		if err := n.Store.Checkpoint(ctx); err != nil {
			// Nothing is lost: what is stored stays in the log beside the file.
			n.Logger.LogAttrs(ctx, slog.LevelWarn, "checkpoint_failed", slog.String("error", err.Error()))
		}
	})
	result.ReportFolder, result.Headline, err = report.Write(n.Reports, model, n.Report)
	return err
}
