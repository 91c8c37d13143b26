package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/snapshot"
)

// pruneFlags are the rules as given; at most one of the first three.
type pruneFlags struct {
	keepLast, keepDays, responsesDays int
	olderThan                         string
	dryRun, asJSON                    bool
}

func pruneCommand(env environment, s *settings) *cobra.Command {
	var f pruneFlags
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove old snapshots, or the bytes of old answers",
		Long: "prune removes what whole old snapshots have: configurations, exchanges, changes and findings. The register keeps their rows and hashes,\n" +
			"so that the chain has no gap and \"auditor verify\" goes on to hold. The last complete snapshot of an organization always stays: the next\n" +
			"run is compared with it. --responses-older-than removes the bytes of old answers alone and keeps their hashes.",
		Example: "  auditor prune --keep-days 730 --dry-run\n  auditor prune --older-than 2025-01-01\n  auditor prune --responses-older-than 90",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		now := env.now().UTC()
		retention, err := f.retention(cmd, now)
		if err != nil {
			return err
		}
		return s.locked(cmd.Context(), snapshot.OpenExisting, func(store *snapshot.Store) error {
			pruned, err := store.Prune(cmd.Context(), retention, now, f.dryRun)
			if err != nil {
				return err
			}
			return f.print(env.stdout, pruned)
		})
	})
	flags := command.Flags()
	flags.IntVar(&f.keepLast, "keep-last", 0, "keep this many of the newest complete snapshots of each organization")
	flags.IntVar(&f.keepDays, "keep-days", 0, "keep the snapshots of this many days")
	flags.StringVar(&f.olderThan, "older-than", "", "remove the snapshots taken before this date (2026-01-31, UTC)")
	flags.IntVar(&f.responsesDays, "responses-older-than", 0, "remove the bytes of answers that are older than this many days, and keep their hashes")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be removed and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print what was removed as JSON")
	command.MarkFlagsMutuallyExclusive("keep-last", "keep-days", "older-than")
	command.MarkFlagsOneRequired("keep-last", "keep-days", "older-than", "responses-older-than")
	return command
}

// retention is what the flags mean at the instant now.
func (f *pruneFlags) retention(cmd *cobra.Command, now time.Time) (snapshot.Retention, error) {
	var r snapshot.Retention
	for _, days := range []struct {
		flag  string
		value int
		into  func(int)
	}{
		{"keep-last", f.keepLast, func(n int) { r.KeepLast = n }},
		{"keep-days", f.keepDays, func(n int) { r.Before = now.AddDate(0, 0, -n) }},
		{"responses-older-than", f.responsesDays, func(n int) { r.ResponsesBefore = now.AddDate(0, 0, -n) }},
	} {
		if !cmd.Flags().Changed(days.flag) {
			continue
		}
		if days.value < 1 {
			return r, usage(fmt.Errorf("--%s %d: the number must be 1 or more", days.flag, days.value), "")
		}
		days.into(days.value)
	}
	if f.olderThan != "" {
		day, err := time.Parse(time.DateOnly, f.olderThan)
		if err != nil {
			return r, usage(fmt.Errorf("--older-than %q is no date", f.olderThan), "write it as 2026-01-31")
		}
		r.Before = day
	}
	return r, nil
}

func (f *pruneFlags) print(w io.Writer, p *snapshot.Pruned) error {
	if f.asJSON {
		ids := []int64{}
		for _, h := range p.Snapshots {
			ids = append(ids, h.ID)
		}
		return printJSON(w, struct {
			DryRun    bool    `json:"dry_run"`
			Snapshots []int64 `json:"snapshots"`
			Rows      int     `json:"rows"`
			Responses int     `json:"responses"`
		}{f.dryRun, ids, p.Rows, p.Responses})
	}
	did := "removed"
	if f.dryRun {
		did = "would remove"
	}
	if _, err := fmt.Fprintf(w, "%s %s with %s, and the bytes of %s\n", did, counted(len(p.Snapshots), "snapshot", ""), counted(p.Rows, "row", ""),
		counted(p.Responses, "answer", "")); err != nil {
		return err
	}
	return printTable(w, prunedTable(p.Snapshots))
}

func prunedTable(snapshots []snapshot.Snapshot) [][]string {
	if len(snapshots) == 0 {
		return nil
	}
	rows := [][]string{{"SNAPSHOT", "TAKEN", "ORGANIZATION", "OUTCOME"}}
	for _, h := range snapshots {
		name := h.OrganizationName
		if name == "" {
			name = h.Source
		}
		rows = append(rows, []string{strconv.FormatInt(h.ID, 10), h.TakenAt.Format(timeForPeople), name, inWords(h.Outcome)})
	}
	return rows
}

func backupCommand(env environment, s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the database, also while a run writes",
		Long: "backup writes the database into FILE as one consistent, checked state, also while a run writes. FILE appears whole or not at all, and a\n" +
			"file that is there is never replaced. The copy is in rollback-journal mode, so that it opens on a read-only medium too.",
		Example: "  auditor backup --db /var/lib/auditor/auditor.db /mnt/backup/auditor-$(date -u +%Y%m%d).db",
		Args:    cobra.ExactArgs(1),
		RunE: action(env, s, func(cmd *cobra.Command, args []string) error {
			if err := snapshot.Backup(cmd.Context(), s.db, args[0]); err != nil {
				if errors.Is(err, snapshot.ErrFileExists) {
					return usage(err, "it was left as it is; name a file that is not there yet")
				}
				return databaseFailure(err)
			}
			_, err := fmt.Fprintf(env.stdout, "backup: %s\n", args[0])
			return err
		}),
	}
}
