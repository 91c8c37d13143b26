package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/metrics"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func runCommand(env environment) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "run",
		Short: "Collect, snapshot, compare and report once; what cron calls",
		Example: `  ONA_TOKEN=… auditor run
  auditor run --token-file /etc/auditor/token --db /var/lib/auditor/auditor.db --out /var/lib/auditor/reports -q`,
		Args: cobra.NoArgs,
	}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		if _, err := s.Schedule(); err != nil {
			return err
		}
		why := occasion{trigger: "manual", progress: showProgress(&env, s)}
		if s.MetricsFile != "" {
			why.metrics = metrics.New(readVersion().Version)
		}
		result, err := runOnce(cmd.Context(), env, s, why)
		why.progress.end()
		if err != nil {
			return err
		}
		if err := printRun(env, s, result, asJSON); err != nil {
			return err
		}
		return exitOf(result, s.FailOn)
	})
	settings.AddFlags(command.Flags(), settings.CollectionFlags, settings.ExceptionFlags, settings.ScheduleFlags,
		settings.ExitCodeFlags, settings.ReportFlags)
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

// occasion is why a run is made.
type occasion struct {
	trigger      string
	scheduledFor time.Time    // zero for a run that no schedule asked for
	metrics      *metrics.Set // nil where they are not published
	progress     *progress    // nil for none
}

// runOnce makes one run with the settings, alone on its database, updates the metrics, and notifies. A notification
// that fails is printed and changes nothing about the run.
func runOnce(ctx context.Context, env environment, s *settings.Settings, why occasion) (*runResult, error) {
	recipients, err := s.Notifications()
	if err != nil {
		return nil, err
	}
	host, err := env.hostname()
	if err != nil {
		return nil, fmt.Errorf("asking for the host's name: %w", err)
	}
	started := env.now().UTC().Truncate(time.Second)
	printError(env.stderr, notifyStarted(ctx, recipients))
	recorded, err := runJob(ctx, env, s, host, why)
	result := newResult(recorded, err)
	if err != nil {
		result.Run = snapshot.Run{StartedAt: started, Trigger: why.trigger, Outcome: snapshot.Failed,
			ToolVersion: readVersion().Version, Host: host}
	}
	result.ExpiringTokens = expiringTokens(s, env.now())
	printError(env.stderr, notifyEnded(ctx, recipients, result, err))
	return result, err
}

// runJob reads the files that the settings name, the tokens among them, and runs the job.
func runJob(ctx context.Context, env environment, s *settings.Settings, host string, why occasion,
) (*job.Result, error) {
	reports, err := s.Report(readVersion().Version)
	if err != nil {
		return nil, err
	}
	log := newLogger(env, s)
	sources, err := jobSources(env, s, log)
	if err != nil {
		return nil, err
	}
	for i := range sources {
		why.progress.follow(&sources[i])
	}
	for _, t := range expiringTokens(s, env.now()) {
		printProblem(env.stderr, "warning", t.Source+": the token "+t.Detail, t.Hint)
	}
	exceptions, err := s.Exceptions()
	if err != nil {
		return nil, err
	}
	var result *job.Result
	err = openToRun(ctx, s.DB, env.now(), func(store *snapshot.Store) error {
		result, err = job.Run(ctx, job.Options{
			Store: store, Sources: sources, TakenAt: env.now(), Now: env.now, ScheduledFor: why.scheduledFor,
			Trigger: why.trigger, Schedule: s.Cron, ToolVersion: readVersion().Version, Host: host,
			Concurrency: s.Concurrency, Timeout: s.Timeout, Collected: why.progress.collected,
			Reports: s.Out, Report: reports,
			Thresholds: s.Thresholds, TurnedOff: s.Rules.Disabled, Exceptions: exceptions, Logger: log,
		})
		if err != nil {
			return err
		}
		printError(env.stderr, publish(context.WithoutCancel(ctx), s, why.metrics, store))
		return nil
	})
	return result, err
}

