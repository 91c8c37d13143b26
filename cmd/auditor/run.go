package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"scim-auditor/internal/job"
	"scim-auditor/internal/metrics"
	"scim-auditor/internal/snapshot"
)

func runCommand(env environment, s *settings) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "run",
		Short: "Collect, snapshot, compare and report once; what cron calls",
		Example: "  ONA_TOKEN=… auditor run\n" +
			"  auditor run --token-file /etc/auditor/token --db /var/lib/auditor/auditor.db --out /var/lib/auditor/reports -q",
		Args: cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		conditions, err := s.conditions()
		if err != nil {
			return err
		}
		if err := s.checkSchedule(); err != nil {
			return err
		}
		shown := s.showProgress(&env)
		why := occasion{trigger: "manual", progress: shown}
		if s.metricsFile != "" {
			why.metrics = metrics.New(readVersion().Version)
		}
		result, err := runOn(cmd.Context(), env, s, why)
		shown.end()
		if err != nil {
			return err
		}
		if err := printResult(env, s, result, asJSON); err != nil {
			return err
		}
		return exitOf(result, conditions)
	})
	s.addCollectionFlags(command.Flags())
	s.addScheduleFlags(command.Flags())
	s.addFailOnFlag(command.Flags())
	s.addReportFlags(command.Flags())
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

// withDatabase holds the lock and the open database, which is made where it is missing, while do runs.
func (s *settings) withDatabase(cmd *cobra.Command, do func(*snapshot.Store) error) error {
	return s.alone(cmd.Context(), do)
}

func (s *settings) alone(ctx context.Context, do func(*snapshot.Store) error) error {
	// The lock lies beside the database.
	if err := os.MkdirAll(filepath.Dir(s.db), 0o700); err != nil {
		return failed(fmt.Errorf("creating the database's folder: %w", err), cmp.Or(databaseHint(err), "name a file with --db in a folder that this user may make"))
	}
	return s.locked(ctx, snapshot.Open, do)
}

func (s *settings) locked(ctx context.Context, open func(context.Context, string) (*snapshot.Store, error), do func(*snapshot.Store) error) (err error) {
	unlock, err := job.Lock(s.db, s.now())
	switch {
	case errors.Is(err, job.ErrLocked):
		return failed(err, "wait until it has ended; the lock goes away with the process that holds it")
	case errors.Is(err, fs.ErrNotExist):
		return databaseFailure(fmt.Errorf("%s: %w", s.db, snapshot.ErrNoDatabaseFile))
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	store, err := open(ctx, s.db)
	if err != nil {
		return databaseFailure(err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// databaseFailure says what to do about a database that does not open.
func databaseFailure(err error) error {
	switch {
	case errors.Is(err, snapshot.ErrNotDatabase):
		return usage(err, "the file was left as it is; name another with --db")
	case errors.Is(err, snapshot.ErrNewerVersion):
		return usage(err, "the file was left as it is; install the newer auditor, or name another file with --db")
	case errors.Is(err, snapshot.ErrOlderVersion):
		return usage(err, "the file was left as it is")
	case errors.Is(err, snapshot.ErrNoDatabaseFile):
		return usage(err, "\"auditor run\" makes it; name it with --db when it lies elsewhere")
	}
	return err
}

// organizationHint says what to do about the failure of an organization, be it the API's or the database's; empty when nothing is known.
func organizationHint(err error) string { return cmp.Or(job.Hint(err), databaseHint(err)) }

// databaseHint says what to do about what SQLite complains of; empty for other errors.
func databaseHint(err error) string {
	for _, known := range []struct {
		err  error
		hint string
	}{
		{snapshot.ErrBusy, "end the other program that holds the database open for writing, then run this again; nothing was written"},
		{snapshot.ErrReadOnly, "check the owner and the mode of the file and of its folder, where SQLite writes two files beside it, and that the disk is mounted for writing"},
		{fs.ErrPermission, "give the user that runs auditor the right to it, or name another place"},
		{syscall.EROFS, "the disk is mounted for reading alone: mount it for writing, or name another place"},
		{syscall.EIO, "look after the disk: it could not be read or written"},
		{syscall.ENOSPC, "make room on the disk, then run this again"},
		{snapshot.ErrDiskFull, "make room on the disk of the database, then run this again; what was stored before is whole"},
		{snapshot.ErrDamaged, "keep the file for an inquiry, and go on with a copy of the last backup; \"auditor verify --db FILE\" says whether one is sound"},
		{snapshot.ErrFileExists, "move the file away, then run this again"},
		{snapshot.ErrPruned, "the report that was made then is the one that remains; \"auditor runs\" lists the runs"},
	} {
		if errors.Is(err, known.err) {
			return known.hint
		}
	}
	return ""
}

// exitOf is nil when the run is complete and nothing that --fail-on names is there.
func exitOf(result *job.Result, conditions []condition) error {
	if !result.Complete() {
		return &failure{err: errors.New("the run is not complete"), exit: exitFailed, told: true}
	}
	for _, c := range conditions {
		if c.met(result) {
			return &failure{err: fmt.Errorf("--fail-on %s", c), exit: exitFound, told: true}
		}
	}
	return nil
}
