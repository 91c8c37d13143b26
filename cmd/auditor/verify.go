package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func verifyCommand(env environment, s *settings) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "verify",
		Short: "Recompute every hash of the database and of the report folders",
		Long: "verify checks the database file, its schema, every link of the ledger, every row, the content and\n" +
			"records of every snapshot, the bytes of every answer, and the files of every report folder in --out.\n" +
			"It names what differs and then exits with 1. It changes nothing.",
		Example: "  auditor verify --db /var/lib/auditor/auditor.db --out /var/lib/auditor/reports",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		found, err := verifyAll(cmd.Context(), s)
		if err != nil {
			return err
		}
		if err := printVerified(env, s, found, asJSON); err != nil {
			return err
		}
		if len(found.Problems) == 0 {
			return nil
		}
		return &failure{err: errors.New("the evidence does not hold"), exit: exitFailed, told: true}
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print what was checked and found as JSON")
	return command
}

func verifyAll(ctx context.Context, s *settings) (*verify.Result, error) {
	store, err := snapshot.OpenReadOnly(ctx, s.db)
	if err != nil {
		return nil, databaseFailure(err)
	}
	found, err := verify.Database(ctx, store)
	if err == nil {
		err = found.AddFolders(ctx, store, s.out)
	}
	return found, errors.Join(err, store.Close())
}

// verifyHint says what to do about evidence that does not hold.
const verifyHint = "nothing was changed; keep the file as it is, and compare it with a backup " +
	"(\"auditor verify --db BACKUP\") and with the reports that auditors have"

func printVerified(env environment, s *settings, found *verify.Result, asJSON bool) error {
	if asJSON {
		return printJSON(env.stdout, found)
	}
	for _, p := range found.Problems {
		printProblem(env.stderr, errors.New(p.String()), "")
	}
	if len(found.Problems) > 0 {
		_, _ = fmt.Fprintln(env.stderr, "auditor: hint:", verifyHint)
	}
	if s.quiet {
		return nil
	}
	return printVerdict(env.stdout, found)
}

func printVerdict(w io.Writer, found *verify.Result) error {
	verdict := "the evidence holds"
	if n := len(found.Problems); n > 0 {
		verdict = "NOT VERIFIED: " + counted(n, "problem", "")
	}
	_, err := fmt.Fprintf(w, "%s\nchecked: %s, %s (%d pruned), %s, %s, %s (%d removed by retention), %s, %s\n", verdict,
		counted(found.Runs, "run", ""), counted(found.Snapshots, "snapshot", ""), found.PrunedSnapshots,
		counted(found.LedgerLinks, "ledger link", ""), counted(found.Rows, "row", ""),
		counted(found.Responses, "answer", ""), found.ResponsesRemoved, counted(found.Views, "view", ""),
		counted(found.ReportFolders, "report folder", ""))
	return err
}
