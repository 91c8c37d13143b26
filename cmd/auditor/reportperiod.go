package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/period"
	"scim-auditor/internal/snapshot"
)

// defaultSample is how many nights auditors often look at of a control that is performed daily.
const defaultSample = 25

// periodFlags are what "auditor report" takes for a period in place of a run.
type periodFlags struct {
	from, to string
	sample   int
	seed     int64
}

func (p *periodFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.from, "from", "", "first day of a period (2026-10-01, UTC), or its first instant (2026-10-01T00:00:00Z); with --to")
	flags.StringVar(&p.to, "to", "", "last day of the period, included, or its last instant; with --from")
	flags.IntVar(&p.sample, "sample", defaultSample, "how many nights of the period to draw as a sample; 0 for none")
	flags.Int64Var(&p.seed, "seed", 0, "what the sample is drawn by (default the digits of the first and the last day)")
}

// asked says whether a period is to be reported, and what contradicts itself in the flags.
func (p *periodFlags) asked(flags *pflag.FlagSet) (bool, error) {
	from, to := flags.Changed("from"), flags.Changed("to")
	switch {
	case from != to:
		return false, usage(errors.New("a period has two ends"), "give both --from and --to")
	case from && flags.Changed("run"):
		return false, usage(errors.New("--run is for the report of a run, --from and --to are for one of a period"), "give one or the other")
	case !from && (flags.Changed("sample") || flags.Changed("seed")):
		return false, usage(errors.New("--sample and --seed draw nights from a period"), "give --from and --to too")
	}
	return from, nil
}

// span reads the flags.
func (p *periodFlags) span(flags *pflag.FlagSet, now time.Time) (period.Span, error) {
	from, _, errFrom := parseTime(p.from)
	_, to, errTo := parseTime(p.to)
	if err := errors.Join(errFrom, errTo); err != nil {
		return period.Span{}, usage(err, "--from and --to take a date (2026-10-01) or an instant (2026-10-01T00:00:00Z)")
	}
	if whole := from.Truncate(time.Second); whole.Before(from) {
		from = whole.Add(time.Second)
	}
	span := period.Span{From: from.UTC(), To: to.UTC().Truncate(time.Second), Now: now.UTC().Truncate(time.Second), Sample: p.sample, Seed: p.seed}
	if !flags.Changed("seed") {
		span.Seed = period.DefaultSeed(span.From, span.To)
	}
	switch {
	case span.To.Before(span.From):
		return span, usage(fmt.Errorf("the period ends (%s) before it begins (%s)", p.to, p.from), "--from is the first day, --to the last")
	case span.From.After(now):
		return span, usage(fmt.Errorf("the period begins in the future: %s", p.from), "nothing can be known of it yet")
	case p.sample < 0:
		return span, usage(fmt.Errorf("sample of %d nights", p.sample), "--sample is 0 or more")
	}
	return span, nil
}

// parseTime reads a day, which is from its first second to its last in UTC, or an instant.
func parseTime(text string) (first, last time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return first, last, fmt.Errorf("%q is neither a date nor an instant", text)
	}
	return instant, instant, nil
}

// reportPeriod writes the report of a period and says how it stands.
func reportPeriod(cmd *cobra.Command, env environment, s *settings, store *snapshot.Store, span period.Span, opts report.Options) error {
	read, err := period.Read(cmd.Context(), store, span)
	if errors.Is(err, period.ErrNothingKnown) {
		return usage(err, "\"auditor runs\" lists the runs")
	}
	if err != nil {
		return err
	}
	folder, status, err := period.Write(s.out, read, opts)
	if err != nil {
		return err
	}
	return printTable(env.stdout, [][]string{{"period " + span.String() + ": " + status}, {"report: " + folder}})
}
