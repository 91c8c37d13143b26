// Package job is one night: it collects every organization, compares it with its baseline, judges it, stores the snapshot and writes the
// report. The commands run and demo share it; what it does not know is where settings come from.
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
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// Source is one organization to be collected.
type Source struct {
	// Name is its label in logs and reports, and what its organization is pinned to.
	Name string
	// Fetch says how to reach it. An OrganizationID that is set there is the operator's word; else the source's last complete snapshot pins it.
	Fetch fetch.Options
	// TokenExpires is when the token ends by the settings, for the evidence; zero when they do not say.
	TokenExpires time.Time
	// Err is why it cannot be asked at all, such as a token that is not there: its snapshot fails with it. Nil when it can.
	Err error
}

// Options is everything that a night needs.
type Options struct {
	Store   *snapshot.Store
	Sources []Source
	// TakenAt is the instant of every snapshot of the run, UTC, whole seconds; Now tells when the run ends.
	TakenAt time.Time
	Now     func() time.Time
	// ScheduledFor is the zero time for a run that no schedule asked for; Trigger says what did: "manual", "schedule", "catch_up" or "demo".
	ScheduledFor time.Time
	Trigger      string
	// Schedule is the cron expression that the runs of this database follow, "none" to take one back; empty leaves what is recorded in force.
	Schedule    string
	ToolVersion string
	Host        string
	// Concurrency is how many organizations are collected at once.
	Concurrency int
	// Collected, unless it is nil, is called as each source is done, also by several goroutines at once.
	Collected func()
	// Timeout bounds the collection of all organizations; zero for no bound.
	Timeout time.Duration
	// Reports is the folder that the report's folder is written into.
	Reports string
	// Report is what the settings say about its files.
	Report     report.Options
	Thresholds finding.Thresholds
	// TurnedOff says, by rule id, why a rule is not to be evaluated.
	TurnedOff map[string]string
	// Exceptions are the failures that somebody has accepted.
	Exceptions []finding.Exception
	Logger     *slog.Logger
}

// Result is what came of a run. Everything in it is stored too.
type Result struct {
	Run           snapshot.Run
	Organizations []Organization // in the order of Options.Sources
	// ReportFolder is where the report is; empty when it could not be written, for the reason in ReportError.
	ReportFolder string
	ReportError  error
}

// Organization is what came of one source.
type Organization struct {
	Source   string
	Snapshot snapshot.Snapshot
	Changes  []snapshot.Change
	// Failing counts its failed findings by severity.
	Failing map[diff.Severity]int
	// Acceptances are the exceptions that concern it; none where nothing was assessed.
	Acceptances []snapshot.Acceptance
	// Err is why the snapshot failed; nil when it is complete.
	Err error
}

// Complete says whether every organization's snapshot is complete and the report is written.
func (r *Result) Complete() bool {
	return r.Run.Outcome == snapshot.Complete && r.ReportError == nil
}

// Run does one night. An organization that cannot be collected gets a failed snapshot and does not touch the others; that is told in the
// Result, not as an error. The error is for what keeps the run itself from being recorded.
func Run(ctx context.Context, o Options) (*Result, error) {
	result, err := Collect(ctx, o)
	if err != nil {
		return nil, err
	}
	// What is known is reported even when the run was cancelled.
	ctx = context.WithoutCancel(ctx)
	model, err := report.Read(ctx, o.Store, result.Run.ID)
	if err != nil {
		result.ReportError = err
		return result, nil
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { o.checkpoint(ctx) })
	result.ReportFolder, result.ReportError = report.Write(o.Reports, model, o.Report)
	return result, nil
}

// checkpoint leaves little to do when the database is closed. Where it fails nothing is lost: what is stored stays in the log beside the file.
func (o *Options) checkpoint(ctx context.Context) {
	if err := o.Store.Checkpoint(ctx); err != nil {
		o.Logger.LogAttrs(ctx, slog.LevelWarn, "checkpoint_failed", slog.String("error", err.Error()))
	}
}

