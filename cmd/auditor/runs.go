package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"scim-auditor/internal/snapshot"
)

func runsCommand(env environment, s *settings) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:     "runs",
		Short:   "Print the run register, newest first",
		Example: "  auditor runs --db /var/lib/auditor/auditor.db",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		return s.readDatabase(cmd, func(store *snapshot.Store) error {
			runs, err := store.Runs(cmd.Context(), 0, 0)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(env.stdout, registerJSON(runs))
			}
			return printTable(env.stdout, register(runs))
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print the register as JSON")
	return command
}

func register(runs []snapshot.Run) [][]string {
	rows := [][]string{{"RUN", "STARTED", "OUTCOME", "TRIGGER", "ORGANIZATIONS", "SCIM", "CHANGES", "FAILING", "ERROR"}}
	for _, r := range runs {
		rows = append(rows, []string{
			strconv.FormatInt(r.ID, 10), r.StartedAt.Format(timeForPeople), inWords(r.Outcome), r.Trigger,
			fmt.Sprintf("%d of %d", r.CompleteOrganizations, r.CompleteOrganizations+r.FailedOrganizations),
			strconv.Itoa(r.SCIMConfigurations), strconv.Itoa(r.Changes), strconv.Itoa(r.FailedFindings), r.Error,
		})
	}
	return rows
}

func registerJSON(runs []snapshot.Run) []runJSON {
	all := make([]runJSON, 0, len(runs))
	for _, r := range runs {
		all = append(all, toRunJSON(r))
	}
	return all
}
