package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/period"
	"scim-auditor/internal/snapshot"
)

// defaultSample is a usual sample size for testing a daily control.
const defaultSample = 25

type periodFlags struct {
	from, to string
	sample   int
	seed     int64
}

func (p *periodFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.from, "from", "",
		"first day of a period (2026-10-01, UTC), or its start time (2026-10-01T00:00:00Z); needs --to")
	flags.StringVar(&p.to, "to", "", "last day of the period, included, or its end time; needs --from")
	flags.IntVar(&p.sample, "sample", defaultSample, "number of nights to draw as a sample from the period; 0 for none")
	flags.Int64Var(&p.seed, "seed", 0, "seed of the sample (default the digits of the first and the last day)")
}

func (p *periodFlags) check(flags *pflag.FlagSet) error {
	from, to := flags.Changed("from"), flags.Changed("to")
	switch {
	case from != to:
		return usage(errors.New("--from and --to belong together"), "set both")
	case from && flags.Changed("run"):
		return usage(errors.New("--run cannot be combined with --from and --to"),
			"use --run for the report of a run, --from and --to for the report of a period")
	case !from && (flags.Changed("sample") || flags.Changed("seed")):
		return usage(errors.New("--sample and --seed need a period"), "set --from and --to too")
	}
	return nil
}

// span checks and parses the flags. It returns the zero value without --from. A start time with
// a fraction of a second is rounded up to the next second.
func (p *periodFlags) span(flags *pflag.FlagSet, now time.Time) (period.Span, error) {
	if err := p.check(flags); err != nil || !flags.Changed("from") {
		return period.Span{}, err
	}
	from, _, errFrom := parseTime(p.from)
	_, to, errTo := parseTime(p.to)
	if err := errors.Join(errFrom, errTo); err != nil {
		return period.Span{}, usage(err, "--from and --to take a date (2026-10-01) or a time (2026-10-01T00:00:00Z)")
	}
	span := period.Span{
		From: from.Add(time.Second - 1).UTC().Truncate(time.Second), To: to.UTC().Truncate(time.Second),
		Now: now.UTC().Truncate(time.Second), Sample: p.sample, Seed: p.seed,
	}
	if !flags.Changed("seed") {
		span.Seed = period.DefaultSeed(span.From, span.To)
	}
	switch {
	case span.To.Before(span.From):
		return span, usage(fmt.Errorf("the period ends (%s) before it begins (%s)", p.to, p.from),
			"--from is the first day, --to the last")
	case span.From.After(now):
		return span, usage(fmt.Errorf("the period begins in the future (%s)", p.from), "choose a period that has begun")
	case p.sample < 0:
		return span, usage(fmt.Errorf("sample of %d nights", p.sample), "--sample is 0 or more")
	}
	return span, nil
}

// parseTime parses a date or a time. For a date, first and last are its first and its last
// second in UTC.
func parseTime(text string) (first, last time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return first, last, fmt.Errorf("%q is neither a date nor a time", text)
	}
	return instant, instant, nil
}

// checkPeriodFormats refuses formats of which a report of a period has no file.
func checkPeriodFormats(options report.Options) error {
	if slices.Equal(options.Formats, []report.Format{report.FormatOCSF}) {
		return usage(errors.New("the report of a period has no events in the format ocsf"),
			"add another format to --formats, or use --run")
	}
	return nil
}

func reportPeriod(cmd *cobra.Command, env environment, store *snapshot.Store, span period.Span, out string,
	options report.Options) error {
	if err := checkPeriodFormats(options); err != nil {
		return err
	}
	read, err := period.Read(cmd.Context(), store, span)
	if errors.Is(err, period.ErrNothingKnown) {
		return usage(err, "\"auditor runs\" lists the runs")
	}
	if err != nil {
		return err
	}
	folder, status, err := period.Write(out, read, options)
	if err != nil {
		return err
	}
	text := table([][]string{{"period " + span.String() + ": " + status}, {"report: " + folder}})
	return printResult(env.stdout, false, nil, text)
}

// reportPeriodTogether writes the report of a period over several databases, of which the missing
// files do not exist. red is true if the databases are not all shards.
func reportPeriodTogether(cmd *cobra.Command, env environment, stores []*snapshot.Store, missing []string,
	span period.Span, out string, options report.Options) (red bool, err error) {
	if err := checkPeriodFormats(options); err != nil {
		return false, err
	}
	if len(stores) == 0 {
		return false, fmt.Errorf("%s: %w", strings.Join(missing, ", "), snapshot.ErrNoDatabaseFile)
	}
	var periods []*period.Period
	for _, store := range stores {
		read, err := period.Read(cmd.Context(), store, span)
		if err != nil {
			id, _ := store.DatabaseID(cmd.Context()) // the error says what is wrong with the database
			err = fmt.Errorf("database %s: %w", id, err)
			if errors.Is(err, period.ErrNothingKnown) {
				return false, usage(err, "leave out this database: it had no run yet")
			}
			return false, err
		}
		periods = append(periods, read)
	}
	written, err := period.WriteTogether(out, periods, missing, options)
	if err != nil {
		return false, err
	}
	databases := report.Count(len(stores)+len(missing), "database")
	rows := [][]string{{fmt.Sprintf("period %s of %s: %s", span.String(), databases, written.Status)},
		{"report: " + written.Folder}}
	for _, head := range written.Heads {
		rows = append(rows, []string{head.String()})
	}
	return !written.Whole, printResult(env.stdout, false, nil, table(rows))
}
