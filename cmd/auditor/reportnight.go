package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// parseNight checks --night and the flags that it cannot be combined with. It returns the zero time
// without --night. databases is the number of --db flags.
func parseNight(flags *pflag.FlagSet, text string, databases int, now time.Time) (night time.Time, err error) {
	switch {
	case flags.Changed("run") && databases > 1:
		return night, usage(errors.New("--run cannot be combined with several databases, which number their runs each"),
			"use --night with the day of the runs")
	case !flags.Changed("night"):
		return night, nil
	case flags.Changed("run") || flags.Changed("from"):
		return night, usage(errors.New("--night cannot be combined with --run, --from and --to"), "use only one of them")
	case text == "today":
		return now.UTC().Truncate(24 * time.Hour), nil
	}
	if night, err = time.Parse(time.DateOnly, text); err != nil {
		return night, usage(fmt.Errorf("--night: %q is not a date", text), "use a date such as 2026-11-23, or today")
	}
	return night, nil
}

// reportRunOf writes the report of the newest run of a night.
func reportRunOf(cmd *cobra.Command, env environment, store *snapshot.Store, night time.Time, out string,
	options report.Options) error {
	read, err := report.ReadNight(cmd.Context(), store, night)
	if err != nil {
		return err
	}
	if read.Model == nil {
		return usage(fmt.Errorf("the database lacks the night of %s: %s", night.Format(time.DateOnly), read.Lacks),
			"\"auditor runs\" lists the runs")
	}
	return writeRun(env, read.Model, out, options)
}

// reportNight writes the report of a night over several databases, of which the missing files do
// not exist; the zero night is the newest of all. red is true if the report is not complete or has
// counts that differ.
func reportNight(cmd *cobra.Command, env environment, stores []*snapshot.Store, missing []string, night time.Time,
	out string, options report.Options) (red bool, err error) {
	if night.IsZero() {
		for _, store := range stores {
			last, err := report.LastNight(cmd.Context(), store)
			if err != nil {
				return false, err
			}
			if last.After(night) {
				night = last
			}
		}
	}
	if night.IsZero() {
		return false, failed(errors.New("no run in the databases has ended"), "start one with \"auditor run\"")
	}
	var databases []*report.Database
	for _, store := range stores {
		read, err := report.ReadNight(cmd.Context(), store, night)
		if err != nil {
			return false, err
		}
		databases = append(databases, read)
	}
	for _, path := range missing {
		databases = append(databases, &report.Database{Lacks: "the database " + path + " does not exist"})
	}
	model := report.Together(night, databases)
	folder, headline, err := report.Write(out, model, options)
	if err != nil {
		return false, err
	}
	text := fmt.Sprintf("night %s of %s: %s\nreport: %s\n", night.Format(time.DateOnly),
		report.Count(len(databases), "database"), report.Visible(headline.Text), folder)
	for _, head := range model.Heads() {
		text += head.String() + "\n"
	}
	_, err = fmt.Fprint(env.stdout, text)
	return headline.State == report.Red, err
}
