package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

const unconfirmed = "nobody confirms its clock"

// register is what "auditor runs --json" prints, newest first.
type register struct {
	Runs   []snapshot.Run   `json:"runs"`
	Nights []schedule.Night `json:"nights"`
	// schedule says that the newest schedule is recorded as later than now, empty if it is not.
	schedule string
}

func runsCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "runs", Args: cobra.NoArgs}
	asJSON := command.Flags().Bool("json", false, "print the register as JSON")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		r := register{Runs: []snapshot.Run{}, Nights: []schedule.Night{}}
		err := readDatabase(cmd.Context(), s.DB, func(store *snapshot.Store) error {
			runs, err := store.Runs(cmd.Context(), 0, 0)
			if err != nil {
				return err
			}
			r.Runs = append(r.Runs, runs...)
			nights, err := store.Nights(cmd.Context(), time.Time{}, 0, env.now(), schedule.Grace)
			if err != nil {
				return err
			}
			r.Nights = append(r.Nights, nights...)
			slices.Reverse(r.Nights)
			periods, err := store.Schedules(cmd.Context(), env.now())
			r.schedule = recordedLater(periods, env.now())
			return err
		})
		if err != nil {
			return err
		}
		text := table(r.runRows()) + table(r.clockRows(env.now()))
		if len(r.Nights) > 0 {
			text += "\n" + table(r.nightRows())
		}
		return printResult(env.stdout, *asJSON, r, text)
	})
	return command
}

func (r *register) runRows() [][]string {
	rows := [][]string{{"RUN", "STARTED", "OUTCOME", "TRIGGER", "ORGANIZATIONS", "SCIM", "CHANGES", "FAILING", "ERROR"}}
	for _, run := range r.Runs {
		rows = append(rows, []string{
			strconv.FormatInt(run.ID, 10), forPeople(run.StartedAt), outcomeInWords(run.Outcome), run.Trigger,
			fmt.Sprintf("%d of %d", run.CompleteOrganizations, run.CompleteOrganizations+run.FailedOrganizations),
			strconv.Itoa(run.SCIMConfigurations), strconv.Itoa(run.Changes), strconv.Itoa(run.FailedFindings), run.Error,
		})
	}
	pruned := func(run snapshot.Run) bool { return !run.ReportPrunedAt.IsZero() }
	if !slices.ContainsFunc(r.Runs, pruned) {
		return rows
	}
	rows[0] = append(rows[0], "REPORT REMOVED")
	for i, run := range r.Runs {
		if pruned(run) {
			rows[i+1] = append(rows[i+1], forPeople(run.ReportPrunedAt))
		}
	}
	return rows
}

// nightRows returns a line for each night with a run, and one for each gap.
func (r *register) nightRows() [][]string {
	rows := [][]string{{"SCHEDULED FOR", "NIGHT", "RUN"}}
	for _, n := range r.Nights {
		when, run := forPeople(n.ScheduledAt), "none"
		switch {
		case n.Nights > 0:
			when, run = when+" to "+forPeople(n.Last), fmt.Sprintf("none on %d nights", n.Nights)
		case n.RunID != 0:
			run = strconv.FormatInt(n.RunID, 10)
		}
		rows = append(rows, []string{when, nightInWords(n.Status), run})
	}
	return rows
}

func nightInWords(s schedule.Status) string {
	return strings.ToUpper(strings.ReplaceAll(string(s), "_", " "))
}

// clockRows returns a line for each run that counts for no night because of its clock, and for a
// schedule that is recorded later than now.
func (r *register) clockRows(now time.Time) (rows [][]string) {
	for _, run := range r.Runs {
		why := ""
		switch {
		case run.StartedAt.After(now):
			why = ", later than now"
		case run.ClockNotConfirmed:
			why = ", and " + unconfirmed
		case run.ClockWrong:
			why = " by a wrong clock"
		default:
			continue
		}
		rows = append(rows, []string{fmt.Sprintf("run %d is recorded at %s%s: it counts for no night",
			run.ID, forPeople(run.StartedAt), why)})
	}
	if r.schedule != "" {
		rows = append(rows, []string{r.schedule})
	}
	return rows
}
