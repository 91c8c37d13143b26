package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func verifyCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "verify", Args: cobra.NoArgs}
	asJSON := command.Flags().Bool("json", false, "print the counts and the problems as JSON")
	hashesOnly := command.Flags().Bool("hashes-only", false, "check hashes only, and do no work again")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		var found *verify.Result
		err := withDatabase(cmd.Context(), s.DB, snapshot.OpenReadOnly, func(store *snapshot.Store) (err error) {
			if found, err = verify.Database(cmd.Context(), store); err != nil {
				return err
			}
			if !*hashesOnly {
				if err := found.DoAgain(cmd.Context(), store, readVersion().Version); err != nil {
					return err
				}
			}
			if err := found.AddFolders(cmd.Context(), store, s.Out); err != nil || *hashesOnly {
				return err
			}
			return found.WriteReportsAgain(cmd.Context(), store, s.Out, readVersion().Version, s.MarkdownTemplate)
		})
		if err != nil {
			return err
		}
		if *asJSON || !s.Quiet {
			err = printResult(env.stdout, *asJSON, found, verdict(found))
		}
		if err != nil || len(found.Problems) == 0 {
			return err
		}
		if *asJSON {
			return &failure{code: exitFailed}
		}
		// The last problem is the error of the command, so that one hint follows all of them.
		last := len(found.Problems) - 1
		for _, p := range found.Problems[:last] {
			printProblem(env.stderr, "error", p.String(), "")
		}
		return failed(errors.New(found.Problems[last].String()), "verify modified nothing. Do not change the database or "+
			"the reports. Verify a backup (\"auditor verify --db BACKUP\"), and compare with report copies already handed out")
	})
	return command
}

// verdict returns the result in words, and how much was checked.
func verdict(found *verify.Result) string {
	text := "VERIFIED: no problems"
	if n := len(found.Problems); n > 0 {
		text = "VERIFICATION FAILED: " + counted(n, "problem", "")
	}
	text = fmt.Sprintf("%s\nchecked: %s, %s (%d pruned), %s, %s, %s (%d removed by retention), %s, %s\n", text,
		counted(found.Runs, "run", ""), counted(found.Snapshots, "snapshot", ""), found.PrunedSnapshots,
		counted(found.LedgerLinks, "ledger link", ""), counted(found.Rows, "row", ""),
		counted(found.Responses, "response", ""), found.ResponsesRemoved, counted(found.Views, "view", ""),
		counted(found.ReportFolders, "report folder", ""))
	if found.Again == nil {
		return text + "only hashes were checked; no work was done again\n"
	}
	return text + doneAgain(found.Again)
}

// doneAgain returns in words what was done again, and a line for each thing that could not be.
func doneAgain(a *verify.Again) string {
	text := fmt.Sprintf("done again: %s decoded, %d compared, %d evaluated, %s written\n",
		counted(a.Decoded, "snapshot", ""), a.Compared, a.Evaluated, counted(a.Reports, "report", ""))
	for _, n := range a.NotDone {
		subject := n.ReportFolder
		if len(n.Snapshots) > 0 {
			subject = fmt.Sprintf("%s from %d to %d", counted(len(n.Snapshots), "snapshot", ""),
				n.Snapshots[0], n.Snapshots[len(n.Snapshots)-1])
		}
		text += fmt.Sprintf("not done again: %s (%s): %s\n", subject, n.Step, n.Reason)
	}
	return text
}
