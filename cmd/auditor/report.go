package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

func reportCommand(env environment, s *settings) *cobra.Command {
	var runID int64
	command := &cobra.Command{
		Use:     "report",
		Short:   "Write the report of a stored run again",
		Example: "  auditor report\n  auditor report --run 7 --out /tmp/for-the-auditor",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		opts, err := s.reportOptions()
		if err != nil {
			return err
		}
		return s.readDatabase(cmd, func(store *snapshot.Store) error {
			id, err := reportedRun(cmd, store, runID)
			if err != nil {
				return err
			}
			folder, err := job.Report(cmd.Context(), store, id, s.out, opts)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.stdout, "report: %s\n", folder)
			return err
		})
	})
	s.addReportFlags(command.Flags())
	command.Flags().Int64Var(&runID, "run", 0, "id of the run (default the newest that has ended)")
	return command
}

// reportedRun is the run to report: the one named, else the newest that has ended.
func reportedRun(cmd *cobra.Command, store *snapshot.Store, id int64) (int64, error) {
	if cmd.Flags().Changed("run") {
		r, err := store.Run(cmd.Context(), id)
		switch {
		case errors.Is(err, snapshot.ErrNotFound):
			return 0, usage(err, "\"auditor runs\" lists the runs")
		case err != nil:
			return 0, err
		case r.Outcome == snapshot.Running:
			return 0, failed(fmt.Errorf("run %d has not ended", id), "wait until it has")
		}
		return id, nil
	}
	runs, err := store.Runs(cmd.Context(), 0, 0)
	if err != nil {
		return 0, err
	}
	for _, r := range runs {
		if r.Outcome != snapshot.Running {
			return r.ID, nil
		}
	}
	return 0, failed(errors.New("the database has no run that has ended"), "\"auditor run\" makes one")
}

// readDatabase opens a database that is there while do runs. It takes no lock: readers and a run do not disturb each other.
func (s *settings) readDatabase(cmd *cobra.Command, do func(*snapshot.Store) error) (err error) {
	store, err := snapshot.OpenExisting(cmd.Context(), s.db)
	if err != nil {
		return databaseFailure(err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}
