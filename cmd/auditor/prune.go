package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// pruneFlags says what to remove. At most one of keepLast, keepDays and olderThan is set.
type pruneFlags struct {
	keepLast, keepDays, responsesDays, keepReports, reportsDays int
	olderThan                                                   string
	dryRun, asJSON                                              bool
}

func pruneCommand(env environment) *cobra.Command {
	var f pruneFlags
	command := &cobra.Command{Use: "prune", Args: cobra.NoArgs}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		out, err := s.ReportFolder()
		if err != nil {
			return err
		}
		now := env.now().UTC()
		retention, err := f.retention(cmd, now)
		if err != nil {
			return err
		}
		return lockDatabase(cmd.Context(), s.DB, "prune", now, snapshot.OpenExisting, func(store *snapshot.Store) error {
			if err := f.checkClock(cmd.Context(), store, now); err != nil {
				return err
			}
			return f.prune(cmd.Context(), env.stdout, now, out, store, retention)
		})
	})
	f.add(command)
	return command
}

// maxIdle is how long after the last run the ages of snapshots, responses and reports are believed.
const maxIdle = 100 * 24 * time.Hour

// checkClock returns an error if now is so long after the last run whose clock a server confirmed
// that the clock may be wrong, and what to remove depends on it.
func (f *pruneFlags) checkClock(ctx context.Context, store *snapshot.Store, now time.Time) error {
	if f.keepDays == 0 && f.responsesDays == 0 && f.reportsDays == 0 {
		return nil
	}
	last, err := store.LastConfirmed(ctx)
	if err != nil || last.IsZero() || now.Sub(last) <= maxIdle {
		return err
	}
	return failed(fmt.Errorf("it is %s by the clock of this machine, but the last run whose clock the server confirmed "+
		"began at %s: nothing was removed", forPeople(now), forPeople(last)),
		"set the clock; if it is right, make a run first, or name a date with --older-than")
}

// prune records what it removes from the database and which report folders go, then removes the
// folders.
func (f *pruneFlags) prune(ctx context.Context, stdout io.Writer, now time.Time, out string, store *snapshot.Store,
	retention snapshot.Retention) error {
	folders, kept, err := f.chooseReports(ctx, out, store, now)
	if err != nil {
		return err
	}
	for _, one := range folders {
		retention.Reports = append(retention.Reports, snapshot.PrunedReport{
			Folder: one.Name, RunID: one.Run, SumsSHA256: one.SumsSHA256,
		})
	}
	pruned, err := store.Prune(ctx, retention, now, f.dryRun)
	if err != nil {
		return err
	}
	if len(folders) > 0 && !f.dryRun {
		if err := folder.Remove(out, folders); err != nil {
			return failed(err, "the database has the prune; prune again to remove the folders that are left")
		}
	}
	result := pruneResult{f.dryRun, []int64{}, []int64{}, pruned.Rows, pruned.Responses, []string{}, kept}
	for _, h := range pruned.Snapshots {
		result.Snapshots = append(result.Snapshots, h.ID)
	}
	for _, h := range pruned.Approved {
		result.Approved = append(result.Approved, h.ID)
	}
	for _, one := range folders {
		result.Reports = append(result.Reports, one.Name)
	}
	return printResult(stdout, f.asJSON, result, f.text(pruned, &result))
}

// chooseReports returns the report folders to remove, and those that must stay although they are
// old enough.
func (f *pruneFlags) chooseReports(ctx context.Context, out string, store *snapshot.Store, now time.Time) (
	folders []folder.RunFolder, kept []folder.Kept, err error) {
	if f.keepReports == 0 && f.reportsDays == 0 {
		return nil, nil, nil
	}
	reviews, err := store.Reviews(ctx, 0, 0)
	if err != nil {
		return nil, nil, err
	}
	nights, err := store.Nights(ctx, time.Time{}, 0, now, 0)
	if err != nil {
		return nil, nil, err
	}
	counts := make(map[int64]time.Time) // for which night, by the id of the run
	for _, n := range nights {
		counts[n.RunID] = n.ScheduledAt
	}
	runs, err := store.Runs(ctx, 0, 0)
	if err != nil {
		return nil, nil, err
	}
	retention := folder.Retention{KeepLast: f.keepReports, Runs: make(map[int64]time.Time)}
	for i := range runs {
		retention.Runs[runs[i].ID] = runs[i].StartedAt
	}
	retention.Needed = func(run int64) (night time.Time, reason string) {
		if slices.ContainsFunc(reviews, func(r snapshot.Review) bool { return r.RunID == run }) {
			return night, "a review names its run"
		}
		return counts[run], ""
	}
	if f.reportsDays > 0 {
		retention.Before = now.AddDate(0, 0, -f.reportsDays)
	}
	if retention.DatabaseID, err = store.DatabaseID(ctx); err != nil {
		return nil, nil, err
	}
	return folder.Choose(out, retention)
}

func (f *pruneFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVar(&f.keepLast, "keep-last", 0, "keep the newest N complete snapshots of each organization")
	flags.IntVar(&f.keepDays, "keep-days", 0, "keep the snapshots of the last N days")
	flags.StringVar(&f.olderThan, "older-than", "", "remove the snapshots taken before this date (2026-01-31, UTC)")
	flags.IntVar(&f.responsesDays, "responses-older-than", 0,
		"remove the bytes of responses older than N days, and keep their hashes")
	flags.IntVar(&f.keepReports, "keep-reports", 0, "keep the report folders of the newest N runs")
	flags.IntVar(&f.reportsDays, "reports-older-than", 0, "remove the report folders of runs older than N days")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would be removed and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print what was removed as JSON")
	command.MarkFlagsMutuallyExclusive("keep-last", "keep-days", "older-than")
	command.MarkFlagsOneRequired("keep-last", "keep-days", "older-than", "responses-older-than", "keep-reports",
		"reports-older-than")
}

func (f *pruneFlags) retention(cmd *cobra.Command, now time.Time) (snapshot.Retention, error) {
	r := snapshot.Retention{KeepLast: f.keepLast}
	for _, flag := range []string{"keep-last", "keep-days", "responses-older-than", "keep-reports", "reports-older-than"} {
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
	Approved    []int64       `json:"kept_approved"`
	Rows        int           `json:"rows"`
	Responses   int           `json:"responses"`
	Reports     []string      `json:"reports"`
	KeptReports []folder.Kept `json:"kept_reports,omitempty"`
}

func (f *pruneFlags) text(p *snapshot.Pruned, result *pruneResult) string {
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
	if f.keepReports > 0 || f.reportsDays > 0 {
		text += fmt.Sprintf("%s %s\n", did, counted(len(result.Reports), "report folder", ""))
	}
	for _, kept := range result.KeptReports {
		text += fmt.Sprintf("kept the report %s: %s\n", kept.Name, report.Visible(kept.Reason))
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
