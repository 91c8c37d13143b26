package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"scim-auditor/internal/export"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func exportCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "export DIR", Args: cobra.ExactArgs(1)}
	var files databaseFiles
	var format, since, partition string
	flags := command.Flags()
	flags.Var(&files, "db", "database file; repeat it for several databases")
	flags.Lookup("db").DefValue = "auditor.db"
	flags.StringVar(&format, "format", "parquet", "format of the files; parquet is the only one")
	flags.StringVar(&since, "since", "",
		"first day to export (2026-10-01, UTC), or its start time (default all nights)")
	flags.StringVar(&partition, "partition", "",
		"length of time in one folder taken_date=…: day, month or year (default that of DIR, else month)")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, args []string) error {
		options, err := exportOptions(format, since, partition)
		if err != nil {
			return err
		}
		if env.getenv("GOGC") == "" {
			// The rows that repeat from night to night stay in memory, so garbage may only add
			// half.
			debug.SetGCPercent(50)
		}
		if env.getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(exportMemoryTarget)
		}
		paths, err := files.paths(s)
		if err != nil {
			return err
		}
		err = readDatabases(cmd.Context(), paths, nil, func(stores []*snapshot.Store) error {
			for i, store := range stores {
				result, err := export.Database(cmd.Context(), store, args[0], options)
				if err != nil {
					return exportFailure(paths[i], err)
				}
				if err := printExport(env, paths[i], result); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "export: %s\n", args[0])
		return err
	})
	return command
}

// exportMemoryTarget replaces memoryTarget for an export, in bytes.
const exportMemoryTarget = 200 << 20

func exportOptions(format, since, partition string) (o export.Options, err error) {
	o.Partition = export.Partition(partition)
	switch {
	case format != "parquet":
		return o, usage(fmt.Errorf("--format %q", format), "the only format is parquet")
	case !slices.Contains([]export.Partition{"", export.ByDay, export.ByMonth, export.ByYear}, o.Partition):
		return o, usage(fmt.Errorf("--partition %q", partition), "use day, month or year")
	case since != "":
		if o.Since, _, err = parseTime(since); err != nil {
			return o, usage(fmt.Errorf("--since: %w", err), "use a date (2026-10-01) or a time (2026-10-01T00:00:00Z)")
		}
	}
	return o, nil
}

// exportFailure adds the file to an error of an export, and what to do about it.
func exportFailure(path string, err error) error {
	wrapped := fmt.Errorf("exporting %s: %w", path, err)
	for _, known := range []struct {
		err  error
		code int
		hint string
	}{
		{export.ErrNotExport, exitUsage, "nothing was written; name a folder that does not exist, or is empty"},
		{export.ErrPartition, exitUsage, "set --partition to that of the folder, or export to another folder"},
		{export.ErrSchema, exitUsage, "export to another folder; a folder has the columns of one version"},
		{export.ErrSince, exitUsage, "leave out --since to add the nights that are new, or export to another folder"},
		{export.ErrOldCopy, exitFailed, "the file is an older copy, or its history was altered (\"auditor verify\"); " +
			"name the database that was exported, or export to another folder"},
		{export.ErrLocked, exitFailed, "wait until the other export has ended"},
	} {
		if errors.Is(err, known.err) {
			return &failure{known.code, wrapped, known.hint}
		}
	}
	code := asFailure(err).code
	return &failure{code, wrapped, cmp.Or(hintFor(err), "the files that the folder already had are intact")}
}

func printExport(env environment, path string, r export.Result) error {
	text := fmt.Sprintf("database %s: %d nights exported, %d exported before; %d files with %d rows written\n",
		path, r.Nights, r.Earlier, r.Files, r.Rows)
	if r.Head.Run != 0 {
		text += r.Head.String() + "\n"
	}
	_, err := fmt.Fprint(env.stdout, text)
	return err
}
