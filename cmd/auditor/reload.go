package main

import (
	"context"
	"errors"
	"fmt"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// reloadOnHangup reads the settings again at each SIGHUP until ctx ends. Settings that are wrong are told and change nothing.
func (v *service) reloadOnHangup(ctx context.Context, changed chan<- *schedule.Schedule) {
	hangups, stop := v.env.hangups()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		follow, err := v.reload(ctx)
		if err != nil {
			v.metrics.CountFailedReload()
			printFailure(v.env.stderr, fmt.Errorf("reading the settings again, which stay as they were: %w", err))
			continue
		}
		if follow == nil {
			continue
		}
		select {
		case changed <- follow:
			v.announce(follow.Next(v.env.now()))
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the command line, the environment and the config file as at the start, and gives the schedule if it is another one.
func (v *service) reload(ctx context.Context) (*schedule.Schedule, error) {
	before, s := v.settings.Load(), &settings{}
	root := newRootWith(v.env, s)
	command, rest, err := root.Find(v.env.args)
	if err != nil {
		return nil, err
	}
	if err := command.ParseFlags(rest); err != nil {
		return nil, err
	}
	if err := s.resolve(v.env, command.Flags()); err != nil {
		return nil, err
	}
	if s.db != before.db || s.listen != before.listen {
		return nil, errors.New("db and listen cannot change while auditor is serving: restart it")
	}
	follow, err := s.parseSchedule()
	if err != nil {
		return nil, err
	}
	if err := v.checkSettings(s); err != nil {
		return nil, err
	}
	if s.schedule == before.schedule {
		v.use(s)
		return nil, nil
	}
	if err := v.record(ctx, s); err != nil {
		return nil, err
	}
	v.use(s)
	return follow, nil
}

// use puts settings in force, the ends of the tokens in the metrics among them: an alert of one that was replaced ends with that.
func (v *service) use(s *settings) {
	v.settings.Store(s)
	v.metrics.SetTokenExpiries(knownExpiries(s.expiries))
}

// record puts the schedule in force at once, also while a run is in progress: which nights are expected must not wait for the next one.
func (v *service) record(ctx context.Context, s *settings) (err error) {
	store, err := snapshot.OpenExisting(ctx, s.db)
	if err != nil {
		return databaseFailure(err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.SetSchedule(ctx, s.schedule, v.env.now())
}
