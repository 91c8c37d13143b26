package main

import (
	"context"
	"fmt"
	"time"

	"scim-auditor/internal/job"
	"scim-auditor/internal/metrics"
	"scim-auditor/internal/snapshot"
)

// occasion is why a run is made.
type occasion struct {
	trigger      string
	scheduledFor time.Time    // zero for a run that no schedule asked for
	metrics      *metrics.Set // nil where nobody asks for them
	progress     *progress    // nil for none
}

// runOn does one run with the settings, alone on its database, brings the metrics up to date, and tells whom the settings name. A problem
// with telling is printed and changes nothing about the run.
func runOn(ctx context.Context, env environment, s *settings, o occasion) (*job.Result, error) {
	notifier, err := s.notifier(env)
	if err != nil {
		return nil, err
	}
	printProblems(env.stderr, notifier.Started(ctx))
	result, err := s.attempt(ctx, env, o)
	printProblems(env.stderr, notifier.Ended(ctx, result, err))
	return result, err
}

// attempt reads the files that the settings name, the tokens among them, and does the run.
func (s *settings) attempt(ctx context.Context, env environment, o occasion) (result *job.Result, err error) {
	reports, err := s.reportOptions()
	if err != nil {
		return nil, err
	}
	sources, err := s.sources(env, s.logger(env.stderr))
	if err != nil {
		return nil, err
	}
	for i := range sources {
		o.progress.follow(&sources[i])
	}
	warnOfTokens(env.stderr, expiringTokens(s.expiries, env.now()))
	exceptions, err := s.exceptions()
	if err != nil {
		return nil, err
	}
	host, err := env.hostname()
	if err != nil {
		return nil, fmt.Errorf("asking for the host's name: %w", err)
	}
	err = s.alone(ctx, func(store *snapshot.Store) error {
		result, err = job.Run(ctx, job.Options{
			Store: store, Sources: sources, TakenAt: env.now(), Now: env.now, ScheduledFor: o.scheduledFor, Trigger: o.trigger,
			Schedule: s.schedule, ToolVersion: readVersion().Version, Host: host, Concurrency: s.concurrency, Timeout: s.timeout, Collected: o.progress.collected,
			Reports: s.out, Report: reports,
			Thresholds: s.thresholds, TurnedOff: s.turnedOff, Exceptions: exceptions, Logger: s.logger(env.stderr),
		})
		if err != nil {
			return err
		}
		printProblems(env.stderr, s.publish(context.WithoutCancel(ctx), o.metrics, store))
		return nil
	})
	return result, err
}

// publish brings the metrics up to date, and writes them where a file is named.
func (s *settings) publish(ctx context.Context, set *metrics.Set, store *snapshot.Store) error {
	if set == nil {
		return nil
	}
	set.SetTokenExpiries(knownExpiries(s.expiries))
	if err := set.Update(ctx, store); err != nil {
		return err
	}
	if s.metricsFile == "" {
		return nil
	}
	return set.WriteFile(s.metricsFile)
}