// jobSources are the organizations with what is needed to reach them. All share one set of connections.
func jobSources(env environment, s *settings.Settings, log *slog.Logger) ([]job.Source, error) {
	sources, err := s.Sources(log)
	if err != nil {
		return nil, err
	}
	transport := fetch.NewTransport(s.Concurrency)
	var all []job.Source
	for _, source := range sources {
		all = append(all, job.Source{
			Name: source.Name, TokenExpires: source.TokenExpires, Err: source.Err,
			Fetch: fetch.Options{
				BaseURL: source.BaseURL, Token: source.Token, OrganizationID: source.OrganizationID, PageSize: s.PageSize,
				Limits: env.limits, Sleep: env.sleep, Transport: transport, Now: env.now,
				Logger: log.With(slog.String("source", source.Name)), UserAgent: "scim-auditor/" + readVersion().Version,
			},
		})
	}
	return all, nil
}

// publish updates the metrics, and writes them where the settings name a file.
func publish(ctx context.Context, s *settings.Settings, set *metrics.Set, store *snapshot.Store) error {
	if set == nil {
		return nil
	}
	set.SetTokenExpiries(s.TokenExpiries)
	if err := set.Update(ctx, store); err != nil {
		return fmt.Errorf("reading the metrics from the database: %w", err)
	}
	if s.MetricsFile == "" {
		return nil
	}
	return set.WriteFile(s.MetricsFile)
}

// printRun prints the result on standard output, and each failure with what to do on standard error.
func printRun(env environment, s *settings.Settings, result *runResult, asJSON bool) error {
	var err error
	if asJSON || !s.Quiet {
		err = printResult(env.stdout, asJSON, result, result.summary())
	}
	for _, o := range result.Organizations {
		if o.Error != "" {
			printProblem(env.stderr, "error", o.Source+": "+o.Error, o.Hint)
		}
	}
	if result.Error != "" {
		printProblem(env.stderr, "error", result.Error, fmt.Sprintf(
			"the snapshots are stored; when the cause is mended, run \"auditor report --run %d\"", result.Run.ID))
	}
	return err
}

// summary has a line for the run, one for each organization, and the exceptions that need attention.
func (r *runResult) summary() string {
	var rows [][]string
	for _, o := range r.Organizations {
		rows = append(rows, append([]string{"  " + o.Source}, o.columns()...))
	}
	text := fmt.Sprintf("run %d at %s: %s\n", r.Run.ID, forPeople(r.Run.StartedAt), outcomeInWords(r.Run.Outcome)) +
		table(rows) + table(exceptionRows(r.Organizations))
	if r.Report != "" {
		text += "report: " + r.Report + "\n"
	}
	return text
}

// exceptionRows are the exceptions that expired while their findings still fail, and those that match nothing in any
// organization. The latter are not known while an organization is not complete.
func exceptionRows(organizations []organizationResult) (rows [][]string) {
	var order []finding.Exception
	idle := make(map[finding.Exception]bool)
	whole := true
	for _, o := range organizations {
		whole = whole && o.Error == ""
		for _, a := range o.acceptances {
			if !a.InForce && a.Bearing == finding.Applied {
				again := "fail again"
				if a.Findings == 1 {
					again = "fails again"
				}
				rows = append(rows, []string{fmt.Sprintf("%s expired with %s and %s %s", aboutException(a.Exception),
					a.Expires.Format(time.DateOnly), counted(a.Findings, "finding", ""), again)})
			}
			if _, known := idle[a.Exception]; !known {
				order, idle[a.Exception] = append(order, a.Exception), true
			}
			idle[a.Exception] = idle[a.Exception] && a.Bearing == finding.Unmatched
		}
	}
	for _, x := range order {
		if whole && idle[x] {
			rows = append(rows, []string{aboutException(x) + " matches nothing that fails"})
		}
	}
	return rows
}

func aboutException(x finding.Exception) string {
	return "  ! exception of " + x.Owner + ": " + x.RuleID + " for " + acceptedFor(x)
}
