package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/pack"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/period"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func packCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "pack FILE.zip", Args: cobra.ExactArgs(1)}
	flags := command.Flags()
	var asked periodFlags
	flags.StringVar(&asked.from, "from", "", "first day of a period, as in its report; needs --to")
	flags.StringVar(&asked.to, "to", "", "last day of the period; needs --from")
	runID := flags.Int64("run", 0, "id of the run")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, args []string) error {
		span, err := asked.span(flags, env.now())
		if err != nil {
			return err
		}
		if !flags.Changed("run") && !flags.Changed("from") {
			return usage(errors.New("no report is named"), "set --run for the report of a run, or --from and --to for that "+
				"of a period")
		}
		if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
			return usage(fmt.Errorf("%s: %w", args[0], snapshot.ErrFileExists), "name a file that does not exist yet")
		}
		out, err := s.ReportFolder()
		if err != nil {
			return err
		}
		var contents pack.Contents
		err = readDatabase(cmd.Context(), s.DB, func(store *snapshot.Store) (err error) {
			contents, err = packContents(cmd.Context(), s, store, out, *runID, span)
			return err
		})
		if err != nil {
			return err
		}
		if err := writePack(cmd.Context(), s.DB, args[0], contents); err != nil {
			return fmt.Errorf("writing the pack %s: %w", args[0], err)
		}
		_, err = fmt.Fprintf(env.stdout, "pack: %s\nreport: %s\n%s\n", args[0], contents.Folder, contents.Head)
		return err
	})
	return command
}

// packContents finds the report of a period, or of a run if the period is empty, and checks that it
// is as auditor wrote it.
func packContents(ctx context.Context, s *settings.Settings, store *snapshot.Store, out string, runID int64,
	span period.Span,
) (c pack.Contents, err error) {
	name, again := folder.PeriodName(span.From, span.To), "auditor report --from … --to …"
	c.From, c.To, c.At = span.From, span.To, span.To
	if span.To.IsZero() {
		run, err := store.Run(ctx, runID)
		if errors.Is(err, snapshot.ErrNotFound) {
			return c, usage(err, "\"auditor runs\" lists the runs")
		}
		if err != nil {
			return c, err
		}
		c.RunID, c.At = runID, run.StartedAt
		name, again = folder.RunName(run.StartedAt, runID), fmt.Sprintf("auditor report --run %d", runID)
	}
	id, err := store.DatabaseID(ctx)
	if err != nil {
		return c, err
	}
	c.Folder, c.Roots = folder.Find(out, name, id), s.Evidence.TimestampRoots
	if _, err := os.Lstat(c.Folder); errors.Is(err, fs.ErrNotExist) {
		return c, failed(fmt.Errorf("there is no report %s", c.Folder), "write it with \""+again+"\"")
	}
	_, roots, err := s.Timestamps()
	if err != nil {
		return c, err
	}
	var found verify.Result
	if err := found.AddFolder(ctx, store, c.Folder, verify.Trust{Roots: roots}); err != nil {
		return c, err
	}
	for _, p := range found.Problems {
		err = errors.Join(err, errors.New(p.String()))
	}
	if err != nil {
		return c, failed(err, "nothing was packed; \"auditor verify\" checks the database and every report")
	}
	head, err := verify.ReadHeads(ctx, c.Folder)
	if err != nil {
		return c, err
	}
	c.Head = head[0].String()
	return c, nil
}

// writePack copies the database and writes the file whole or not at all.
func writePack(ctx context.Context, database, path string, c pack.Contents) error {
	return durable.WriteNew(path, func(partial string) error {
		c.Database = partial + ".db"
		if err := snapshot.Backup(ctx, database, c.Database); err != nil {
			return err
		}
		file, err := os.OpenFile(partial, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(pack.Write(file, c), file.Close())
	})
}