// Collect is Run without the report.
func Collect(ctx context.Context, o Options) (*Result, error) {
	if o.Schedule != "" {
		if err := o.Store.SetSchedule(ctx, o.Schedule, o.TakenAt); err != nil {
			return nil, err
		}
	}
	runID, err := o.Store.BeginRun(ctx, snapshot.Run{
		StartedAt: o.TakenAt, ScheduledFor: o.ScheduledFor, Trigger: o.Trigger, ToolVersion: o.ToolVersion, Host: o.Host,
	})
	if err != nil {
		return nil, err
	}
	n := &night{Options: o, runID: runID}
	organizations := n.collectAll(ctx)
	// What is known is recorded even when the run was cancelled.
	ctx = context.WithoutCancel(ctx)
	outcome, reason := judge(organizations)
	if err := o.Store.FinishRun(ctx, runID, o.Now(), outcome, reason); err != nil {
		return nil, err
	}
	result := &Result{Organizations: organizations}
	if result.Run, err = o.Store.Run(ctx, runID); err != nil {
		return nil, err
	}
	return result, nil
}

// judge says whether the run is complete, and names every organization that is not.
func judge(organizations []Organization) (snapshot.Outcome, string) {
	var reasons []string
	for _, organization := range organizations {
		if organization.Err != nil {
			reasons = append(reasons, organization.Source+": "+organization.Err.Error())
		}
	}
	if len(reasons) > 0 {
		return snapshot.Failed, strings.Join(reasons, "\n")
	}
	return snapshot.Complete, ""
}

// Report writes the report of a stored run into a folder of its own below folder, and gives its path. It can be called at any time: the same
// database and options give the same files.
func Report(ctx context.Context, store *snapshot.Store, runID int64, folder string, opts report.Options) (string, error) {
	model, err := report.Read(ctx, store, runID)
	if err != nil {
		return "", err
	}
	return report.Write(folder, model, opts)
}

// night is a run in progress.
type night struct {
	Options
	runID int64

	// collected is the source, by organization id.
	collected sync.Map
}

// collectAll collects every source, a bounded number at once, and gives the outcomes in the order of the sources.
func (n *night) collectAll(ctx context.Context) []Organization {
	collecting := ctx
	if n.Timeout > 0 {
		var cancel context.CancelFunc
		collecting, cancel = context.WithTimeoutCause(ctx, n.Timeout, fmt.Errorf("the run's time of %s is over (--timeout)", n.Timeout))
		defer cancel()
	}
	outcomes := make([]Organization, len(n.Sources))
	var group errgroup.Group
	group.SetLimit(max(n.Concurrency, 1))
	for i, source := range n.Sources {
		group.Go(func() error {
			outcomes[i] = n.one(collecting, source)
			if n.Collected != nil {
				n.Collected()
			}
			return nil
		})
	}
	_ = group.Wait() // no function gives an error: the outcomes have them
	return outcomes
}

// one collects, compares and stores one organization.
func (n *night) one(ctx context.Context, source Source) Organization {
	saved, err := n.snapshot(ctx, source)
	if err = ended(ctx, err); err != nil {
		n.Logger.LogAttrs(ctx, slog.LevelDebug, "snapshot_failed", slog.String("source", source.Name))
		saved, err = n.recordFailure(context.WithoutCancel(ctx), source, saved, err)
	}
	outcome := Organization{Source: source.Name, Snapshot: saved, Err: err}
	if saved.ID == 0 {
		return outcome
	}
	ctx = context.WithoutCancel(ctx)
	var changesErr, failingErr, acceptancesErr error
	outcome.Changes, changesErr = n.Store.Changes(ctx, saved.ID)
	outcome.Failing, failingErr = n.Store.Failing(ctx, saved.ID)
	outcome.Acceptances, acceptancesErr = n.Store.Acceptances(ctx, saved.ID)
	outcome.Err = errors.Join(err, changesErr, failingErr, acceptancesErr)
	return outcome
}
