package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func verifyCommand(env environment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "verify",
		Short: "Recompute every hash of the database and of the report folders",
		Long: `verify checks the database file, its schema, every link of the ledger, every row, the content and
records of every snapshot, the bytes of every answer, and the files of every report folder in --out.
It names what differs, exits with 1 then, and changes nothing.`,
		Example: "  auditor verify --db /var/lib/auditor/auditor.db --out /var/lib/auditor/reports",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		store, err := snapshot.OpenReadOnly(cmd.Context(), s.DB)
		if err != nil {
			return err
		}
		found, err := verify.Database(cmd.Context(), store)
		if err == nil {
			err = found.AddFolders(cmd.Context(), store, s.Out)
		}
		if err := errors.Join(err, store.Close()); err != nil {
			return err
		}
		if asJSON || !s.Quiet {
			err = printResult(env.stdout, asJSON, found, verdict(found))
		}
		if err != nil || len(found.Problems) == 0 {
			return err
		}
		if !asJSON {
			printProblems(env.stderr, found)
		}
		return &failure{code: exitFailed}
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print what was checked and found as JSON")
	return command
}

// printProblems prints each problem, and then what can be done about evidence that does not hold.
func printProblems(stderr io.Writer, v *verify.Result) {
	for i, p := range v.Problems {
		hint := ""
		if i == len(v.Problems)-1 {
			hint = "nothing was changed; keep the file as it is, and compare it with a backup " +
				"(\"auditor verify --db BACKUP\") and with the reports that auditors have"
		}
		printProblem(stderr, "error", p.String(), hint)
	}
}

// verdict says whether the evidence holds, and what was checked.
func verdict(v *verify.Result) string {
	text := "the evidence holds"
	if n := len(v.Problems); n > 0 {
		text = "NOT VERIFIED: " + counted(n, "problem", "")
	}
	return fmt.Sprintf("%s\nchecked: %s, %s (%d pruned), %s, %s, %s (%d removed by retention), %s, %s\n", text,
		counted(v.Runs, "run", ""), counted(v.Snapshots, "snapshot", ""), v.PrunedSnapshots,
		counted(v.LedgerLinks, "ledger link", ""), counted(v.Rows, "row", ""),
		counted(v.Responses, "answer", ""), v.ResponsesRemoved, counted(v.Views, "view", ""),
		counted(v.ReportFolders, "report folder", ""))
}
