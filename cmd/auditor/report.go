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
	var period periodFlags
	command := &cobra.Command{
		Use:   "report",
		Short: "Write the report of a stored run again, or of a period",
		Long: "report writes the report of a run as it was made then, or with --from and --to one of a period: which nights were expected and what became of\n" +
			"each, the net change, every change, the findings that were opened and closed, the exceptions, the size of each population, and a sample of\n" +
			"nights that anybody can draw again. --template is for the report of a run.",
		Example: "  auditor report\n  auditor report --run 7 --out /tmp/for-the-auditor\n  auditor report --from 2026-10-01 --to 2026-12-31 --sample 25",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		opts, err := s.reportOptions()
		if err != nil {
			return err
		}
		ofPeriod, err := period.asked(cmd.Flags())
		if err != nil {
			return err
		}
		if ofPeriod {
			span, err := period.span(cmd.Flags(), s.now())
			if err != nil {
				return err
			}
			return s.readDatabase(cmd, func(store *snapshot.Store) error { return reportPeriod(cmd, env, s, store, span, opts) })
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
	period.add(command.Flags())
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
