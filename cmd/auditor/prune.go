package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// pruneFlags says what to remove. At most one of keepLast, keepDays and olderThan is set.
type pruneFlags struct {
	keepLast, keepDays, responsesDays int
	olderThan                         string
	dryRun, asJSON                    bool
}

func pruneCommand(env environment) *cobra.Command {
	var f pruneFlags
	command := &cobra.Command{Use: "prune", Args: cobra.NoArgs}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		now := env.now().UTC()
		retention, err := f.retention(cmd, now)
		if err != nil {
			return err
		}
		return lockDatabase(cmd.Context(), s.DB, now, snapshot.OpenExisting, func(store *snapshot.Store) error {
			pruned, err := store.Prune(cmd.Context(), retention, now, f.dryRun)
			if err != nil {
				return err
			}
			result := pruneResult{f.dryRun, []int64{}, []int64{}, pruned.Rows, pruned.Responses}
			for _, h := range pruned.Snapshots {
				result.Snapshots = append(result.Snapshots, h.ID)
			}
			for _, h := range pruned.Approved {
				result.Approved = append(result.Approved, h.ID)
			}
			return printResult(env.stdout, f.asJSON, result, f.text(pruned))
		})
	})
	f.add(command)
	return command
}

func (f *pruneFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVar(&f.keepLast, "keep-last", 0, "keep the newest N complete snapshots of each organization")
	flags.IntVar(&f.keepDays, "keep-days", 0, "keep the snapshots of the last N days")
	flags.StringVar(&f.olderThan, "older-than", "", "remove the snapshots taken before this date (2026-01-31, UTC)")
	flags.IntVar(&f.responsesDays, "responses-older-than", 0,
		"remove the bytes of responses older than N days, and keep their hashes")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be removed and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print what was removed as JSON")
	command.MarkFlagsMutuallyExclusive("keep-last", "keep-days", "older-than")
	command.MarkFlagsOneRequired("keep-last", "keep-days", "older-than", "responses-older-than")
}

func (f *pruneFlags) retention(cmd *cobra.Command, now time.Time) (snapshot.Retention, error) {
	r := snapshot.Retention{KeepLast: f.keepLast}
	for _, flag := range []string{"keep-last", "keep-days", "responses-older-than"} {
		if n, err := cmd.Flags().GetInt(flag); err != nil || cmd.Flags().Changed(flag) && n < 1 {
			return r, usage(fmt.Errorf("--%s %d: the number must be 1 or more", flag, n), "")
		}
	}
	if f.keepDays > 0 {
		r.Before = now.AddDate(0, 0, -f.keepDays)
	}
	if f.responsesDays > 0 {
		r.ResponsesBefore = now.AddDate(0, 0, -f.responsesDays)
	}
	if f.olderThan != "" {
		day, err := time.Parse(time.DateOnly, f.olderThan)
		if err != nil {
			return r, usage(fmt.Errorf("--older-than %q is not a date", f.olderThan), "write it as 2026-01-31")
		}
		r.Before = day
	}
	return r, nil
}

// pruneResult is what "auditor prune --json" prints.
type pruneResult struct {
	DryRun    bool    `json:"dry_run"`
	Snapshots []int64 `json:"snapshots"`
	// Approved are the approved baselines in force, which stay although they are old enough.
	Approved  []int64 `json:"kept_approved"`
	Rows      int     `json:"rows"`
	Responses int     `json:"responses"`
}

func (f *pruneFlags) text(p *snapshot.Pruned) string {
	did := "removed"
	if f.dryRun {
		did = "would remove"
	}
	text := fmt.Sprintf("%s %s with %s, and the bytes of %s\n", did, counted(len(p.Snapshots), "snapshot", ""),
		counted(p.Rows, "row", ""), counted(p.Responses, "response", ""))
	for _, h := range p.Approved {
		text += fmt.Sprintf("kept snapshot %d: it is the approved baseline of %s until another run is approved\n", h.ID,
			report.Visible(cmp.Or(h.OrganizationName, h.Source)))
	}
	if len(p.Snapshots) == 0 {
		return text
	}
	rows := [][]string{{"SNAPSHOT", "TAKEN", "ORGANIZATION", "OUTCOME"}}
	for _, h := range p.Snapshots {
		rows = append(rows, []string{strconv.FormatInt(h.ID, 10), forPeople(h.TakenAt),
			cmp.Or(h.OrganizationName, h.Source), outcomeInWords(h.Outcome)})
	}
	return text + table(rows)
}
