package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

func runsCommand(env environment, s *settings) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:     "runs",
		Short:   "Print the run register and what became of each scheduled night, newest first",
		Example: "  auditor runs --db /var/lib/auditor/auditor.db",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		return s.readDatabase(cmd, func(store *snapshot.Store) error {
			runs, err := store.Runs(cmd.Context(), 0, 0)
			if err != nil {
				return err
			}
			nights, err := store.Nights(cmd.Context(), time.Time{}, 0, env.now(), schedule.Grace)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(env.stdout, map[string]any{"runs": registerJSON(runs), "nights": nightsJSON(nights)})
			}
			if err := printTable(env.stdout, register(runs)); err != nil || len(nights) == 0 {
				return err
			}
			if _, err := fmt.Fprintln(env.stdout); err != nil {
				return err
			}
			return printTable(env.stdout, nightTable(nights))
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

// nightTable has a row for each night that a schedule expected, newest first.
func nightTable(nights []schedule.Night) [][]string {
	rows := [][]string{{"SCHEDULED FOR", "NIGHT", "RUN"}}
	for _, n := range slices.Backward(nights) {
		run := "none"
		if n.RunID != 0 {
			run = strconv.FormatInt(n.RunID, 10)
		}
		rows = append(rows, []string{n.ScheduledAt.Format(timeForPeople), strings.ToUpper(strings.ReplaceAll(string(n.Status), "_", " ")), run})
	}
	return rows
}

// nightJSON is a night of the schedule.
type nightJSON struct {
	ScheduledAt time.Time       `json:"scheduled_for"`
	Status      schedule.Status `json:"status"`
	RunID       int64           `json:"run_id,omitempty"`
}

func nightsJSON(nights []schedule.Night) []nightJSON {
	all := make([]nightJSON, 0, len(nights))
	for _, n := range slices.Backward(nights) {
		all = append(all, nightJSON(n))
	}
	return all
}
