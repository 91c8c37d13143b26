package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func reportCommand(env environment) *cobra.Command {
	var asked periodFlags
	command := &cobra.Command{Use: "report", Args: cobra.NoArgs}
	runID := command.Flags().Int64("run", 0, "id of the run (default the newest that has ended)")
	night := command.Flags().String("night", "", "day in UTC for which the run was scheduled, or else on which it started, "+
		"such as 2026-11-23, or today (default the newest)")
	var files databaseFiles
	command.Flags().Var(&files, "db", "database file; repeat it for a report over several databases")
	command.Flags().Lookup("db").DefValue = "auditor.db"
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		out, err := s.ReportFolder()
		if err != nil {
			return err
		}
		options, err := reportOptions(env, s)
		if err != nil {
			return err
		}
		stamps, err := timestamps(s)
		if err != nil {
			return err
		}
		span, err := asked.span(cmd.Flags(), env.now())
		if err != nil {
			return err
		}
		day, err := parseNight(cmd.Flags(), *night, len(files), env.now())
		if err != nil {
			return err
		}
		paths, err := files.paths(s)
		if err != nil {
			return err
		}
		var red bool
		if len(paths) > 1 {
			var missing []string
			err = readDatabases(cmd.Context(), paths, &missing, func(stores []*snapshot.Store) (err error) {
				if cmd.Flags().Changed("from") {
					red, err = reportPeriodTogether(cmd, env, stores, missing, span, out, options)
				} else {
					red, err = reportNight(cmd, env, stores, missing, day, out, options)
				}
				return err
			})
		} else {
			err = readDatabase(cmd.Context(), s.DB, func(store *snapshot.Store) error {
				switch {
				case cmd.Flags().Changed("from"):
					return reportPeriod(cmd, env, store, span, out, options)
				case !day.IsZero():
					return reportRunOf(cmd, env, store, day, out, options)
				}
				return reportRun(cmd, env, store, *runID, out, options)
			})
		}
		if err != nil {
			return err
		}
		if err := stamps.Add(cmd.Context(), out); err != nil {
			printProblem(env.stderr, "warning", err.Error(), "the report is written; only its timestamp is missing")
		}
		if red {
			return &failure{code: exitFailed}
		}
		return nil
	})
	asked.add(command.Flags())
	return command
}

func reportRun(cmd *cobra.Command, env environment, store *snapshot.Store, id int64, out string,
	options report.Options) error {
	id, err := runToReport(cmd, store, id)
	if err != nil {
		return err
	}
	model, err := report.Read(cmd.Context(), store, id)
	if err != nil {
		return err
	}
	return writeRun(env, model, out, options)
}

func writeRun(env environment, model *report.Model, out string, options report.Options) error {
	folder, headline, err := report.Write(out, model, options)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "run %d: %s\nreport: %s\n", model.Run.ID, report.Visible(headline.Text), folder)
	return err
}

// runToReport returns id if that run has ended. Without --run it returns the newest run that
// has ended.
func runToReport(cmd *cobra.Command, store *snapshot.Store, id int64) (int64, error) {
	if !cmd.Flags().Changed("run") {
		runs, err := store.Runs(cmd.Context(), 0, 2) // newest first; only the newest can be open
		for _, r := range runs {
			if r.Outcome != snapshot.Running {
				return r.ID, nil
			}
		}
		return 0, cmp.Or(err, failed(errors.New("no run in the database has ended"), "start one with \"auditor run\""))
	}
	r, err := store.Run(cmd.Context(), id)
	switch {
	case errors.Is(err, snapshot.ErrNotFound):
		return 0, usage(err, "\"auditor runs\" lists the runs")
	case err == nil && r.Outcome == snapshot.Running:
		return 0, failed(fmt.Errorf("run %d has not ended", id), "wait until it has ended")
	}
	return id, err
}
