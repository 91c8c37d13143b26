package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func verifyCommand(env environment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "verify",
		Short: "Recompute every hash of the database and of the report folders",
		Long: `verify checks the database file, its schema, every row, every snapshot's content, records and
place in the chain, every answer's bytes, and the files of every report folder below --out. It
names what differs, exits with 1 then, and changes nothing.`,
		Example: "  auditor verify --db /var/lib/auditor/auditor.db --out /var/lib/auditor/reports",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		store, err := snapshot.OpenReadOnly(cmd.Context(), s.DB)
		if err != nil {
			return err
		}
		found, err := verify(cmd.Context(), store, s.Out)
		if err := errors.Join(err, store.Close()); err != nil {
			return err
		}
		if asJSON || !s.Quiet {
			err = printResult(env.stdout, asJSON, found, found.text())
		}
		if err != nil || len(found.Problems) == 0 {
			return err
		}
		if !asJSON {
			found.printProblems(env.stderr)
		}
		return &failure{code: exitFailed}
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print what was checked and found as JSON")
	return command
}

// verification is what was checked and what was found.
type verification struct {
	Runs             int       `json:"runs"`
	Snapshots        int       `json:"snapshots"`
	PrunedSnapshots  int       `json:"pruned_snapshots"`
	Rows             int       `json:"rows"`
	Responses        int       `json:"responses"`
	ResponsesRemoved int       `json:"responses_removed"`
	Views            int       `json:"views"`
	ReportFolders    int       `json:"report_folders"`
	Problems         []problem `json:"problems"`
}

type problem struct {
	SnapshotID   int64  `json:"snapshot_id,omitempty"`
	ReportFolder string `json:"report_folder,omitempty"`
	Subject      string `json:"subject"`
	Text         string `json:"text"`
	Want         string `json:"want,omitempty"`
	Got          string `json:"got,omitempty"`
}

// verify checks the database and the report folders below out.
func verify(ctx context.Context, store *snapshot.Store, out string) (*verification, error) {
	stored, err := store.Verify(ctx)
	if err != nil {
		return nil, err
	}
	found := &verification{
		Runs: stored.Runs, Snapshots: stored.Snapshots, PrunedSnapshots: stored.Pruned, Rows: stored.Rows,
		Responses: stored.Responses, ResponsesRemoved: stored.ResponsesRemoved, Views: stored.Views, Problems: []problem{},
	}
	for _, p := range stored.Problems {
		found.Problems = append(found.Problems, problem{
			SnapshotID: p.SnapshotID, Subject: p.Subject, Text: p.Text, Want: p.Want, Got: p.Got,
		})
	}
	return found, found.checkReports(ctx, store, out)
}

// checkReports checks every report folder below out, and that the database has the run of one.
func (v *verification) checkReports(ctx context.Context, store *snapshot.Store, out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for reports: %w", err)
	}
	for _, e := range entries {
		runID, isReport := report.FolderOf(e.Name())
		if !isReport || !e.IsDir() {
			continue
		}
		v.ReportFolders++
		folder := filepath.Join(out, e.Name())
		problems, err := evidence.CheckFolder(folder)
		if err != nil {
			problems = append(problems, err.Error())
		}
		if _, err := store.Run(ctx, runID); runID != 0 && errors.Is(err, snapshot.ErrNotFound) {
			problems = append(problems, fmt.Sprintf("the database has no run %d", runID))
		}
		for _, text := range problems {
			v.Problems = append(v.Problems, problem{ReportFolder: folder, Subject: "report " + folder, Text: text})
		}
	}
	return nil
}

// printProblems prints each problem, and then what can be done about evidence that does not hold.
func (v *verification) printProblems(stderr io.Writer) {
	for i, p := range v.Problems {
		hint := ""
		if i == len(v.Problems)-1 {
			hint = "nothing was changed; keep the file as it is, and compare it with a backup " +
				"(\"auditor verify --db BACKUP\") and with the reports that auditors have"
		}
		printProblem(stderr, "error", p.String(), hint)
	}
}

func (v *verification) text() string {
	verdict := "the evidence holds"
	if n := len(v.Problems); n > 0 {
		verdict = "NOT VERIFIED: " + counted(n, "problem", "")
	}
	return fmt.Sprintf("%s\nchecked: %s, %s (%d pruned), %s, %s (%d removed by retention), %s, %s\n", verdict,
		counted(v.Runs, "run", ""), counted(v.Snapshots, "snapshot", ""), v.PrunedSnapshots, counted(v.Rows, "row", ""),
		counted(v.Responses, "answer", ""), v.ResponsesRemoved, counted(v.Views, "view", ""),
		counted(v.ReportFolders, "report folder", ""))
}

func (p problem) String() string {
	text := p.Subject + ": " + p.Text
	if p.SnapshotID != 0 {
		text = fmt.Sprintf("snapshot %d: %s", p.SnapshotID, text)
	}
	if p.Want != "" || p.Got != "" {
		text += fmt.Sprintf(" (the database says %s, it comes to %s)", p.Want, p.Got)
	}
	return text
}
