package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func verifyCommand(env environment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{Use: "verify", Args: cobra.NoArgs}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		found, err := verifyAll(cmd.Context(), s)
		if err != nil {
			return err
		}
		if asJSON || !s.Quiet {
			err = printResult(env.stdout, asJSON, found, verdict(found))
		}
		if err != nil || len(found.Problems) == 0 {
			return err
		}
		if !asJSON {
			printVerifyProblems(env.stderr, found.Problems)
		}
		return &failure{code: exitFailed}
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print the counts and the problems as JSON")
	return command
}

// verifyAll verifies the database and the report folders below --out.
func verifyAll(ctx context.Context, s *settings.Settings) (found *verify.Result, err error) {
	err = withDatabase(ctx, s.DB, snapshot.OpenReadOnly, func(store *snapshot.Store) error {
		if found, err = verify.Database(ctx, store); err != nil {
			return err
		}
		return found.AddFolders(ctx, store, s.Out)
	})
	return found, err
}

// printVerifyProblems prints each problem, and one hint after the last.
func printVerifyProblems(stderr io.Writer, problems []verify.Problem) {
	for i, p := range problems {
		hint := ""
		if i == len(problems)-1 {
			hint = "verify modified nothing. Do not change the database or the reports. Verify a backup " +
				"(\"auditor verify --db BACKUP\"), and compare with report copies already handed out"
		}
		printProblem(stderr, "error", p.String(), hint)
	}
}

// verdict returns the result in words, and how much was checked.
func verdict(found *verify.Result) string {
	text := "VERIFIED: no problems"
	if n := len(found.Problems); n > 0 {
		text = "VERIFICATION FAILED: " + counted(n, "problem", "")
	}
	return fmt.Sprintf("%s\nchecked: %s, %s (%d pruned), %s, %s, %s (%d removed by retention), %s, %s\n", text,
		counted(found.Runs, "run", ""), counted(found.Snapshots, "snapshot", ""), found.PrunedSnapshots,
		counted(found.LedgerLinks, "ledger link", ""), counted(found.Rows, "row", ""),
		counted(found.Responses, "response", ""), found.ResponsesRemoved, counted(found.Views, "view", ""),
		counted(found.ReportFolders, "report folder", ""))
}
